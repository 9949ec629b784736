// What was done to a run is undone and done again: to the very hash.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suite } from './support.mjs';

const site = suite();

const hash = (page) => page.locator('[data-hash]').first().getAttribute('data-hash');
const hashIs = (page, want) => page.waitForFunction((value) => document.querySelector('[data-hash]').dataset.hash === value, want);
const faults = (page) => page.locator('button[data-fault]').count();

test('a crash, a parameter and another algorithm are undone and done again, by keys and by buttons', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0');
  const [undo, redo] = [/^Undo/, /^Redo/].map((name) => page.getByRole('contentinfo').getByRole('button', { name }));
  assert.ok(await undo.isDisabled() && await redo.isDisabled());
  await page.keyboard.press('Shift+ArrowRight');
  await page.waitForFunction(() => document.querySelector('[data-time]').dataset.time === '2100000000');
  const first = await hash(page);
  const before = await faults(page);
  // Something breaks, and time goes on.
  await page.keyboard.press('c');
  await page.locator('.nodes button[data-name=n3]').click({ force: true });
  await page.keyboard.press('Escape');
  assert.equal(await faults(page), before + 1);
  await page.keyboard.press('Shift+ArrowRight');
  await page.waitForFunction(() => document.querySelector('[data-time]').dataset.time > '2190000000');
  const broken = await hash(page);
  const at = await page.locator('[data-time]').first().getAttribute('data-time');
  await page.keyboard.press('Control+z');
  await page.waitForFunction((want) => document.querySelectorAll('button[data-fault]').length === want, before);
  // The cursor stays: on a slow machine the run takes a few pictures to get there again.
  await page.waitForFunction((want) => document.querySelector('[data-time]').dataset.time === want, at);
  assert.notEqual(await hash(page), broken);
  // What was undone is named, and what is done again.
  const toast = page.locator('.toast');
  assert.match(await toast.innerText(), /^Undone: crash n3 \(2\.\d+ s\)/);
  await page.keyboard.press('Control+Shift+z');
  await page.waitForFunction(() => /^Done again: crash n3/.test(document.querySelector('.toast').innerText));
  await hashIs(page, broken);
  // Another seed starts anew; undone, the run stands where it was left.
  await page.getByRole('button', { name: 'Draw a new seed' }).click();
  await page.waitForFunction((value) => document.querySelector('[data-hash]').dataset.hash !== value, broken);
  await undo.click();
  await hashIs(page, broken);
  await undo.click();
  assert.ok(await undo.isDisabled());
  // Back to where nothing had been done, at the moment of the beginning.
  await page.getByRole('slider', { name: 'Time line' }).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Escape');
  await redo.click();
  await redo.click();
  assert.ok(await redo.isDisabled());
  assert.notEqual(first, broken);
  errors.none();
});

test('on a phone, undo and redo stand among the tools once something was done, and say what they undo', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  const tools = page.getByRole('toolbar', { name: 'Fault tools' });
  const [undo, redo] = [/^Undo/, /^Redo/].map((name) => tools.getByRole('button', { name }));
  assert.equal(await undo.count() + await redo.count(), 0);
  const first = await hash(page);
  await tools.getByRole('button', { name: /^Crash/ }).tap();
  await page.locator('.nodes button[data-name=n3]').click({ force: true });
  await undo.and(page.getByRole('button', { name: /^Undo: crash n3 \(\d\.\d+ s\)$/ })).waitFor();
  const box = await undo.boundingBox();
  assert.ok(box.width >= 44 && box.height >= 44, JSON.stringify(box));
  assert.ok(await redo.isDisabled());
  await undo.tap();
  await page.waitForFunction(() => document.querySelector('.toast')?.innerText.startsWith('Undone: crash n3'));
  await hashIs(page, first);
  await redo.and(page.getByRole('button', { name: /^Redo: crash n3/ })).waitFor();
  assert.ok(await undo.isDisabled());
  errors.none();
});

test('another set-up and another seed are named by the buttons that undo them', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0');
  const undo = page.getByRole('contentinfo').getByRole('button', { name: /^Undo/ });
  const named = (name) => page.waitForFunction((name) => document.querySelector('.ctrl [aria-label^=Undo]').getAttribute('aria-label') === name, name);
  await page.getByRole('button', { name: 'Draw a new seed' }).click();
  await named('Undo: another seed');
  const nodes = page.getByRole('textbox', { name: 'Nodes, value' });
  await nodes.fill('7');
  await nodes.press('Enter');
  await named('Undo: a change of the set-up');
  await undo.click();
  await named('Undo: another seed');
  await undo.click();
  await named('Undo');
  errors.none();
});

test('what was done in a branch is named by the button that undoes it, and when it is undone', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0');
  const label = (back) => page.getByRole('contentinfo').getByRole('button', { name: back ? /^Undo/ : /^Redo/ }).getAttribute('aria-label');
  const named = async (back, want) => {
    await page.waitForFunction(([word, want]) => new RegExp(want).test(document.querySelector(`.ctrl [aria-label^=${word}]`).getAttribute('aria-label')), [back ? 'Undo' : 'Redo', want]);
    assert.match(await label(back), new RegExp(want));
  };
  const crash = async (node) => {
    await page.keyboard.press('c');
    await page.locator(`.nodes button[data-name=${node}]`).click({ force: true });
    await page.keyboard.press('Escape');
  };
  const moved = async (key, from) => {
    await page.keyboard.press(key);
    await page.waitForFunction((from) => document.querySelector('[data-time]').dataset.time !== from, from);
    return page.locator('[data-time]').first().getAttribute('data-time');
  };
  let at = await page.locator('[data-time]').first().getAttribute('data-time');
  for (const key of ['Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowLeft']) at = await moved(key, at);
  // In the past: the changed run is a branch.
  await crash('n3');
  await page.waitForFunction(() => /^A branch: /.test(document.querySelector('.toast')?.innerText ?? ''));
  await named(true, '^Undo: crash n3 \\(2\\.\\d+ s\\)$');
  // Something more in it, where nothing was simulated yet.
  for (let step = 0; step < 2; step += 1) at = await moved('Shift+ArrowRight', at);
  await crash('n2');
  await named(true, '^Undo: crash n2 \\(2\\.\\d+ s\\)$');
  await page.keyboard.press('Control+z');
  await page.waitForFunction(() => /^Undone: crash n2 /.test(document.querySelector('.toast')?.innerText ?? ''));
  await named(false, '^Redo: crash n2 ');
  await named(true, '^Undo: crash n3 ');
  await page.keyboard.press('Control+z');
  await page.waitForFunction(() => /^Undone: crash n3 /.test(document.querySelector('.toast')?.innerText ?? ''));
  await named(false, '^Redo: crash n3 ');
  errors.none();
});
