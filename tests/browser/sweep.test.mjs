// The scenario over many seeds: in workers, and where there are none; cancelled; a bar opened as a run.

import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BASE, CLI, ready, shot, suite } from './support.mjs';

const HOST = `<!doctype html><meta charset="utf-8"><title>A sandbox</title>
  <body style="margin:0"><iframe sandbox="allow-scripts" style="border:0;width:1400px;height:880px"
    src="${BASE}?scenario=split-vote-formula&autoplay=0&controls=1"></iframe>`;
const site = suite({ '/host.html': HOST });
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const WHERE = '?scenario=split-vote-formula&autoplay=0';

const audit = async (page, where) => {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${where}: ${id} ${nodes[0].html.slice(0, 200)}`), []);
};
const sheet = (page) => page.getByRole('region', { name: 'Sweep over seeds' });
const told = (page) => page.locator('.told');
const finished = (page, count) => told(page).getByText(`All ${count} done`).waitFor({ timeout: 90_000 });
const figures = async (page) => {
  const entries = await page.locator('.figures > div').evaluateAll((list) => list.map((each) => [each.querySelector('dt').innerText, each.querySelector('dd').innerText]));
  return Object.fromEntries(entries);
};
const open = async (page) => {
  await page.keyboard.press('n');
  await sheet(page).waitFor();
};
/** What the command line says of the same seeds. */
const known = (count) => {
  const file = join(mkdtempSync(join(tmpdir(), 'sweep-')), 'sweep.json');
  const scenario = new URL('../../static/gallery/split-vote-formula.json', import.meta.url).pathname;
  const out = execFileSync(CLI, ['sweep', scenario, '--seeds', `1..${count + 1}`, '--json']).toString();
  writeFileSync(file, out);
  return JSON.parse(readFileSync(file, 'utf8'));
};

test('in workers: progress, figures as on the command line, a bar opens its run', async () => {
  const { page, errors } = await site.open(WHERE);
  await page.getByRole('button', { name: 'Run over many seeds' }).click();
  await sheet(page).waitFor();
  await shot(page, 'sweep-empty');
  await page.getByRole('combobox', { name: 'How many' }).selectOption('50');
  let workers = 0;
  page.on('worker', () => { workers += 1; });
  await page.getByRole('button', { name: 'Run them' }).click();
  await finished(page, 50);
  assert.match(await told(page).innerText(), /in \d+ workers?$/);
  assert.ok(workers >= 1, 'there were no workers');
  assert.equal(page.workers().length, 0, 'the workers are ended');
  const reference = known(50);
  const metric = page.getByRole('combobox', { name: 'Metric' });
  const short = (value) => Number(value.replace(/,/g, '').replace(/\s*k$/, 'e3'));
  for (const id of ['latency_ms.p99', 'operations.ok']) {
    if (!reference.spreads[id]) continue;
    await metric.selectOption(id);
    const shown = await figures(page);
    assert.ok(Math.abs(short(shown.Median) / reference.spreads[id].median - 1) < 0.01, `${id}: ${shown.Median}`);
    assert.equal(shown.Runs, String(reference.spreads[id].count));
  }
  // A bar and the run behind it: the same hash as the command line's.
  const bar = sheet(page).getByRole('toolbar').first().getByRole('button').last();
  const seed = Number(/Opens seed (\d+)/.exec(await bar.getAttribute('aria-label'))[1]);
  await shot(page, 'sweep');
  await bar.click();
  await sheet(page).waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('textbox', { name: 'Seed' }).inputValue(), String(seed));
  await page.getByRole('slider', { name: 'Time line' }).press('End');
  const hash = reference.seeds.find((each) => each.seed === seed).trace_hash;
  await page.waitForFunction((hash) => document.querySelector('[data-hash]').dataset.hash === hash, hash, { timeout: 30_000 });
  // The results are still there.
  await page.keyboard.press('n');
  await told(page).getByText('All 50 done').waitFor();
  errors.none();
});

test('by keys: bars are walked along, Enter opens one; as a table', async () => {
  const { page, errors } = await site.open(WHERE);
  await open(page);
  await page.getByRole('combobox', { name: 'How many' }).selectOption('50');
  await page.getByRole('button', { name: 'Run them' }).press('Enter');
  await finished(page, 50);
  const bars = sheet(page).getByRole('toolbar').first().getByRole('button');
  await bars.first().focus();
  await page.keyboard.press('ArrowRight');
  const label = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  assert.match(label, /runs?.*Opens seed \d+\.$/);
  await page.getByRole('button', { name: 'View as table' }).press('Enter');
  const runs = await sheet(page).getByRole('table').first().locator('tbody td:nth-child(2)').allInnerTexts();
  assert.equal(runs.reduce((sum, text) => sum + Number(text), 0), 50);
  await shot(page, 'sweep-table');
  await audit(page, 'table');
  await page.getByRole('button', { name: 'View as table' }).press('Enter');
  await bars.nth(1).press('Enter');
  await sheet(page).waitFor({ state: 'detached' });
  const seed = /Opens seed (\d+)/.exec(label)[1];
  assert.equal(await page.getByRole('textbox', { name: 'Seed' }).inputValue(), seed);
  errors.none();
});

test('it can be cancelled, and what is done stays', async () => {
  const { page, errors } = await site.open(WHERE);
  await open(page);
  await page.getByRole('combobox', { name: 'How many' }).selectOption('1000');
  await page.getByRole('button', { name: 'Run them' }).click();
  await page.locator('.histogram').waitFor({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await told(page).getByText(/^Cancelled after \d+ of 1,000$/).waitFor();
  assert.equal(page.workers().length, 0);
  const words = await told(page).innerText();
  await page.waitForTimeout(500);
  assert.equal(await told(page).innerText(), words);
  assert.ok(await page.locator('.histogram').count());
  await page.getByRole('button', { name: 'Run again' }).waitFor();
  errors.none();
});

const BLOCKED = {
  'the constructor throws': (page) => page.addInitScript(() => {
    window.Worker = class { constructor() { throw new DOMException('not here', 'SecurityError'); } };
  }),
  'its script does not load': (page) => page.route(/worker\.js/, (route) => route.abort()),
};
for (const [how, block] of Object.entries(BLOCKED)) {
  test(`without workers, on the page's own thread: ${how}`, async () => {
    const { page, errors } = await site.page();
    await block(page);
    await page.goto(site.server.url + WHERE);
    await ready(page);
    await open(page);
    await page.getByRole('combobox', { name: 'How many' }).selectOption('50');
    await page.getByRole('button', { name: 'Run them' }).click();
    await told(page).getByText("on the page's own thread").waitFor({ timeout: 30_000 });
    await finished(page, 50);
    const reference = known(50);
    await page.getByRole('combobox', { name: 'Metric' }).selectOption('operations.ok');
    assert.equal((await figures(page)).Median.replace(/,/g, ''), String(reference.spreads['operations.ok'].median));
    errors.none(/worker\.js/, /net::ERR_FAILED/);
  });
}

