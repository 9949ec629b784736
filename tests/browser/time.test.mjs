// Simulated time beside wall time: the same run at every speed, no jump after a hidden tab, and memory over a long run.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLI, suite } from './support.mjs';

const site = suite();
const time = (page) => page.locator('[data-time]').first().getAttribute('data-time').then(Number);
const gallery = new URL('../../static/gallery/', import.meta.url);

/** A link to a scenario of the gallery with changes. */
function link(id, change) {
  const scenario = { ...JSON.parse(readFileSync(new URL(`${id}.json`, gallery), 'utf8')), ...change };
  const file = join(mkdtempSync(join(tmpdir(), 'netsplit-')), 'scenario.json');
  writeFileSync(file, JSON.stringify(scenario));
  return '#' + execFileSync(CLI, ['link', 'encode', file]).toString().trim().split('#')[1];
}

test('the hash is the same at every speed', async () => {
  const native = JSON.parse(execFileSync(CLI, ['run', 'gallery:minority-leader', '--json']).toString());
  for (const speed of [3, 20, 100]) {
    const { page, errors } = await site.open(`?scenario=minority-leader&speed=${speed}`);
    // It plays to its end, picture by picture.
    await page.waitForFunction((end) => Number(document.querySelector('[data-time]').dataset.time) >= end, native.time_ns, { timeout: 30_000 });
    await page.locator('.play[aria-label="Play"]').waitFor();
    await page.waitForFunction((hash) => document.querySelector('[data-hash]').dataset.hash === hash, native.trace_hash, { timeout: 5000 })
      .catch(async () => assert.equal(await page.locator('[data-hash]').getAttribute('data-hash'), native.trace_hash, `speed ${speed}`));
    errors.none();
  }
});

test('a tab that was hidden goes on where it was', async () => {
  const { page, errors } = await site.page();
  // A browser asks for no pictures of a tab that nobody sees, and goes on with the wall's time.
  await page.addInitScript(() => {
    const request = window.requestAnimationFrame.bind(window);
    const waiting = [];
    let hidden = false;
    window.requestAnimationFrame = (call) => (hidden ? waiting.push(call) : request(call));
    window.hide = (yes) => {
      hidden = yes;
      if (!yes) waiting.splice(0).forEach(request);
    };
  });
  await page.goto(`${site.server.url}?scenario=minority-leader&speed=1`);
  await page.locator('.play[aria-label="Pause"]').waitFor();
  await page.waitForTimeout(300);
  await page.evaluate(() => window.hide(true));
  await page.waitForTimeout(200);
  const before = await time(page);
  await page.waitForTimeout(2500);
  assert.equal(await time(page), before);
  await page.evaluate(() => window.hide(false));
  await page.waitForTimeout(100);
  const after = await time(page);
  // A picture stands for a quarter of a second at most.
  assert.ok(after - before < 1e9, `${(after - before) / 1e9} s of the run passed while nobody looked`);
  await page.waitForFunction((was) => Number(document.querySelector('[data-time]').dataset.time) > was, after);
  errors.none();
});

const LONG = [
  // Half an hour of Raft, and three minutes of 320 requests a second among sixteen backends.
  ['minority-leader', { duration: '30m' }, 1500e9],
  ['two-choices', { duration: '10m' }, 600e9],
];

for (const [id, change, until] of LONG) {
  test(`memory over a long run of ${id}`, async (t) => {
    const { page, context, errors } = await site.page();
    await page.addInitScript(() => {
      const instantiate = WebAssembly.instantiateStreaming;
      WebAssembly.instantiateStreaming = async (...args) => {
        const made = await instantiate(...args);
        globalThis.wasmMemory = made.instance.exports.memory;
        return made;
      };
    });
    await page.goto(`${site.server.url}?speed=100${link(id, change)}`);
    await page.locator('.play[aria-label="Play"], .play[aria-label="Pause"]').first().waitFor();
    if (await page.locator('.play').getAttribute('aria-label') === 'Play') await page.locator('.play').click();
    const session = await context.newCDPSession(page);
    const samples = [];
    for (;;) {
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      const wasm = await page.evaluate(() => globalThis.wasmMemory.buffer.byteLength);
      const at = await time(page);
      samples.push({ at, wasm, heap: usedSize });
      if (at >= until || samples.length > 120) break;
      await page.waitForTimeout(500);
    }
    const last = samples.at(-1);
    assert.ok(last.at >= until, `it came to ${last.at / 1e9} s only`);
    const half = samples.find((sample) => sample.at >= last.at / 2);
    const minutes = (last.at - half.at) / 60e9;
    const slope = (what) => (last[what] - half[what]) / minutes / 2 ** 20;
    t.diagnostic(`${(last.at / 60e9).toFixed(1)} min: WebAssembly ${(last.wasm / 2 ** 20).toFixed(1)} MiB, ${slope('wasm').toFixed(2)} MiB more a minute; `
      + `JavaScript ${(last.heap / 2 ** 20).toFixed(1)} MiB, ${slope('heap').toFixed(2)} MiB more a minute`);
    // The budget of copies, trace and series, and the program itself.
    assert.ok(last.wasm < (64 + 16) * 2 ** 20, `${last.wasm} bytes`);
    assert.ok(last.heap < 32 * 2 ** 20, `${last.heap} bytes`);
    // What remains to grow is the history of operations.
    assert.ok(slope('wasm') < 1.8, `${slope('wasm')} MiB a minute`);
    assert.ok(slope('heap') < 0.5, `${slope('heap')} MiB a minute`);
    errors.none();
  });
}
