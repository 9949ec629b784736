// The program in pieces: what is fetched when. A part that was needed before it was brought is a warning on the console,
// which no test of any file lets pass.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { BASE, DIST, ready, startServer, suite } from './support.mjs';

const site = suite();
let host;

before(async () => {
  host = await startServer({ '/lesson': '' });
  host.extra['/lesson'] = `<!doctype html><title>Lesson</title>
    <iframe sandbox="allow-scripts" src="${site.server.url}?embed=1&scenario=one-more-shard" width="720" height="420"></iframe>`;
});
after(() => host?.close());

/** Hears which pieces a page fetches, in order, without their versions. */
function hear(page) {
  const pieces = [];
  page.on('request', (request) => {
    const name = /netsplit-web_([a-z_]+)\.wasm\?v=[0-9a-f]+$/.exec(request.url())?.[1];
    if (name) pieces.push(name);
  });
  return pieces;
}

const open = async (where, options) => {
  const opened = await site.page(options);
  const pieces = hear(opened.page);
  await opened.page.goto(site.server.url + where);
  await ready(opened.page);
  return { ...opened, pieces };
};

const took = (pieces) => [...new Set(pieces.splice(0))].sort();
const moves = (page, events = 100) => page.waitForFunction(
  (least) => Number(document.querySelector('[data-events]')?.dataset.events) > least, events);

test('a first visit fetches the first module only, and the rest with the first action', async () => {
  const { page, pieces, errors } = await open('', { first: true });
  await moves(page);
  await page.mouse.move(700, 400);
  await page.waitForTimeout(1000);
  assert.deepEqual(pieces, ['bg']);
  took(pieces);
  await page.getByRole('button', { name: 'Slow b4 down' }).click();
  await page.getByRole('button', { name: /^Fault: Slow b4/ }).waitFor();
  assert.deepEqual(took(pieces), ['panels', 'share']);
  errors.none();
});

test('another pattern, a sheet, a file and a link fetch their parts, each once', async () => {
  const { page, pieces, errors } = await open('');
  await moves(page);
  assert.deepEqual(took(pieces), ['bg', 'elections', 'panels', 'raft', 'share']);
  for (const [pattern, ...parts] of [['sharding', 'sharding'], ['time', 'time'], ['replication', 'replication'],
    ['eventual_consistency', 'eventual_consistency'], ['load_balancing'], ['sharding'], ['leader_election']]) {
    await page.locator(`[data-pattern=${pattern}]`).click();
    await page.locator(`[data-pattern=${pattern}][aria-selected=true]`).waitFor();
    await moves(page);
    assert.deepEqual(took(pieces), parts, pattern);
  }
  await page.locator('body').press('g');
  await page.getByRole('region', { name: 'What was given up' }).waitFor();
  assert.deepEqual(took(pieces), ['leader_election', 'sheets']);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Share' }).click();
  await page.locator('#share-link').waitFor();
  assert.deepEqual(took(pieces), []);
  const link = await page.locator('#share-link').inputValue();
  const again = await open(link.slice(link.indexOf('#')));
  await moves(again.page);
  assert.deepEqual(took(again.pieces), ['bg', 'elections', 'panels', 'raft', 'share']);
  errors.none();
  again.errors.none();
});

test('no algorithm needs a part that was not brought', async (t) => {
  const { page, errors } = await site.page();
  const lines = (await readFile(join(DIST, 'gallery.txt'), 'utf8')).trim().split('\n').map((line) => line.split('\t'));
  const known = new Map(lines.map(([id, document]) => [JSON.parse(document).system.algorithm, id]));
  assert.ok(known.size >= 12, `${known.size} algorithms`);
  for (const [algorithm, id] of known) {
    await page.goto(`${site.server.url}?scenario=${id}&speed=30`);
    await ready(page);
    // Some runs are short, or stand still at a moment.
    await moves(page, 0);
    // Faults, timeouts and what a node shows of itself.
    await page.locator('.nodes button').first().press('Enter');
    await page.waitForTimeout(300);
    assert.deepEqual(errors.heard, [], algorithm);
  }
  t.diagnostic(`${known.size} algorithms`);
});

test('a sandboxed embed on another origin fetches what its scenario needs', async () => {
  const { page, errors } = await site.page();
  const pieces = hear(page);
  await page.goto(host.origin + '/lesson');
  const frame = page.frames().find((candidate) => candidate.url().includes(BASE));
  await ready(frame);
  assert.deepEqual(took(pieces), ['bg', 'panels', 'sharding', 'share']);
  errors.none(/iframe which has both|sandbox/);
});

test('a part that cannot be fetched is a sentence, and is fetched the next time', async () => {
  const { page } = await open('');
  await page.route(/_sharding\.wasm/, (route) => route.abort());
  await page.locator('[data-pattern=sharding]').click();
  await page.getByText('A part of netsplit could not be fetched.').waitFor();
  assert.equal(await page.locator('[data-pattern=leader_election]').getAttribute('aria-selected'), 'true');
  await page.unroute(/_sharding\.wasm/);
  await page.locator('[data-pattern=sharding]').click();
  await page.locator('[data-pattern=sharding][aria-selected=true]').waitFor();
});

test('a page whose parts cannot be fetched says so', async () => {
  const { page } = await site.page();
  await page.route(/_raft\.wasm/, (route) => route.abort());
  await page.goto(site.server.url);
  await page.getByText('could not be started: a part of it could not be fetched').waitFor();
});

test('what nobody has brought is fetched at the last moment', async () => {
  const { page, errors } = await site.page();
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, 'netsplitParts', {
      set: () => {},
      get: () => ({ has: (part) => part === 'raft', ready: () => true, load: () => Promise.resolve(true) }),
    });
  });
  await page.goto(site.server.url);
  await ready(page);
  await moves(page);
  await page.locator('[data-pattern=sharding]').click();
  await page.locator('[data-pattern=sharding][aria-selected=true]').waitFor();
  await moves(page);
  const late = errors.heard.map((line) => /part (\w+) was needed before it was brought/.exec(line)?.[1]);
  assert.deepEqual([...new Set(late)].sort(), ['elections', 'panels', 'raft', 'sharding', 'share']);
});
