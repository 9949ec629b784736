// A stale read provoked by hand, with the pointer and with keys alone; invariants that break; what partitions cost.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { CLI, ready, shot, suite } from './support.mjs';

const site = suite();
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const audit = async (page, where) => {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${where}: ${id} ${nodes[0].html.slice(0, 200)}`), []);
};
const time = (page) => page.locator('[data-time]').first().getAttribute('data-time').then(Number);
const verdict = (page) => page.getByRole('region', { name: 'Verdict' });
const stopped = (page) => page.locator('.clock small').filter({ hasText: 'paused on a violation' }).waitFor({ timeout: 40_000 });

/** Plays until an instant (s), stopped there to the tenth of a second. */
const until = async (page, seconds) => {
  await page.getByRole('slider', { name: 'Time line' }).focus();
  while (await time(page) < seconds * 1e9) await page.keyboard.press('Shift+ArrowRight');
};
const select = { pointer: async (page, name) => {
  const box = await page.locator(`.nodes [data-name=${name}]`).boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}, keys: async (page, name) => {
  await page.locator(`.nodes [data-name=${name}]`).focus();
  await page.keyboard.press('Enter');
} };
const ask = async (page, by, node, line) => {
  await select[by](page, node);
  await page.getByRole('textbox', { name: new RegExp(`^Ask ${node}:`) }).fill(line);
  await page.keyboard.press('Enter');
};

for (const by of ['pointer', 'keys']) {
  test(`a stale read by hand in primary-backup: stopped at it, explained, shared, reopened (${by})`, async () => {
    const { page, context, errors } = await site.open('?scenario=try-a-copy&autoplay=0');
    await page.getByText('Now you. Click n2').waitFor();
    await until(page, 3);
    await ask(page, by, 'n1', 'put x 7');
    await until(page, 4);
    // n1 is cut off together with c1.
    if (by === 'pointer') await page.locator('[data-tool=partition]').click();
    else await page.locator('body').press('p');
    for (const name of ['n1', 'c1']) {
      if (by === 'pointer') await select.pointer(page, name);
      else await page.locator(`.nodes [data-name=${name}]`).press('Space');
    }
    // With the tool in hand, Enter cuts.
    if (by === 'pointer') await page.getByRole('button', { name: 'Apply' }).click();
    else await page.locator('.nodes [data-name=c1]').press('Enter');
    await verdict(page).getByText(/^Partitioned for/).waitFor();
    await page.keyboard.press('v');
    await ask(page, by, 'n1', 'put x 9');
    // n2 takes over, and knows nothing of it.
    await until(page, 9);
    await page.getByText(/wrote x = 9, acknowledged$/).first().waitFor();
    await ask(page, by, 'n2', 'get x');
    await page.getByRole('slider', { name: 'Speed' }).fill('800');
    if (by === 'pointer') await page.getByRole('button', { name: 'Play', exact: true }).click();
    else await page.locator('body').press('Space');
    await stopped(page);
    const at = await time(page);
    await verdict(page).getByText(/^Stale read at/).waitFor();
    await verdict(page).getByText('not promised').first().waitFor();
    assert.match(await page.getByRole('alert').first().innerText(), /^Stale read .*Paused\.$/);

    if (by === 'pointer') await verdict(page).getByRole('button', { name: 'Show why' }).click();
    else await page.locator('body').press('w');
    await page.locator('.chain li').first().waitFor();
    const steps = await page.locator('.chain li').allInnerTexts();
    assert.deepEqual(steps.slice(0, 3).map((step) => /x = \d/.exec(step)[0]), ['x = 7', 'x = 9', 'x = 7']);
    assert.match(steps[3], /^No order explains both 2 and 3/);
    await shot(page, `stale-by-${by}`);
    await audit(page, 'why');
    // Its second mark: where the write was acknowledged that the read missed.
    const mark = page.getByRole('button', { name: /^Go to 2, / });
    if (by === 'pointer') await mark.click();
    else await mark.press('Enter');
    await page.waitForFunction((at) => Number(document.querySelector('[data-time]').dataset.time) < at, at);
    // The comma and the full stop go from violation to violation.
    await page.locator('body').press('.');
    await page.waitForFunction((at) => Number(document.querySelector('[data-time]').dataset.time) === at, at);
    await page.keyboard.press('Escape');

    const share = page.getByRole('button', { name: 'Share', exact: true });
    if (by === 'pointer') await share.click();
    else await share.press('Enter');
    const link = await page.getByRole('textbox', { name: 'Link' }).inputValue();
    const other = await context.newPage();
    await other.goto(link);
    await ready(other);
    await verdict(other).getByText(/^Stale read at/).waitFor();
    assert.equal(await time(other), at);
    await verdict(other).getByRole('button', { name: 'Show why' }).click();
    await other.locator('.chain li').first().waitFor();
    assert.deepEqual(await other.locator('.chain li').allInnerTexts(), steps);
    errors.none();
  });
}

for (const theme of ['dark', 'light']) {
  test(`what a partition cost, beside other settings with the same faults, ${theme}`, async () => {
    const { page, errors } = await site.open(`?scenario=drift-apart&autoplay=0&theme=${theme}`);
    await until(page, 16);
    await verdict(page).getByRole('button', { name: 'What it cost' }).click();
    const sheet = page.getByRole('region', { name: 'What was given up' });
    await page.waitForFunction(() => !document.querySelector('.cap .wait') && document.querySelectorAll('.cmp thead th').length >= 3, undefined, { timeout: 60_000 });
    const row = (name) => sheet.getByRole('row', { name }).first().getByRole('cell').allInnerTexts();
    const given = await row(/^Given up/);
    assert.equal(given[0], 'C');
    assert.ok(given.includes('A'), given.join());
    const [own] = await row(/^Live servers that answer/);
    assert.equal(own, '5 of 5');
    assert.match((await row(/^Answered, n1 n2/))[0], /^(\d+) of \1$/);
    assert.match(await sheet.locator('.say p').innerText(), /^A answered at every live node and gave up consistency: .* B kept every answer consistent/);
    await sheet.getByRole('img').waitFor();
    await shot(page, `cap-${theme}`);
    await audit(page, 'cap');
    // What follows from it leads on, and Escape back to the stage.
    await page.getByRole('button', { name: 'Show a violation' }).click();
    await page.getByRole('heading', { name: 'Why is this a violation?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('toolbar', { name: 'Fault tools' }).waitFor();
    errors.none();
  });
}

test('the sheets fit a phone', async () => {
  const { page, errors } = await site.open('?scenario=drift-apart&speed=20', PHONE);
  await page.getByRole('button', { name: 'Show why' }).waitFor({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Show why' }).tap();
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.getByRole('heading', { name: 'Why is this a violation?' }).waitFor();
  assert.equal(await fits(), 0);
  await audit(page, 'why');
  await page.getByRole('button', { name: 'Back to stage' }).tap();
  await page.locator('body').press('g');
  await page.getByRole('region', { name: 'What was given up' }).waitFor();
  await page.waitForFunction(() => document.querySelector('.cmp') && !document.querySelector('.cap .wait'), undefined, { timeout: 60_000 });
  assert.equal(await fits(), 0);
  await shot(page, 'cap-phone');
  await audit(page, 'cap');
  errors.none();
});

test('a broken invariant stops the run, is named and explained', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'netsplit-')), 'amnesia.json');
  writeFileSync(file, JSON.stringify({
    version: 1, seed: 5, duration: '12s', title: 'Amnesia',
    system: { pattern: 'leader_election', algorithm: 'raft', nodes: 3 },
    faults: [{ at: '6s', kind: 'disk_lost', nodes: ['n1', 'n2', 'n3'] }],
    view: { speed: 5 },
  }));
  const link = execFileSync(CLI, ['link', 'encode', file], { encoding: 'utf8' }).trim();
  const { page, errors } = await site.open(link.slice(link.indexOf('#')));
  await stopped(page);
  const at = await time(page);
  assert.ok(at >= 6e9);
  await verdict(page).getByText(/ broken at /).first().waitFor();
  await verdict(page).getByText('excused').first().waitFor();
  await verdict(page).getByRole('button', { name: 'Show why' }).click();
  const panel = page.getByRole('tabpanel', { name: 'Inspector' });
  await panel.getByRole('heading', { name: /^An invariant is broken/ }).waitFor();
  assert.ok(await panel.getByRole('button', { name: /^n\d$/ }).count() >= 1, 'its nodes are named');
  // Three disks were lost, which excuses it: it looks as it does under the stage.
  const mark = (place) => place.locator('svg').first().evaluate((svg) => [svg.firstChild.getAttribute('href'), getComputedStyle(svg).color]);
  const excused = await mark(panel.locator('.why .strong'));
  assert.equal(excused[0], '#i-warn');
  assert.deepEqual(await mark(verdict(page)), excused);
  await panel.getByText('excused: it assumes that no disk is lost').waitFor();
  await shot(page, 'breach');
  await audit(page, 'breach');
  // Once for each kind: played on, it does not stop for the next of the same.
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await page.waitForFunction((at) => Number(document.querySelector('[data-time]').dataset.time) > at, at);
  errors.none();
});

test('a breach without an excuse is marked as one, in the inspector as under the stage', async () => {
  const { page, errors } = await site.open('?scenario=broken-ring&speed=20');
  await stopped(page);
  await verdict(page).getByRole('button', { name: 'Show why' }).click();
  const panel = page.getByRole('tabpanel', { name: 'Inspector' });
  await panel.getByRole('heading', { name: /^An invariant is broken/ }).waitFor();
  const marks = [panel.locator('.why .strong'), verdict(page)].map((place) => place.locator('svg use').first().getAttribute('href'));
  assert.deepEqual(await Promise.all(marks), ['#i-bad', '#i-bad']);
  assert.equal(await panel.getByText('excused').count(), 0);
  errors.none();
});

test('the cursor shows the verdict as of its moment, and the run stays fluent', async () => {
  const { page, errors } = await site.open('?scenario=drift-apart&autoplay=0');
  await until(page, 12);
  const count = () => verdict(page).locator('b .short').first().textContent();
  await page.waitForFunction(() => /^\d+ violations$/.test(document.querySelector('.verdict b .short').textContent));
  const late = Number.parseInt(await count(), 10);
  // Backwards the number only falls, to none at the start.
  let last = late;
  for (const share of [0.3, 0.2, 0.1]) {
    const box = await page.locator('.line-area').boundingBox();
    await page.mouse.click(box.x + 104 + (box.width - 124) * share, box.y + 8);
    await page.waitForTimeout(300);
    const now = await count();
    const number = now.startsWith('No') ? 0 : Number.parseInt(now, 10);
    assert.ok(number <= last, `${number} after ${last}`);
    last = number;
  }
  assert.ok(last < late);
  // Judged or not, pictures come on time: none takes a tenth of a second.
  await page.locator('body').press('Space');
  const worst = await page.evaluate(() => new Promise((done) => {
    const gaps = [];
    let before = performance.now();
    const each = (now) => {
      gaps.push(now - before);
      before = now;
      if (gaps.length < 120) requestAnimationFrame(each);
      else done(gaps.slice(5).sort((a, b) => b - a)[3]);
    };
    requestAnimationFrame(each);
  }));
  assert.ok(worst < 150, `${worst} ms`);
  errors.none();
});
