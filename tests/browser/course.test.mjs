// Courses of events: branches by pointer, keyboard and finger, and two runs beside each other; all of it in the link.

import assert from 'node:assert/strict';
import test from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { ready, suite } from './support.mjs';

const site = suite();
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const RAFT = '?scenario=minority-leader&autoplay=0';

const hash = (page) => page.locator('[data-hash]').first().getAttribute('data-hash');
const time = async (page) => Number(await page.locator('[data-time]').first().getAttribute('data-time'));
const lanes = (page) => page.locator('.bbtn');
const shown = (page) => page.locator('.bbtn[aria-pressed=true]').getAttribute('title');
const timeIs = (page, want) =>
  page.waitForFunction((value) => Number(document.querySelector('[data-time]').dataset.time) === value, want);
const node = (page, name) => page.locator(`.nodes button[data-name=${name}]`).click({ force: true });
/** The button of a node in the first or the second of two runs. */
const of = (page, run, name) => page.locator('.half').nth(run).locator(`.nodes button[data-name=${name}]`);
const two = (page) => page.waitForFunction(() => document.querySelectorAll('.stages canvas').length === 4);
const audit = async (page, where) => {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${where}: ${id} ${nodes[0].html.slice(0, 200)}`), []);
};

/** So many tenths of a second on, or back. */
const move = async (page, tenths) => {
  const to = await time(page) + tenths * 1e8;
  for (let at = 0; at < Math.abs(tenths); at++) await page.keyboard.press(tenths > 0 ? 'Shift+ArrowRight' : 'Shift+ArrowLeft');
  await timeIs(page, to);
};

/** The share dialog's link. */
const link = async (page) => {
  await page.getByRole('banner').getByRole('button', { name: 'Share' }).click();
  const text = await page.getByRole('dialog').locator('input, textarea').first().inputValue();
  await page.keyboard.press('Escape');
  return text;
};

test('acting in the past makes a branch and keeps what was there, to the very hash', async () => {
  const { page, errors } = await site.open(RAFT);
  await move(page, 20);
  const end = await time(page);
  const main = await hash(page);
  await move(page, -10);
  assert.equal(await lanes(page).count(), 0);
  await page.keyboard.press('c');
  await node(page, 'n3');
  await page.keyboard.press('Escape');
  assert.equal(await lanes(page).count(), 2);
  assert.match(await shown(page), /with crash n3/);
  assert.match(await page.locator('.toast').textContent(), /A branch: with crash n3/);
  await move(page, 10);
  const branch = await hash(page);
  assert.notEqual(branch, main);
  // The main line is as it was, at the same moment; and so is the branch.
  await lanes(page).first().click();
  await page.waitForFunction((want) => document.querySelector('[data-hash]').dataset.hash === want, main);
  assert.equal(await shown(page), 'Main');
  assert.ok(Math.abs(await time(page) - end) <= 1);
  await lanes(page).nth(1).click();
  await page.waitForFunction((want) => document.querySelector('[data-hash]').dataset.hash === want, branch);
  await audit(page, 'two branches');
  // It travels in the link.
  const there = await site.page();
  await there.page.goto(await link(page));
  await ready(there.page);
  await there.page.waitForFunction((want) => document.querySelector('[data-hash]').dataset.hash === want, branch);
  assert.match(await shown(there.page), /with crash n3/);
  await there.page.locator('.bbtn').first().click();
  await there.page.waitForFunction(() => document.querySelector('.bbtn[aria-pressed=true]').title === 'Main');
  there.errors.none();
  // Undone, the branch is gone.
  await page.keyboard.press('Control+z');
  await page.waitForFunction(() => document.querySelectorAll('.bbtn').length === 0);
  errors.none();
});

test('a fork that changes nothing has the same hash; it is named, left and taken out by keys', async () => {
  const { page, errors } = await site.open(RAFT);
  await move(page, 10);
  await page.keyboard.press('f');
  assert.equal(await lanes(page).count(), 2);
  await move(page, 10);
  const fork = await hash(page);
  const name = page.getByRole('tabpanel').getByRole('textbox', { name: 'Name' });
  await name.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('what if');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('.bbtn')[1].title === 'what if');
  await lanes(page).first().focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction((want) => document.querySelector('[data-hash]').dataset.hash === want, fork);
  assert.equal(await shown(page), 'Main');
  await lanes(page).nth(1).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('.bbtn[aria-pressed=true]').title === 'what if');
  await page.getByRole('button', { name: 'Delete' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('.bbtn').length === 0);
  errors.none();
});

test('a fault that is moved on the time line makes one branch, however many steps that takes', async () => {
  const { page, errors } = await site.open(RAFT);
  await move(page, 60);
  await page.locator('.fbtn').first().focus();
  for (let at = 0; at < 4; at++) await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => document.querySelectorAll('.bbtn').length === 2);
  assert.match(await shown(page), /partition/);
  const at = await page.locator('.fbtn').first().getAttribute('aria-label');
  await lanes(page).first().click();
  await page.waitForFunction((there) => document.querySelector('.fbtn').getAttribute('aria-label') !== there, at);
  errors.none();
});

test('what is made of a branch is made of it, not of the line that it left', async () => {
  const { page, errors } = await site.open('?scenario=leader-crash&autoplay=0');
  await move(page, 10);
  await move(page, -5);
  await page.keyboard.press('c');
  await node(page, 'n3');
  await page.keyboard.press('Escape');
  assert.match(await shown(page), /with crash n3/);
  const faults = () => page.locator('.fbtn').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')).join());
  assert.match(await faults(), /Crash n3/);
  // Its many seeds have its fault: the run behind a bar is one with it.
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('n');
  await page.getByRole('button', { name: 'Run them' }).click();
  await page.getByRole('button', { name: /^Open seed/ }).first().click();
  await page.waitForFunction(() => document.querySelectorAll('.bbtn').length === 0);
  assert.match(await faults(), /Crash n3/);
  await page.keyboard.press('Control+z');
  await page.waitForFunction(() => document.querySelectorAll('.bbtn').length === 2);
  // So has another algorithm.
  await page.getByRole('combobox', { name: 'Algorithm' }).selectOption('etcd');
  await page.waitForFunction(() => document.querySelectorAll('.bbtn').length === 0);
  assert.match(await faults(), /Crash n3/);
  errors.none();
});

test('two runs beside each other, by pointer: algorithm, numbers, the first difference, a fault in both', async () => {
  const { page, errors } = await site.open('?scenario=closed-loop-hides&autoplay=0');
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.getByRole('combobox', { name: 'Algorithm of B' }).selectOption({ label: 'Two choices' });
  await page.waitForFunction(() => document.querySelectorAll('.stages canvas').length === 4);
  await page.getByRole('contentinfo').getByRole('button', { name: 'Play' }).click();
  await page.waitForFunction(() => Number(document.querySelector('[data-time]').dataset.time) > 4e9);
  await page.getByRole('contentinfo').getByRole('button', { name: 'Pause', exact: true }).click();
  await page.waitForTimeout(300);
  const table = page.locator('.numbers table');
  assert.match(await table.locator('tbody tr', { hasText: 'Median latency' }).textContent(), /\d.*\d/);
  // Both are in each chart: the distribution of latency, the slowest, what succeeds, what fails; none lies over another.
  const charts = page.locator('.res svg[role=img]');
  const said = await charts.evaluateAll((all) => all.map((chart) => chart.getAttribute('aria-label')));
  for (const [at, words] of [/^Latency: 99% .* in A, .* in B$/, /^Slowest 1% over time: A [\d.]+ ms, B [\d.]+ ms$/,
    /^Operations that succeed: A [\d.]+ \/s, B [\d.]+ \/s$/, /^Operations that fail: A 0 \/s, B 0 \/s$/].entries()) assert.match(said[at], words);
  assert.equal(said.length, 4);
  assert.equal(await page.locator('.res .ln.ra').count(), 4);
  assert.equal(await page.locator('.res .ln.rb').count(), 4);
  const apart = await page.locator('.res svg[role=img], .numbers, .two .palette, .stage').evaluateAll((all) => {
    const boxes = all.map((one) => one.getBoundingClientRect());
    return boxes.every((a, at) => boxes.every((b, other) => at >= other
      || a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 || b.bottom <= a.top + 1));
  });
  assert.ok(apart);
  assert.equal(await page.locator('.two .verdict > div').count(), 3);
  // The same requests have come in both; the first event that is another is found and gone to.
  await page.getByRole('button', { name: 'Go there' }).click();
  await page.waitForFunction(() => /is the first that differs/.test(document.querySelector('.toast')?.textContent));
  // A fault from either stage is one in both.
  await page.keyboard.press('c');
  const box = await page.locator('.half').nth(1).locator('canvas').first().boundingBox();
  const own = await page.locator('.half').first().locator('canvas').first().boundingBox();
  const button = await of(page, 0, 'b1').boundingBox();
  await page.mouse.click(button.x + button.width / 2 - own.x + box.x, button.y + button.height / 2 - own.y + box.y);
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => [...document.querySelectorAll('.nodes [data-name=b1]')].filter((node) => /down|crashed/i.test(node.ariaLabel)).length === 2);
  await audit(page, 'two runs');
  const there = await site.page();
  await there.page.goto(await link(page));
  await ready(there.page);
  await there.page.waitForFunction(() => document.querySelectorAll('.stages canvas').length === 4);
  assert.equal(await there.page.getByRole('combobox', { name: 'Algorithm of B' }).inputValue(), 'two_choices');
  await there.page.waitForFunction((want) => document.querySelector('[data-hash]').dataset.hash === want, await hash(page));
  there.errors.none();
  await page.getByRole('button', { name: 'Exit' }).click();
  await page.waitForFunction(() => document.querySelectorAll('.stages canvas').length === 2);
  errors.none();
});

test('two runs that differ in a parameter, and in a branch, by keyboard', async () => {
  const { page, errors } = await site.open('?scenario=leader-crash&autoplay=0');
  await page.keyboard.press('m');
  await page.waitForFunction(() => document.querySelectorAll('.stages canvas').length === 4);
  const differs = page.getByRole('combobox', { name: 'What the runs differ in' });
  await differs.selectOption({ label: 'Heartbeat' });
  const value = page.getByRole('textbox', { name: 'Heartbeat of B' });
  await value.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('20');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('[aria-label="Heartbeat of B"]').value === '20');
  const title = (want) => page.waitForFunction((want) => document.querySelector('.title .sub').textContent === want, want);
  await title('Raft: Heartbeat 50\u00a0ms against 20\u00a0ms');
  await page.keyboard.press('Escape');
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Shift+ArrowRight');
  assert.match(await page.locator('.stage').nth(1).getAttribute('aria-label'), /^Run B: Cluster: 5 nodes/);
  await page.keyboard.press('m');
  await page.waitForFunction(() => document.querySelectorAll('.stages canvas').length === 2);
  // A branch, and the line that it left.
  await page.keyboard.press('f');
  await page.getByRole('tabpanel').getByRole('button', { name: 'Compare' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('.stages canvas').length === 4);
  assert.match(await page.locator('.sh').first().textContent(), /Main/);
  const branch = await page.getByRole('combobox', { name: 'What the runs differ in' }).locator('option:checked').textContent();
  assert.match(branch, /^fork at /);
  await title(`Raft: Main against ${branch}`);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Shift+ArrowRight');
  // The numbers say up to when they count, also where the playhead is not there.
  const counted = page.locator('.numbers .hint').filter({ hasText: 'Counted up to' });
  assert.match(await counted.textContent(), /^Counted up to [\d.]+ s\.$/);
  await page.keyboard.press('Shift+ArrowLeft');
  await page.waitForFunction(() => /^Counted up to [\d.]+ s; the playhead is at [\d.]+ s\.$/.test(document.querySelector('.numbers .hint').textContent));
  await page.keyboard.press('Shift+ArrowRight');
  await page.getByRole('button', { name: 'Go there' }).click();
  await page.waitForFunction(() => /both runs are the same/.test(document.querySelector('.toast')?.textContent));
  errors.none();
});

test('the nodes of both runs have buttons: one that is picked in either is picked in both, by keys and by pointer', async () => {
  const { page, errors } = await site.open('?scenario=leader-crash&autoplay=0');
  await page.keyboard.press('m');
  await two(page);
  await page.getByRole('combobox', { name: 'What the runs differ in' }).selectOption('nodes');
  await of(page, 1, 'n7').waitFor({ state: 'attached' });
  assert.equal(await of(page, 0, 'n7').count(), 0);
  const names = await page.locator('.half').nth(1).locator('.nodes button').evaluateAll((all) => all.map((node) => node.ariaLabel));
  assert.ok(names.every((name) => name.endsWith(', run B')));
  // They lie over their pictures.
  const over = await page.locator('.half').nth(1).evaluate((half) => {
    const stage = half.querySelector('canvas').getBoundingClientRect();
    const boxes = [...half.querySelectorAll('.nodes button')].map((node) => node.getBoundingClientRect());
    const places = new Set(boxes.map((box) => `${Math.round(box.x)} ${Math.round(box.y)}`));
    return places.size === boxes.length && boxes.every((box) => box.x >= stage.x && box.right <= stage.right && box.y >= stage.y && box.bottom <= stage.bottom && box.width > 10);
  });
  assert.ok(over);
  const picked = (name) => page.waitForFunction((name) => {
    const on = [...document.querySelectorAll('.nodes [aria-pressed=true]')].map((node) => node.dataset.name);
    return on.length === 2 && on.every((one) => one === name);
  }, name);
  // Tab reaches them, after those of the first run.
  await page.locator('.half').nth(1).locator('.nodes button').first().focus();
  await page.keyboard.press('Tab');
  const name = await page.evaluate(() => document.activeElement.dataset.name);
  await page.keyboard.press('Enter');
  await picked(name);
  await audit(page, 'a node of both runs');
  const box = await of(page, 1, 'n3').boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await picked('n3');
  // What a tool waits for is picked there as well.
  await page.keyboard.press('c');
  await of(page, 1, 'n2').focus();
  await page.keyboard.press('ArrowRight');
  assert.ok(await page.evaluate(() => document.activeElement.closest('.half+.half') && document.activeElement.dataset.name !== 'n2'));
  await of(page, 1, 'n2').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => [...document.querySelectorAll('.nodes [data-name=n2]')].filter((node) => /crashed/i.test(node.ariaLabel)).length === 2);
  errors.none();
});

test('what the second run violates is marked on the time line, stops the playback, and is led to by keys', async () => {
  const { page, errors } = await site.open('?scenario=broken-log-not-persisted&autoplay=0&speed=10');
  await page.keyboard.press('m');
  await two(page);
  // The other way round: the first run makes no mistake. With none in either, it is still what they differ in.
  await page.evaluate(() => document.querySelectorAll('.rail details').forEach((part) => { part.open = true; }));
  await page.locator('.rail').getByLabel('Mistake', { exact: true }).first().selectOption('none');
  await page.waitForFunction(() => /Nothing/.test(document.querySelector('.sh').textContent));
  const mistake = page.getByRole('combobox', { name: 'Mistake of B' });
  assert.equal(await mistake.inputValue(), 'none');
  await mistake.selectOption('log_not_persisted');
  await page.evaluate(() => document.activeElement.blur());
  const begun = await time(page);
  await page.getByRole('contentinfo').getByRole('button', { name: 'Play' }).click();
  await page.waitForFunction((begun) => {
    const { time, playing } = document.querySelector('[data-playing]').dataset;
    return playing === 'false' && Number(time) > begun;
  }, begun, { timeout: 60_000 });
  const at = await time(page);
  assert.match(await page.locator('.sr[role=alert]').innerText(), /^In B: .+ Paused\.$/);
  assert.match(await page.locator('.two .verdict > div').nth(1).innerText(), /^B: 1 breach of an invariant/);
  assert.match(await page.locator('.two .verdict > div').first().innerText(), /^A: No violation/);
  await page.locator('.vbtn').first().waitFor({ state: 'attached' });
  // Told apart by the lane's name, the mark's shape, and its name.
  assert.equal(await page.locator('.vmark:not(.b)').count(), 0);
  assert.ok(await page.locator('.vmark.b').count() > 0);
  const lanes = await page.locator('.line-area text').allTextContents();
  assert.ok(lanes.includes('A violations') && lanes.includes('B violations'));
  const mark = page.locator('.vbtn').first();
  assert.match(await mark.getAttribute('aria-label'), /^(Violation|Broken invariant) 1 of \d+ in B, /);
  await audit(page, 'a violation of the second run');
  // By pointer …
  await move(page, -1);
  await mark.click();
  await timeIs(page, at);
  await page.waitForFunction(() => /^In B: /.test(document.querySelector('.toast')?.textContent));
  // … and by keys.
  await move(page, -1);
  await page.keyboard.press('.');
  await timeIs(page, at);
  // One of a kind stops it once.
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press(' ');
  await page.waitForFunction((at) => Number(document.querySelector('[data-time]').dataset.time) > at + 1e6, at);
  errors.none();
});

test('at the size of a tablet no tool lies over a node of two runs, and bars have room', async () => {
  const { page, errors } = await site.open('?scenario=leader-crash&autoplay=0', { viewport: { width: 1024, height: 768 } });
  await page.keyboard.press('m');
  await two(page);
  await of(page, 1, 'n3').waitFor({ state: 'attached' });
  await page.waitForTimeout(300);
  const covered = await page.evaluate(() => {
    const tools = document.querySelector('.palette').getBoundingClientRect();
    return [...document.querySelectorAll('.nodes button')].filter((node) => node.getBoundingClientRect().bottom > tools.top).length;
  });
  assert.equal(covered, 0);
  await audit(page, 'two runs on a tablet');
  await page.keyboard.press('m');
  await page.keyboard.press('n');
  await page.getByRole('button', { name: 'Run them' }).click();
  await page.locator('.hbars').waitFor();
  const seen = await page.evaluate(() => {
    const bars = document.querySelector('.hbars').getBoundingClientRect();
    const main = document.querySelector('.ops, .sweep').getBoundingClientRect();
    return Math.min(bars.bottom, document.querySelector('.verdict').getBoundingClientRect().top) - bars.top >= bars.height - 1 && main.width > 600;
  });
  assert.ok(seen);
  errors.none();
});

test('at the size of a phone a run is forked and compared by finger', async () => {
  const { page, errors } = await site.open('?scenario=leader-crash&autoplay=0', PHONE);
  const nav = page.getByRole('navigation', { name: 'Panels' });
  await nav.getByRole('button', { name: 'Metrics' }).tap();
  await page.getByRole('tab', { name: 'Inspector' }).tap();
  await page.getByRole('button', { name: 'Fork from here' }).tap();
  assert.ok(await page.getByRole('textbox', { name: 'Name' }).isVisible());
  await audit(page, 'a branch on a phone');
  await page.getByRole('tabpanel').getByRole('button', { name: 'Compare' }).tap();
  await page.waitForFunction(() => document.querySelectorAll('.stages canvas').length === 4);
  await nav.getByRole('button', { name: 'Metrics' }).tap();
  await page.waitForFunction(() => document.querySelector('.side .numbers table'));
  await nav.getByRole('button', { name: 'Stage' }).tap();
  await audit(page, 'two runs on a phone');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  errors.none();
});
