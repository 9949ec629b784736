// What is typed into a field and is not possible: the bounds are said beside it and aloud, and the focus stays.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { suite } from './support.mjs';

const site = suite();
const RAFT = '?scenario=minority-leader&autoplay=0';

const said = (page) => page.locator('#said').textContent();
/** The sentence under a field's row, as it is drawn. */
const under = (field, row) => field.evaluate((input, row) => {
  const words = getComputedStyle(input.closest(row), '::after').content;
  return words === 'none' ? '' : JSON.parse(words);
}, row);
const focused = (field) => field.evaluate((input) => input === document.activeElement);

test('a setting out of bounds gives way to what was there, and its bounds are said', async () => {
  const { page, errors } = await site.open(RAFT);
  const nodes = page.getByRole('textbox', { name: 'Nodes, value' });
  await nodes.fill('99999');
  await nodes.press('Enter');
  const words = '“99999” does not fit: 1 to 100.';
  assert.equal(await nodes.inputValue(), '5');
  assert.equal(await under(nodes, '.prow'), words);
  assert.equal(await said(page), words);
  assert.equal(await page.locator('#said').getAttribute('aria-live'), 'polite');
  assert.ok(await focused(nodes));
  assert.deepEqual((await new AxeBuilder({ page }).analyze()).violations.map((found) => found.id), []);
  // What fits takes the words away.
  await nodes.fill('7');
  await nodes.press('Enter');
  await page.locator('.nodes button[data-name=n7]').waitFor({ state: 'attached' });
  assert.equal(await under(nodes, '.prow'), '');
  assert.equal(await said(page), '');
  const heartbeat = page.getByRole('textbox', { name: /^Heartbeat, value/ });
  await heartbeat.fill('soon');
  await heartbeat.press('Enter');
  assert.match(await said(page), /^“soon” does not fit: \S+ \S+ to \S+ \S+\.$/);
  errors.none();
});

test('so do the amounts of a tool, of a fault and of the run beside', async () => {
  const { page, errors } = await site.open(RAFT);
  await page.locator('body').press('s');
  const factor = page.getByRole('group', { name: /armed$/ }).getByRole('textbox', { name: /^Factor/ });
  await factor.fill('-5');
  await factor.press('Enter');
  assert.equal(await under(factor, '.aimbar'), '“-5” does not fit: 0.01 to 10,000.');
  assert.ok(await focused(factor));
  await factor.fill('4');
  await factor.press('Enter');
  assert.equal(await said(page), '');
  await page.locator('.nodes button[data-name=n3]').click({ force: true });
  await page.keyboard.press('Escape');
  // The fault itself.
  await page.locator('button[data-fault]').first().click();
  const panel = page.getByRole('complementary', { name: 'Analysis' });
  const lasts = panel.getByRole('textbox', { name: 'Lasts' });
  await lasts.fill('a while');
  await lasts.press('Tab');
  assert.equal(await under(lasts, '.kv'), '“a while” does not fit: a span such as 500ms or 2s.');
  // How many nodes the other run has.
  await page.locator('body').press('m');
  await page.getByRole('combobox', { name: 'What the runs differ in' }).selectOption('nodes');
  const nodes = page.getByRole('textbox', { name: 'Nodes of B' });
  await page.waitForFunction(() => document.querySelectorAll('.stages canvas').length === 4);
  await nodes.fill('0');
  await nodes.press('Enter');
  assert.equal(await said(page), '“0” does not fit: 1 to 100.');
  errors.none();
});

test('what is being typed stays while the run plays, and the page is made anew around it', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader');
  await page.locator('body').press('s');
  const factor = page.getByRole('group', { name: /armed$/ }).getByRole('textbox', { name: /^Factor/ });
  await factor.fill('12');
  const time = () => page.locator('[data-time]').first().getAttribute('data-time').then(Number);
  const then = await time();
  await page.waitForFunction((then) => Number(document.querySelector('[data-time]').dataset.time) > then + 1e8, then);
  assert.equal(await factor.inputValue(), '12');
  await factor.press('Enter');
  assert.equal(await factor.inputValue(), '12');
  await page.locator('.nodes button[data-name=n3]').click({ force: true });
  await page.keyboard.press('Escape');
  await page.locator('button[data-fault]').last().click();
  const panel = page.getByRole('complementary', { name: 'Analysis' });
  assert.match(await panel.innerText(), /Slow n3/i);
  assert.equal(await panel.getByRole('textbox', { name: 'Factor' }).inputValue(), '12');
  errors.none();
});
