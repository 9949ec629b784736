// One scenario, one hash: the command line, the JavaScript API and the page in Chromium agree on every scenario
// of the gallery. Where two differ, the first differing event is named.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { promisify } from 'node:util';
import { CLI, suite } from './support.mjs';

const site = suite();
const run = promisify(execFile);

async function native(id, events) {
  const limit = events === undefined ? [] : ['--events', String(events)];
  const { stdout, stderr } = await run(CLI, ['run', `gallery:${id}`, '--json', ...limit], { maxBuffer: 1 << 28 });
  return { ...JSON.parse(stdout), last: stderr.trim() };
}

async function browser(page, id, events) {
  return page.evaluate(([id, events]) => {
    const lab = globalThis.labs.Lab.fromGallery(id);
    if (events === undefined) while (!lab.advance(Number.MAX_SAFE_INTEGER, 1 << 18).done);
    else lab.runToEvent(events);
    const result = { trace_hash: lab.traceHash, events: lab.events, last: lab.lastEvent };
    lab.free();
    return result;
  }, [id, events]);
}

/** The first event after which two runs differ. */
async function firstDifference(page, id, most) {
  let [same, differs] = [0, most];
  while (differs - same > 1) {
    const middle = Math.floor((same + differs) / 2);
    const [a, b] = await Promise.all([native(id, middle), browser(page, id, middle)]);
    if (a.trace_hash === b.trace_hash) same = middle;
    else differs = middle;
  }
  const [a, b] = await Promise.all([native(id, differs), browser(page, id, differs)]);
  return `the first event that differs is number ${differs}\n  native:  ${a.last}\n  browser: ${b.last}`;
}

test('the gallery runs the same natively and in Chromium', async (t) => {
  const { page, errors } = await site.open();
  const ids = await page.evaluate(async (api) => {
    globalThis.labs = await import(api);
    await globalThis.labs.default();
    return globalThis.labs.gallery().map((entry) => entry.id);
  }, `${site.server.url}api/netsplit-wasm.js`);
  assert.ok(ids.length >= 10, ids.join());
  let total = 0;
  for (const id of ids) {
    const [here, there] = [await native(id), await browser(page, id)];
    total += here.events;
    if (here.trace_hash !== there.trace_hash || here.events !== there.events) {
      assert.fail(`${id}: ${await firstDifference(page, id, Math.max(here.events, there.events))}`);
    }
    // The comparison itself must be able to tell two moments apart.
    if (id === ids[0]) assert.notEqual((await browser(page, id, 1000)).trace_hash, there.trace_hash);
  }
  t.diagnostic(`${ids.length} scenarios, ${total} events`);
  errors.none();
});

test('the page itself reaches the hash of the command line', async () => {
  for (const id of ['slow-backend', 'one-more-shard', 'acknowledged-then-gone', 'minority-leader', 'fast-clock']) {
    const { page, errors } = await site.open(`?scenario=${id}`);
    const slider = page.getByRole('slider', { name: 'Time line' });
    await slider.focus();
    await slider.press('End');
    await page.getByText('end of the run').waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    const shown = (await page.getByRole('dialog').innerText()).match(/\b[0-9a-f]{32}\b/)?.[0];
    assert.equal(shown, (await native(id)).trace_hash, id);
    errors.none();
    await page.context().close();
  }
});
