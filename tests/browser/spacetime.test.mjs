// The space-time diagram: why something happened, by pointer and by keyboard, and what can be saved.

import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { suite } from './support.mjs';

const site = suite();

/** Opens a run of Raft with its diagram, standing still at 3 s. */
async function open(options) {
  const opened = await site.open('?scenario=minority-leader', options);
  const { page } = opened;
  await page.keyboard.press('Home');
  for (let at = 0; at < 30; at += 1) await page.keyboard.press('Shift+ArrowRight');
  await page.waitForFunction(() => Number(document.querySelector('[data-time]')?.dataset.time) >= 3e9);
  return opened;
}

const shown = (page) => page.locator('.spacetime');
const event = async (page) => Number(await shown(page).getAttribute('data-event'));

test('a key opens the diagram, keys walk along lanes and messages, and the chain tells why', async () => {
  const { page, errors } = await open();
  await page.keyboard.press('4');
  await shown(page).waitFor();
  assert.ok(Number(await shown(page).getAttribute('data-shown')) > 20);
  await shown(page).focus();
  await page.keyboard.press('ArrowLeft');
  const first = await event(page);
  assert.ok(first > 0);
  await page.keyboard.press('ArrowLeft');
  const second = await event(page);
  assert.ok(second < first);
  await page.keyboard.press('ArrowUp');
  const cause = await event(page);
  assert.ok(cause < second);
  await page.keyboard.press('ArrowDown');
  assert.ok(await event(page) > cause);
  const steps = page.locator('.causes li');
  assert.ok(await steps.count() > 1);
  // The chain's last step is the selected event; a click on another one selects that.
  assert.equal(await steps.last().locator('button').getAttribute('aria-current'), 'true');
  const older = page.getByRole('button', { name: 'Older causes' });
  if (await older.count()) {
    const before = await steps.count();
    await older.click();
    assert.ok(await steps.count() > before);
  }
  await steps.first().locator('button').click();
  const oldest = await event(page);
  assert.ok(oldest < second);
  await page.getByRole('button', { name: 'Go to this moment' }).click();
  await page.waitForFunction((wanted) => Number(document.querySelector('[data-events]').dataset.events) === wanted, oldest);
  await page.keyboard.press('1');
  await shown(page).waitFor({ state: 'detached' });
  errors.none();
});

test('a click selects, a drag moves time, buttons zoom', async () => {
  const { page, errors } = await open();
  await page.getByRole('tab', { name: 'Space-time' }).click();
  await shown(page).waitFor();
  const box = await shown(page).boundingBox();
  // Along the lanes there is an event sooner or later.
  const lanes = 8;
  search: for (let lane = 0; lane < lanes; lane += 1) {
    const y = box.y + 70 + ((box.height - 84) / lanes) * (lane + 0.5);
    for (let x = box.x + 80; x < box.x + box.width * 0.7; x += 12) {
      await page.mouse.click(x, y);
      if (await event(page) > 0) break search;
    }
  }
  assert.ok(await event(page) > 0, 'no event was hit');
  assert.match(await page.locator('.because p').first().innerText(), /could have influenced it/);
  await page.getByRole('button', { name: 'Show all' }).click();
  const count = async () => Number(await shown(page).getAttribute('data-shown'));
  const before = await count();
  await page.getByRole('button', { name: 'More of time' }).click();
  const more = await count();
  assert.ok(more > before, `${more} after ${before}`);
  const label = await shown(page).getAttribute('aria-label');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 200, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  const other = (label) => page.waitForFunction((label) => document.querySelector('.spacetime').getAttribute('aria-label') !== label, label);
  await other(label);
  // What is missing at the edges comes a moment later.
  const rest = () => page.waitForTimeout(500);
  await rest();
  // The wheel: up shows less of time, down more; sideways moves.
  const dragged = await count();
  await page.mouse.wheel(0, 400);
  await page.waitForFunction((dragged) => Number(document.querySelector('.spacetime').dataset.shown) > dragged, dragged);
  await rest();
  const wide = await count();
  await page.mouse.wheel(0, -400);
  await page.waitForFunction((wide) => Number(document.querySelector('.spacetime').dataset.shown) < wide, wide);
  await rest();
  const before_ = await shown(page).getAttribute('aria-label');
  await page.mouse.wheel(-300, 0);
  await other(before_);
  errors.none();
});