test('in a sandboxed frame without an origin of its own', async () => {
  const { page, errors } = await site.page();
  await page.goto(`${site.server.origin}/host.html`);
  const frame = page.frames()[1];
  await ready(frame);
  await frame.getByRole('button', { name: 'Run over many seeds' }).click();
  await frame.getByRole('combobox', { name: 'How many' }).selectOption('50');
  await frame.getByRole('button', { name: 'Run them' }).click();
  await finished(frame, 50);
  errors.none(/Worker/);
});

test('the paper\'s figure from the gallery: its sweep runs, with the published numbers beside it', async () => {
  const { page, errors } = await site.open('');
  await page.keyboard.press('/');
  const title = 'Run over many seeds: Figure 16 of the Raft paper: timeouts from 150 to 300 ms';
  await page.getByRole('button', { name: title }).click();
  await sheet(page).waitFor();
  await finished(page, 200);
  const shown = await figures(page);
  // Published: median 171 ms, mean 180 ms.
  assert.ok(Math.abs(Number(shown.Median) / 171 - 1) < 0.1, shown.Median);
  assert.ok(Math.abs(Number(shown.Mean) / 180 - 1) < 0.1, shown.Mean);
  assert.equal(await page.getByRole('combobox', { name: 'Metric' }).inputValue(), 'without_leader');
  await page.getByText(/median near 171 ms/).first().waitFor();
  await shot(page, 'sweep-figure');
  errors.none();
});

for (const options of [{ colorScheme: 'light' }, { colorScheme: 'dark' }, PHONE]) {
  test(`axe finds nothing, and it fits: ${options.colorScheme ?? 'phone'}`, async () => {
    const { page, errors } = await site.open(WHERE, options);
    await open(page);
    await audit(page, 'empty');
    await page.getByRole('combobox', { name: 'How many' }).selectOption('50');
    await page.getByRole('button', { name: 'Run them' }).click();
    await finished(page, 50);
    await audit(page, 'done');
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
    await shot(page, `sweep-${options.colorScheme ?? 'phone'}`);
    if (options === PHONE) {
      await sheet(page).getByRole('toolbar').first().getByRole('button').first().tap();
      await sheet(page).waitFor({ state: 'detached' });
    }
    errors.none();
  });
}
