// Breakpoints, and what the last event changed in a node: by pointer, by keys, on a phone.

import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ready, shot, suite } from './support.mjs';

const site = suite();
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const RAFT = '?scenario=minority-leader&autoplay=0&speed=1';
const audit = async (page, where) => {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${where}: ${id} ${nodes[0].html.slice(0, 200)}`), []);
};
const now = (page) => page.locator('[data-time]').first().getAttribute('data-time').then(Number);
const list = (page) => page.getByRole('region', { name: 'Breakpoints' });
const goes = (page, before) => page.waitForFunction((before) => {
  const { time, playing } = document.querySelector('[data-playing]').dataset;
  return playing === 'false' && Number(time) > before;
}, before, { timeout: 30_000 });
const play = async (page) => {
  const before = await now(page);
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await goes(page, before);
};

test('at an instant, on an event, on a number, on a fact: playing stops there, and goes on beyond', async () => {
  const { page, errors } = await site.open(RAFT);
  await page.getByRole('tab', { name: 'Events' }).click();
  await list(page).getByRole('button', { name: /^Breakpoints/ }).click();
  const form = list(page).getByRole('group', { name: 'A breakpoint' });
  await form.getByRole('textbox', { name: 'Instant' }).fill('3.25');
  await form.getByRole('button', { name: 'Add' }).click();
  await play(page);
  assert.equal(await now(page), 3_250_000_000);
  assert.match(await page.getByRole('alert').first().innerText(), /^Stopped at 3\.250 s\. Breakpoint 1: At 3\.25 s\.$/);
  assert.equal(await page.locator('.clock small').innerText(), 'stopped at a breakpoint');
  assert.equal(await page.locator('.brk').count(), 1);
  assert.equal(await list(page).locator('.hit').count(), 1);
  await shot(page, 'breakpoints');

  await form.getByRole('combobox', { name: 'Kind' }).selectOption('event');
  await form.getByRole('combobox', { name: 'Event' }).selectOption('fault');
  await form.getByRole('button', { name: 'Add' }).click();
  await play(page);
  const fault = await now(page);
  assert.ok(fault > 3_250_000_000);
  assert.match(await page.getByRole('alert').first().innerText(), /Breakpoint 2: A fault begins or ends\.$/);
  // Switched off it stops nothing; a number does.
  await list(page).getByRole('switch', { name: /^Breakpoint 2/ }).click();
  await form.getByRole('combobox', { name: 'Kind' }).selectOption('metric');
  await form.getByRole('combobox', { name: 'Metric' }).selectOption('failed');
  await form.getByRole('textbox', { name: 'Limit' }).fill('8');
  await form.getByRole('button', { name: 'Add' }).click();
  await play(page);
  assert.match(await page.getByRole('alert').first().innerText(), /Breakpoint 3: Operations failed rises above 8\.$/);

  // A fact, from the start anew: the first leader.
  for (const at of [3, 2, 1]) await list(page).getByRole('button', { name: new RegExp(`^Remove breakpoint ${at}`) }).click();
  assert.equal(await page.locator('.brk').count(), 0);
  await form.getByRole('combobox', { name: 'Kind' }).selectOption('fact');
  const node = await page.locator('.nodes [aria-label*="leader"]').first().getAttribute('data-name').catch(() => 'n1');
  await form.getByRole('combobox', { name: 'Node' }).selectOption({ label: node ?? 'n1' });
  await form.getByRole('textbox', { name: 'Becomes' }).fill('crashed');
  await form.getByRole('textbox', { name: 'Becomes' }).press('Enter');
  await list(page).getByText(/: state becomes crashed$/).waitFor();
  // Changed in the form.
  await list(page).getByText(/: state becomes crashed$/).click();
  await form.getByRole('textbox', { name: 'Becomes' }).fill('Candidate');
  await form.getByRole('button', { name: 'Change 1' }).click();
  await list(page).getByText(/: state becomes Candidate$/).waitFor();
  // What is missing is said.
  await form.getByRole('button', { name: 'Add' }).click();
  await list(page).getByRole('alert').waitFor();
  await audit(page, 'breakpoints');
  errors.none();
});

test('by keys alone', async () => {
  const { page, errors } = await site.open(RAFT);
  await page.keyboard.press('b');
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Kind');
  await page.keyboard.press('Tab');
  await page.keyboard.type('2.5 s');
  await page.keyboard.press('Enter');
  await list(page).getByText('At 2.50 s').waitFor();
  await page.locator('.fold').focus();
  await page.evaluate(() => document.activeElement.blur());
  const before = await now(page);
  await page.keyboard.press('Space');
  await goes(page, before);
  assert.equal(await now(page), 2_500_000_000);
  // On, beyond it.
  await page.keyboard.press('Space');
  await page.waitForFunction(() => Number(document.querySelector('[data-time]').dataset.time) > 2_600_000_000);
  await page.keyboard.press('Space');
  await list(page).getByRole('switch').press('Space');
  assert.equal(await list(page).getByRole('switch').getAttribute('aria-checked'), 'false');
  await list(page).getByRole('button', { name: /^Remove/ }).press('Enter');
  assert.equal(await list(page).locator('li').count(), 0);
  errors.none();
});

test('they travel in the link, on or off, and stop the run where it is opened', async () => {
  const { page, errors } = await site.open(RAFT);
  await page.keyboard.press('b');
  const form = list(page).getByRole('group', { name: 'A breakpoint' });
  const add = async (kind, fields) => {
    await form.getByRole('combobox', { name: 'Kind' }).selectOption(kind);
    for (const [name, value] of fields) {
      const field = form.getByLabel(name, { exact: true });
      if (await field.evaluate((field) => field.tagName) === 'SELECT') await field.selectOption(value);
      else await field.fill(value);
    }
    await form.getByRole('button', { name: 'Add' }).click();
  };
  await add('time', [['Instant', '2.5']]);
  await add('event', [['Event', { label: 'Vote arrives' }]]);
  await add('metric', [['Metric', 'failed'], ['Limit', '8.5']]);
  await add('fact', [['Node', { label: 'n2' }], ['Becomes', 'Leader "<2>" \u2028']]);
  await list(page).getByRole('switch', { name: /^Breakpoint 2/ }).click();
  const said = (page) => list(page).locator('li').evaluateAll((all) => all.map((one) =>
    `${one.querySelector('[role=switch]').ariaChecked} ${one.querySelector('.say').textContent}`));
  const here = await said(page);
  assert.equal(here.length, 4);
  assert.match(here[1], /^false .*Vote arrives$/);
  await page.getByRole('banner').getByRole('button', { name: 'Share' }).click();
  const link = await page.getByRole('dialog').locator('input, textarea').first().inputValue();
  await page.keyboard.press('Escape');
  const there = await site.page();
  await there.page.goto(link);
  await ready(there.page);
  await there.page.waitForFunction(() => document.querySelectorAll('.brk').length > 0);
  await there.page.getByRole('tab', { name: 'Events' }).click();
  await list(there.page).getByRole('button', { name: /^Breakpoints/ }).click();
  assert.deepEqual(await said(there.page), here);
  await play(there.page);
  assert.equal(await now(there.page), 2_500_000_000);
  there.errors.none();
  errors.none();
});

test('with reduced motion as well, and on a phone', async () => {
  const { page, errors } = await site.open(RAFT, { ...PHONE, reducedMotion: 'reduce' });
  await page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name: 'Events' }).tap();
  await list(page).getByRole('button', { name: /^Breakpoints/ }).tap();
  const at = ((await now(page)) + 5_000_000) / 1e9;
  await list(page).getByRole('textbox', { name: 'Instant' }).fill(String(at));
  await list(page).getByRole('button', { name: 'Add' }).tap();
  await shot(page, 'breakpoints-phone');
  await audit(page, 'phone');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  await page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name: 'Stage' }).tap();
  const before = await now(page);
  await page.getByRole('button', { name: 'Play', exact: true }).tap();
  await goes(page, before);
  assert.ok(Math.abs(await now(page) - at * 1e9) < 2);
  errors.none();
});

for (const by of ['pointer', 'keys']) {
  test(`the inspector says what the last event changed, with the value before (${by})`, async () => {
    const { page, errors } = await site.open(RAFT);
    // n1 is cut off with n2 and its successor is elected: somebody becomes a candidate.
    await page.keyboard.press('b');
    await page.keyboard.press('Tab');
    const form = list(page).getByRole('group', { name: 'A breakpoint' });
    await form.getByRole('combobox', { name: 'Kind' }).selectOption('event');
    await form.getByRole('combobox', { name: 'Event' }).selectOption('fault');
    await form.getByRole('button', { name: 'Add' }).click();
    await play(page);
    await list(page).getByRole('button', { name: /^Remove/ }).click();
    for (const name of ['n3', 'n4', 'n5']) {
      await form.getByRole('combobox', { name: 'Kind' }).selectOption('fact');
      await form.getByRole('combobox', { name: 'Node' }).selectOption({ label: name });
      await form.getByRole('textbox', { name: 'Becomes' }).fill('Candidate');
      await form.getByRole('button', { name: 'Add' }).click();
    }
    await play(page);
    const said = await page.getByRole('alert').first().innerText();
    const node = /: (n\d): state becomes Candidate/.exec(said)[1];
    const button = page.locator(`.nodes [data-name=${node}]`);
    if (by === 'pointer') {
      const box = await button.boundingBox();
      await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    } else {
      await button.focus();
      await page.keyboard.press('Enter');
    }
    const panel = page.getByRole('tabpanel', { name: 'Inspector' });
    await panel.getByRole('heading', { name: /^Last event/ }).waitFor();
    const changed = await panel.locator('.kv.c').allInnerTexts();
    assert.ok(changed.some((row) => /State\s*Candidate\s*before:\s*Follower/.test(row.replace(/\n/g, ' '))), changed.join(' | '));
    const term = changed.map((row) => row.replace(/\n/g, ' ')).find((row) => /^On the stage/.test(row));
    const [, after, before] = /term (\d+)\s+before:\s*term (\d+)/.exec(term);
    assert.equal(Number(after), Number(before) + 1, term);
    await shot(page, `inspector-before-${by}`);
    await audit(page, 'inspector');
    // Another event, another difference.
    const event = await panel.locator('.lastev').innerText();
    for (let at = 0; at < 60; at += 1) await page.keyboard.press('ArrowRight');
    await page.waitForFunction((event) => document.querySelector('.lastev')?.innerText !== event, event);
    errors.none();
  });
}
