// What is read at a glance is not covered, cut or crossed: notes, verdict, the words beside the lanes' marks, the playhead.

import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shot, suite } from './support.mjs';

const site = suite();
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
/** What Chromium says about a test that reads a picture. */
const READ = /willReadFrequently/;
const LAPTOP = { viewport: { width: 1280, height: 720 } };

/** From the start on to so many tenths of a second. */
async function to(page, tenths) {
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Home');
  await page.waitForFunction(() => document.querySelector('[data-time]').dataset.time === '0');
  await later(page, tenths);
}

/** So many tenths of a second later. */
async function later(page, tenths) {
  const time = () => page.locator('[data-time]').first().getAttribute('data-time').then(Number);
  const goal = await time() + tenths * 1e8;
  for (let at = 0; await time() < goal - 1e6; at += 1) {
    assert.ok(at < tenths + 20, `${await time()} of ${goal}`);
    await page.keyboard.press('Shift+ArrowRight');
    await page.waitForTimeout(15);
  }
  // Panels follow some times a second.
  await page.waitForTimeout(500);
}

/** Names of nodes of which some part lies under the element. */
const covered = (page, selector) => page.evaluate((selector) => {
  const over = document.querySelector(selector).getBoundingClientRect();
  const meets = (box) => box.left < over.right && box.right > over.left && box.top < over.bottom && box.bottom > over.top;
  return [...document.querySelectorAll('.nodes button')].filter((node) => meets(node.getBoundingClientRect())).map((node) => node.dataset.name);
}, selector);

/** Where the playhead is (px of the page), by its picture: most of a column is its line. */
const playhead = (page) => page.evaluate(() => {
  const canvas = document.querySelector('.headc');
  const { left, width } = canvas.getBoundingClientRect();
  const low = Math.floor(canvas.height * 0.8);
  const row = canvas.getContext('2d').getImageData(0, low, canvas.width, 1).data;
  const inked = Array.from({ length: canvas.width }, (_, x) => x).filter((x) => row[x * 4 + 3] > 60);
  return inked.length && left + (inked[0] + inked.at(-1) + 1) / 2 * width / canvas.width;
});

for (const [name, options, inside] of [['desktop', {}, '.side'], ['laptop', LAPTOP, '.side'], ['phone', PHONE, '.main']]) {
  test(`what a scenario is about covers nothing of it: ${name}`, async () => {
    const { page, errors } = await site.open('?scenario=ring-worst-order&autoplay=0', options);
    const notes = page.getByRole('note', { name: 'Notes' });
    assert.match(await notes.innerText(), /^All eight nodes start at once/);
    assert.equal(await page.locator(`${inside} .about-run`).count(), 1);
    assert.deepEqual(await covered(page, '.about-run'), []);
    assert.equal(await page.locator('.toast').count(), 0);
    const { violations } = await new AxeBuilder({ page }).include('.about-run').analyze();
    assert.deepEqual(violations.map(({ id }) => id), []);
    await shot(page, `notes-${name}`);
    if (inside === '.side') {
      // The inspector has it as well, and not twice.
      await page.getByRole('tab', { name: 'Inspector' }).click();
      await page.locator('.guide').getByText('All eight nodes start at once', { exact: false }).waitFor();
      assert.equal(await notes.count(), 0);
      await page.getByRole('tab', { name: 'Metrics' }).click();
    }
    await notes.getByRole('button', { name: 'Close the notes' }).click();
    await notes.waitFor({ state: 'detached' });
    errors.none();
  });
}

test('two who believe in themselves are named, and the playhead crosses no words beside the marks', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0');
  await to(page, 60);
  await page.locator('.line-area').getByText('n1, term 1 and n4, term 2', { exact: true }).waitFor();
  for (let at = 0; at < 6; at += 1) {
    await later(page, 1);
    const x = await playhead(page);
    assert.ok(x > 0, 'there is a playhead');
    const words = await page.locator('.line-area text.ax').evaluateAll((all) => all.map((text) => {
      const { left, right } = text.getBoundingClientRect();
      return [text.textContent, left, right];
    }));
    const crossed = words.filter(([, left, right]) => left < x && x < right);
    assert.deepEqual(crossed, []);
  }
  errors.none(READ);
});

test('the playhead stands where its instant is, also when the axis has grown under it', async () => {
  const { page, errors } = await site.open('?scenario=membership&autoplay=0');
  // The axis ends at 10 s, and soon after at 14 s.
  await to(page, 80);
  for (let at = 0; at < 3; at += 1) {
    await later(page, 4);
    const done = await page.locator('.line-area .simmed').last().boundingBox();
    const x = await playhead(page);
    assert.ok(Math.abs(done.x + done.width - x) < 2, `${done.x + done.width} ${x}`);
  }
  errors.none(READ);
});

test('of a lane with hundreds of bands none is missing, and of those together none hides another', async () => {
  const { page, errors } = await site.open('?scenario=duelling-proposers&autoplay=0');
  await to(page, 130);
  const bands = await page.locator('.line-area .band').evaluateAll((all) => all.map((band) => band.getBBox().x));
  const first = await page.locator('.line-area .gridl').first().boundingBox();
  // The duel begins at 0.6 s of 14 s.
  assert.ok(Math.min(...bands) < first.x + 120 + 80, `${Math.min(...bands)}`);
  assert.ok(bands.length < 400, `${bands.length} elements`);
  // From 10.4 s on the paused one has half of the lane wherever the other one proposes.
  assert.equal(await page.locator('.line-area .bandlab').getByText(/round 44/).count(), 0);
  errors.none();
});

for (const [name, options] of [['desktop', {}], ['laptop', LAPTOP]]) {
  test(`no title of the verdict is cut: ${name}`, async () => {
    for (const [id, tenths] of [['bully-partition', 70], ['late-client-none', 180], ['minority-leader', 90]]) {
      const { page, errors } = await site.open(`?scenario=${id}&autoplay=0`, options);
      await to(page, tenths);
      const cut = await page.locator('.verdict b > span').evaluateAll((all) => all
        .filter((words) => words.checkVisibility() && words.scrollWidth > words.clientWidth + 1 && words.clientWidth > 0)
        .map((words) => words.textContent));
      assert.deepEqual(cut, [], id);
      // Nor what stands under the last second's and the network's, in two lines.
      const below = await page.locator('.verdict > div + div p > span').evaluateAll((all) => all.filter((words) => words.scrollHeight > words.clientHeight + 1).map((words) => words.textContent));
      assert.deepEqual(below, [], id);
      errors.none();
    }
  });
}

test('a switch that two runs differ in is said in both heads', async () => {
  const { page, errors } = await site.open('?scenario=cannot-hear&autoplay=0');
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.locator('.sh').getByText('CheckQuorum: off').waitFor();
  errors.none();
});