test('two fingers zoom it', async () => {
  const { page, context, errors } = await site.open('?scenario=minority-leader&autoplay=0', {
    viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true,
  });
  await page.getByRole('button', { name: 'Metrics' }).tap();
  await page.getByRole('tab', { name: 'Space-time' }).tap();
  await page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name: 'Stage' }).tap();
  await shown(page).waitFor();
  const box = await shown(page).boundingBox();
  const count = async () => Number(await shown(page).getAttribute('data-shown'));
  const before = await count();
  const client = await context.newCDPSession(page);
  const y = box.y + box.height / 2;
  const touch = (type, ...xs) => client.send('Input.dispatchTouchEvent', { type, touchPoints: xs.map((x, id) => ({ x, y, id })) });
  // Apart: less of time.
  await touch('touchStart', 180);
  await touch('touchStart', 180, 220);
  for (let by = 0; by <= 100; by += 10) await touch('touchMove', 180 - by, 220 + by);
  await touch('touchEnd');
  await page.waitForFunction((before) => Number(document.querySelector('.spacetime').dataset.shown) < before * 0.6, before);
  // Together again: more.
  const near = await count();
  await touch('touchStart', 80);
  await touch('touchStart', 80, 320);
  for (let by = 0; by <= 100; by += 10) await touch('touchMove', 80 + by, 320 - by);
  await touch('touchEnd');
  await page.waitForFunction((near) => Number(document.querySelector('.spacetime').dataset.shown) > near * 1.5, near);
  errors.none();
});

test('every file can be saved and is what it says', async () => {
  const { page, errors } = await open();
  await page.keyboard.press('4');
  await shown(page).waitFor();
  const files = {
    svg: (text) => assert.match(text, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<title id="title">[^]*<\/svg>\s*$/),
    jsonl: (text) => text.trim().split('\n').forEach((line) => assert.ok(JSON.parse(line).event > 0)),
    shiviz: (text) => {
      const events = [...text.matchAll(/(?<host>\S*) (?<clock>{.*})\n(?<event>.*)/g)];
      assert.ok(events.length > 20);
      for (const { groups } of events) assert.ok(JSON.parse(groups.clock)[groups.host] > 0);
    },
    csv: (text) => assert.match(text, /^from_s,/),
    'stage-svg': (text) => assert.match(text, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<title[^]*<\/svg>\s*$/),
    prometheus: (text) => assert.match(text, /# TYPE netsplit_operations_total counter\n/),
  };
  for (const [id, check] of Object.entries(files)) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator(`[data-save=${id}]`).click(),
    ]);
    check(await readFile(await download.path(), 'utf8'));
  }
  // Pictures in dots: as large as on the page, and not all of one colour.
  for (const [id, size] of [['png', await shown(page).boundingBox()], ['stage-png', undefined]]) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator(`[data-save=${id}]`).press('Enter'),
    ]);
    const bytes = await readFile(await download.path());
    assert.deepEqual([...bytes.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
    const address = `data:image/png;base64,${bytes.toString('base64')}`;
    const [width, height, colours] = await page.evaluate(async (address) => {
      const image = new Image();
      image.src = address;
      await image.decode();
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [image.width, image.height];
      const on = canvas.getContext('2d');
      on.drawImage(image, 0, 0);
      const dots = new Uint32Array(on.getImageData(0, 0, image.width, image.height).data.buffer);
      return [image.width, image.height, new Set(dots).size];
    }, address);
    if (size) assert.ok(Math.abs(width - size.width) <= 1 && Math.abs(height - size.height) <= 1, `${width}x${height}`);
    assert.ok(width > 300 && colours > 20, `${id}: ${width} px wide, ${colours} colours`);
  }
  errors.none();
});

test('it is there on a phone as well', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&panels=space-time', {
    viewport: { width: 390, height: 844 }, hasTouch: true,
  });
  await page.getByRole('button', { name: 'Metrics' }).click();
  await page.getByRole('tab', { name: 'Space-time' }).click();
  await shown(page).waitFor();
  const box = await shown(page).boundingBox();
  assert.ok(box.width > 300 && box.height > 150, JSON.stringify(box));
  errors.none();
});

test('axe finds nothing in the diagram and its causes', async () => {
  for (const colorScheme of ['dark', 'light']) {
    const { page, errors } = await open({ colorScheme });
    await page.keyboard.press('4');
    await shown(page).focus();
    await page.keyboard.press('ArrowLeft');
    await page.locator('.causes li').first().waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 120)}`), []);
    errors.none();
  }
});
