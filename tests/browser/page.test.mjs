// The page as a whole: it opens, soon, without complaint, wherever it is put.

import assert from 'node:assert/strict';
import test from 'node:test';
import { BASE, ready, shot, suite } from './support.mjs';

const site = suite({
  '/lesson.html': `<!doctype html><title>A lesson</title>
    <iframe sandbox="allow-scripts" src="${BASE}" width="800" height="500"></iframe>`,
});

test('the page opens without complaint, soon', async (t) => {
  const { page, errors } = await site.page();
  const start = performance.now();
  await page.goto(site.server.url);
  await ready(page);
  const seconds = (performance.now() - start) / 1000;
  const paint = await page.evaluate(() =>
    performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN);
  t.diagnostic(`program on screen after ${seconds.toFixed(2)} s, first paint after ${(paint / 1000).toFixed(2)} s`);
  assert.match(await page.locator('#app').innerText(), /\S/);
  // The aim is 1 s; a loaded test machine gets more.
  assert.ok(seconds < 4, `${seconds} s until the program was on screen`);
  await shot(page, 'first-paint');
  errors.none();
});

test('nothing in the page is inline, and its policy stands', async () => {
  const { page } = await site.open();
  const found = await page.evaluate(() => ({
    policy: document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.content ?? '',
    inline: [...document.scripts].filter((script) => !script.src).length,
  }));
  assert.match(found.policy, /script-src 'self' 'wasm-unsafe-eval'/);
  assert.equal(found.inline, 0);
});

test('a frame is shown before the program has come, and the reason if it never comes', async () => {
  const { page } = await site.page();
  let release;
  const held = new Promise((go) => { release = go; });
  await page.route('**/*.wasm*', async (route) => {
    await held;
    await route.abort();
  });
  await page.goto(site.server.url, { waitUntil: 'commit' });
  await page.getByText('netsplit', { exact: true }).waitFor();
  await page.getByText('Loading the simulator').waitFor();
  await shot(page, 'loading');
  release();
  await page.getByRole('alert').waitFor();
  assert.match(await page.getByRole('alert').innerText(), /could not be started/);
});

test('it runs in a sandboxed frame', async () => {
  const { page, errors } = await site.page();
  await page.goto(`${site.server.origin}/lesson.html`);
  const frame = page.frames().find((candidate) => candidate.url().endsWith(BASE));
  assert.ok(frame, 'the frame has opened the page');
  await ready(frame);
  errors.none();
});
