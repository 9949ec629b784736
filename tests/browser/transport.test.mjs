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
  await page.waitForFunction(() => /^Moment \d+ of \d+$/.test(document.querySelector('.jump span').textContent));
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

test('an entry of the event log leads to its moment and its node, by pointer and by keys', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0');
  const stands = (want) => page.waitForFunction((want) => Math.abs(Number(document.querySelector('[data-time]').dataset.time) / 1e9 - want) < 0.001, want);
  await page.getByRole('slider', { name: 'Time line' }).focus();
  for (let at = 0; at < 4; at += 1) await page.keyboard.press('PageUp');
  await page.waitForFunction(() => Number(document.querySelector('[data-time]').dataset.time) >= 9e9);
  await page.getByRole('tab', { name: 'Events' }).click();
  const chip = page.getByRole('button', { name: /^Notable \d+$/ });
  await chip.click();
  const count = Number((await chip.innerText()).match(/\d+/)[0]);
  const entries = page.getByRole('listbox', { name: /Events/ }).getByRole('option');
  assert.equal(await entries.count(), count);
  const seconds = Number(await entries.first().locator('time').innerText());
  await entries.first().click();
  await stands(seconds);
  assert.equal(await page.locator('.nodes button[aria-pressed=true]').count(), 1);

  // Down to the one before, and there; what comes after stays listed, dim.
  await page.getByRole('listbox', { name: /Events/ }).focus();
  const chosen = page.locator('[role=option][aria-selected=true]');
  for (let at = 0; at < count && Number(await chosen.locator('time').innerText()) >= seconds; at += 1) {
    await page.keyboard.press('ArrowDown');
    await page.waitForTimeout(50);
  }
  const earlier = Number(await chosen.locator('time').innerText());
  assert.ok(earlier < seconds);
  assert.equal(await page.getByRole('listbox').getAttribute('aria-activedescendant'), await chosen.getAttribute('id'));
  await page.keyboard.press('Enter');
  await stands(earlier);
  await page.locator('.ev .later').first().waitFor();
  assert.equal(await entries.count(), count);
  await shot(page, 'moment');
  assert.deepEqual((await new AxeBuilder({ page }).analyze()).violations.map((found) => found.id), []);
  errors.none();
});

test('charts are read at an instant, by pointer and by keys', async () => {
  const { page, errors } = await site.open('?scenario=slow-backend&autoplay=0');
  const chart = page.locator('.chart svg[data-chart]').first();
  const box = await chart.boundingBox();
  await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
  await page.locator('.readl').first().waitFor({ state: 'attached' });
  await page.mouse.move(10, 10);
  await page.waitForFunction(() => !document.querySelector('.readl'));
  await chart.focus();
  await page.keyboard.press('ArrowLeft');
  await page.locator('.charts [role=status]').filter({ hasText: / at .* ok\b/ }).waitFor({ state: 'attached' });
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => !document.querySelector('.readl'));
  errors.none();
});

test('the inspector tells memory from disk, own clock from true time, and lives', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0');
  const button = page.locator('.nodes [data-name=n4]');
  await button.focus();
  await page.keyboard.press('Enter');
  const panel = page.getByRole('tabpanel', { name: 'Inspector' });
  for (const name of [/^Timers/, /^Memory and disk.* writes$/, /^Clock.*as true time$/, /^Lives.*1st life since/]) {
    await panel.getByRole('heading', { name }).waitFor();
  }
  await panel.getByRole('button', { name: 'Crash' }).click();
  await panel.getByRole('heading', { name: /^Lives.*down since/ }).waitFor();
  await panel.getByRole('button', { name: 'Restart' }).click();
  await page.locator('body').press('ArrowRight');
  await panel.getByRole('heading', { name: /^Lives.*2nd life since/ }).waitFor();
  await shot(page, 'lives');
  assert.deepEqual((await new AxeBuilder({ page }).analyze()).violations.map((found) => found.id), []);
  errors.none();
});

test('where nobody asks, nothing is said of clients', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0');
  const [rail, bar] = [page.locator('.rail'), page.getByRole('banner')];
  const offered = () => rail.getByText('Workload', { exact: true }).count();
  assert.match(await bar.innerText(), /4 clients/);
  assert.equal(await offered(), 1);
  await page.getByRole('tab', { name: 'Time', exact: true }).click();
  await bar.getByText('Distributed ping').waitFor();
  assert.doesNotMatch(await bar.innerText(), /client/);
  assert.equal(await offered(), 0);
  errors.none();
});
