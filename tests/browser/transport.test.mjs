// The transport: from one thing worth seeing to the next, and the speed in words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { shot, suite } from './support.mjs';

const site = suite();
const now = (page) => page.locator('[data-time]').first().getAttribute('data-time').then(Number);

test('keys and buttons go to what is worth seeing, also where it has yet to be simulated', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0');
  const start = await now(page);
  // The partition at five seconds is the next thing to happen.
  await page.locator('body').press('.');
  await page.waitForFunction(() => Number(document.querySelector('[data-time]').dataset.time) >= 5e9);
  const cut = await now(page);
  assert.equal(cut, 5e9);
  await page.getByRole('button', { name: /^Next thing worth seeing/ }).click();
  await page.waitForFunction((was) => Number(document.querySelector('[data-time]').dataset.time) > was, cut);
  assert.ok(await now(page) < 7e9, 'a new leader, or operations that fail');
  await page.waitForFunction(() => /^Notable \d+ of \d+$/.test(document.querySelector('.jump span').textContent));
  await page.locator('body').press(',');
  await page.waitForFunction((was) => Number(document.querySelector('[data-time]').dataset.time) === was, cut);
  await page.locator('body').press(',');
  await page.waitForFunction((was) => Number(document.querySelector('[data-time]').dataset.time) < was, start);
  await shot(page, 'transport');
  errors.none();
});

test('the speed is said beside real time', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0');
  const slider = page.getByRole('slider', { name: 'Speed' });
  assert.equal(await slider.getAttribute('aria-valuetext'), '1/20 of real time');
  await slider.focus();
  await page.keyboard.press('Home');
  await page.waitForFunction(() => document.querySelector('[aria-label=Speed]').getAttribute('aria-valuetext') === '1/1,000 of real time');
  await page.keyboard.press('End');
  await page.waitForFunction(() => document.querySelector('[aria-label=Speed]').getAttribute('aria-valuetext') === '100× real time');
  errors.none();
});

test('a chart is also a table', async () => {
  const { page, errors } = await site.open('?scenario=slow-backend&autoplay=0');
  const button = page.getByRole('button', { name: 'Latency: view as table' });
  await button.focus();
  await page.keyboard.press('Enter');
  const table = page.getByRole('table', { name: /Latency/ });
  assert.deepEqual((await table.getByRole('columnheader').allInnerTexts()).slice(0, 3), ['Until', 'p50', 'p99']);
  assert.ok(await table.getByRole('row').count() > 2);
  assert.match(await table.getByRole('row').nth(1).innerText(), /s\s+[\d.]+\s+[\d.]+/);
  await shot(page, 'table');
  assert.deepEqual((await new AxeBuilder({ page }).analyze()).violations.map((found) => found.id), []);
  await button.click();
  assert.equal(await table.count(), 0);
  errors.none();
});

test('settings that make no sense together are spoken of beside them', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0');
  const rail = page.getByRole('complementary', { name: 'Setup' });
  assert.equal(await rail.getByRole('status').count(), 0);
  const heartbeat = rail.getByRole('textbox', { name: 'Heartbeat, value' });
  await heartbeat.fill('400');
  await heartbeat.press('Tab');
  await rail.getByText('Followers stand before the next heartbeat', { exact: false }).waitFor();
  await shot(page, 'advice');
  await page.keyboard.press('Control+z');
  await page.waitForFunction(() => !document.querySelector('.advice'));
  errors.none();
});

test('an entry of the event log leads to its moment and its node', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0');
  await page.getByRole('tab', { name: 'Events' }).click();
  await page.getByRole('button', { name: 'Notable', exact: true }).click();
  const entry = page.locator('.ev li').first();
  const seconds = Number(await entry.locator('time').innerText());
  await entry.getByRole('button').click();
  await page.waitForFunction((want) => Math.abs(Number(document.querySelector('[data-time]').dataset.time) / 1e9 - want) < 0.001, seconds);
  assert.equal(await page.locator('.nodes button[aria-pressed=true]').count(), 1);
  await shot(page, 'moment');
  errors.none();
});
