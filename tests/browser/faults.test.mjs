// A fault is an object: its block is moved and stretched, its amounts are edited, and the run is made again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shot, suite } from './support.mjs';

const site = suite();

const block = (page) => page.locator('button[data-fault="0"]');
/** From and until when the first fault is, in seconds, as its name says. */
const times = async (page) => (await block(page).getAttribute('aria-label')).match(/from ([\d.]+) s(?: to ([\d.]+) s)?/).slice(1).map(Number);
const hash = (page) => page.locator('[data-hash]').first().getAttribute('data-hash');
const timesAre = async (page, check, why) => {
  for (let at = 0; at < 40; at += 1) {
    const now = await times(page);
    if (check(now)) return now;
    await page.waitForTimeout(50);
  }
  return assert.fail(`${why}: ${await times(page)}`);
};

test('a block is moved and stretched by the pointer, and undone to the very hash', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0');
  for (let at = 0; at < 40; at += 1) await page.locator('body').press('Shift+ArrowRight');
  await page.waitForFunction(() => Number(document.querySelector('[data-time]').dataset.time) >= 5.9e9);
  const first = await times(page);
  const before = await hash(page);
  const box = await block(page).boundingBox();
  const drag = async (from, to) => {
    // The lane of branches may have come below it.
    const { y: top, height } = await block(page).boundingBox();
    const y = top + height / 2;
    await page.mouse.move(from, y);
    await page.mouse.down();
    await page.mouse.move((from + to) / 2, y, { steps: 3 });
    await page.mouse.move(to, y, { steps: 3 });
    await shot(page, 'block-in-hand');
    await page.mouse.up();
  };
  await drag(box.x + box.width / 2, box.x + box.width / 2 - 90);
  const moved = await timesAre(page, (now) => now[0] < first[0] - 0.5, 'moved');
  assert.ok(Math.abs((moved[1] - moved[0]) - (first[1] - first[0])) < 0.02, 'as long as before');
  await page.waitForFunction((value) => document.querySelector('[data-hash]').dataset.hash !== value, before);
  const other = await block(page).boundingBox();
  await drag(other.x + other.width - 2, other.x + other.width - 100);
  const shorter = await timesAre(page, (now) => now[1] < moved[1] - 0.5, 'shorter');
  assert.equal(shorter[0], moved[0]);
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await page.waitForFunction((value) => document.querySelector('[data-hash]').dataset.hash === value, before);
  assert.deepEqual(await times(page), first);
  errors.none();
});

test('by keys: moved, stretched, looked into, edited and taken out', async () => {
  const { page, errors } = await site.open('?scenario=slow-backend&autoplay=0');
  const first = await times(page);
  await block(page).focus();
  await page.keyboard.press('ArrowRight');
  const moved = await timesAre(page, (now) => now[0] > first[0], 'moved');
  await page.keyboard.press('Shift+ArrowLeft');
  await timesAre(page, (now) => now[1] < moved[1] && now[0] === moved[0], 'stretched');
  await page.keyboard.press('Enter');
  const panel = page.getByRole('tabpanel', { name: 'Inspector' });
  const from = panel.getByRole('textbox', { name: 'From' });
  await from.fill('4s');
  await from.press('Tab');
  await timesAre(page, (now) => now[0] === 4, 'typed');
  const factor = panel.getByRole('textbox').nth(2);
  const before = await factor.inputValue();
  await factor.fill('3');
  await factor.press('Tab');
  await page.waitForFunction((was) => document.querySelectorAll('#panel input')[2].value !== was, before);
  await shot(page, 'fault-inspector');
  // Nonsense changes nothing.
  await from.fill('soon');
  await from.press('Tab');
  assert.equal((await times(page))[0], 4);
  await block(page).focus();
  await page.keyboard.press('Delete');
  await page.waitForFunction(() => !document.querySelector('button[data-fault]'));
  errors.none();
});
