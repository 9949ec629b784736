// The event log as a list of tens of thousands, of which a few rows are on the page; one selection everywhere.

import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLI, shot, suite } from './support.mjs';

const site = suite();
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const list = (page) => page.getByRole('listbox', { name: /^Events/ });
const of = async (page) => Number(await list(page).getAttribute('data-of'));
const now = (page) => page.locator('[data-time]').first().getAttribute('data-time').then(Number);

/** A run of more than 100,000 events that loses so many messages that its log is full. */
const busy = () => {
  const file = join(mkdtempSync(join(tmpdir(), 'log-')), 'busy.json');
  writeFileSync(file, JSON.stringify({
    version: 1, title: 'A busy log', seed: 3, duration: '60s',
    system: { pattern: 'leader_election', algorithm: 'raft', nodes: 9, params: { heartbeat: '10ms' } },
    network: { latency: '2ms', loss: 0.5 },
    workload: { clients: 8, mode: 'open', rate: 400, timeout: '200ms' },
    view: { speed: 1 },
  }));
  return `#${execFileSync(CLI, ['link', 'encode', file]).toString().trim().split('#')[1]}`;
};

test('tens of thousands of entries: few rows, a scroll to any of them, filters by kind, node and text', async () => {
  const { page, errors } = await site.open(busy());
  const line = page.getByRole('slider', { name: 'Time line' });
  await line.press('End');
  await page.waitForFunction(() => Number(document.querySelector('[data-time]').dataset.time) >= 59e9, undefined, { timeout: 90_000 });
  assert.ok(Number(await page.locator('[data-events]').first().getAttribute('data-events')) > 100_000);
  await page.keyboard.press('3');
  await list(page).waitFor();
  const all = await of(page);
  assert.ok(all > 20_000, `${all} entries`);
  const rows = list(page).getByRole('option');
  assert.ok(await rows.count() < 100);
  // To the very end, at once: the oldest entry is there.
  const panel = page.locator('#panel');
  const started = Date.now();
  await panel.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await page.locator(`[aria-posinset="${all}"]`).waitFor();
  assert.ok(Date.now() - started < 2000, 'the end came late');
  assert.ok(await rows.count() < 100);
  // What playing adds moves nothing that is read; the way back is offered.
  await page.getByRole('button', { name: 'To the cursor' }).click();
  await page.locator('[aria-posinset="1"]').waitFor();

  const kind = page.getByRole('group', { name: 'Filter' });
  await kind.getByRole('button', { name: /^Lost/ }).click();
  const lost = await of(page);
  assert.ok(lost > 0 && lost < all);
  assert.match(await rows.first().innerText(), /lost/);
  await page.getByRole('combobox', { name: 'Node' }).selectOption({ label: 'n3' });
  const own = await of(page);
  assert.ok(own > 0 && own < lost);
  for (const words of await rows.allInnerTexts()) assert.match(words, /\bn3\b/);
  const phrase = (await rows.first().getAttribute('title')).split(' ').slice(0, 3).join(' ');
  await page.getByRole('searchbox', { name: 'Search events' }).fill(phrase.toUpperCase());
  await page.waitForFunction((own) => Number(document.querySelector('.ev')?.dataset.of) < own, own);
  for (const words of await rows.allInnerTexts()) assert.ok(words.includes(phrase), words);
  await page.getByRole('searchbox', { name: 'Search events' }).fill('nothing is like this');
  await page.getByText('No event is like that.').waitFor();
  errors.none();
});

for (const by of ['pointer', 'keys']) {
  test(`one selection: an entry chosen in the log is chosen in the diagram and on the stage (${by})`, async () => {
    const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0');
    await page.getByRole('slider', { name: 'Time line' }).focus();
    for (let at = 0; at < 4; at += 1) await page.keyboard.press('PageUp');
    await page.waitForFunction(() => Number(document.querySelector('[data-time]').dataset.time) >= 9e9);
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('3');
    await page.getByRole('button', { name: /^Notable/ }).click();
    const row = list(page).getByRole('option').first();
    const node = /^(n\d)\b/.exec((await row.locator('b').innerText()))[1];
    if (by === 'pointer') await row.click();
    else {
      await list(page).focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
    }
    await page.locator(`.nodes [data-name=${node}][aria-pressed=true]`).waitFor({ state: 'attached' });
    const event = Number(/event (\d+)/.exec(await list(page).locator('[aria-selected=true]').innerText())[1]);
    const moment = await now(page);
    if (by === 'pointer') await page.getByRole('tab', { name: 'Space-time' }).click();
    else {
      await page.evaluate(() => document.activeElement.blur());
      await page.keyboard.press('4');
    }
    await page.waitForFunction((event) => Number(document.querySelector('.spacetime')?.dataset.event) === event, event);
    assert.equal(await now(page), moment);
    // And back: another event of the chain that the log has.
    await page.locator('.causes button').last().click();
    await page.getByRole('tab', { name: 'Events' }).click();
    await list(page).locator('[aria-selected=true]').waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => `${id} ${nodes[0].html.slice(0, 200)}`), []);
    errors.none();
  });
}

test('on a phone', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0', PHONE);
  await page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name: 'Events' }).tap();
  const box = await page.getByRole('searchbox', { name: 'Search events' }).boundingBox();
  assert.ok(box.height >= 40, `${box.height} px`);
  await list(page).getByRole('option').first().tap();
  await list(page).locator('[aria-selected=true]').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  await shot(page, 'events-phone');
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${id} ${nodes[0].html.slice(0, 200)}`), []);
  errors.none();
});
