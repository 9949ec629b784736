// The verdict under the stage, the stop at a violation, and why it is one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { shot, suite } from './support.mjs';

const site = suite();
const audit = async (page) => assert.deepEqual((await new AxeBuilder({ page }).analyze()).violations.map((found) => found.id), []);
const stopped = (page) => page.locator('.clock small').filter({ hasText: 'paused on a violation' }).waitFor({ timeout: 30_000 });
const time = (page) => page.locator('[data-time]').first().getAttribute('data-time').then(Number);

test('a stale read stops the run, is explained, and travels in the link', async () => {
  // n1 is cut off by hand together with a client, and goes on acknowledging; n2 takes over.
  const { page, context, errors } = await site.open('?scenario=acknowledged-then-gone&autoplay=0');
  const verdict = page.getByRole('region', { name: 'Verdict' });
  await verdict.getByText('No violation in this run').waitFor();
  await verdict.getByText(/^[\d,]+ operations checked/).waitFor();
  await page.getByRole('slider', { name: 'Speed' }).fill('860');
  await page.locator('body').press('Space');
  await stopped(page);
  const at = await time(page);
  await verdict.getByText(/^Stale read at/).waitFor();
  await page.locator('.vbtn').first().waitFor();

  // Why, by keys alone.
  await verdict.getByRole('button', { name: 'Show why' }).focus();
  await page.keyboard.press('Enter');
  const why = page.getByRole('region', { name: 'Why is this a violation?' });
  await why.locator('.chain li').first().waitFor();
  const steps = await why.locator('.chain li').allInnerTexts();
  assert.ok(steps.length >= 3, steps.join());
  assert.match(steps.at(-2), /read k\d+ = /);
  assert.match(steps.at(-1), /^No order explains/);
  assert.equal(await page.getByRole('button', { name: 'Back to stage' }).evaluate((back) => back === document.activeElement), true);
  const drawing = page.getByRole('region', { name: 'Operations around the violation' });
  assert.equal(await drawing.getByRole('img').count(), 1);
  assert.equal(await drawing.getByRole('button').count(), steps.length - 1);
  await shot(page, 'witness');
  await audit(page);

  // Its marks lead to its operations, on the drawing, in the sentences and on the time line; back leads back.
  await drawing.getByRole('button').first().click();
  await page.waitForFunction((at) => Number(document.querySelector('[data-time]').dataset.time) < at, at);
  const first = await time(page);
  await verdict.getByText('No violation in this run').waitFor();
  await page.locator('.wbtn').nth(1).click();
  await page.waitForFunction((first) => Number(document.querySelector('[data-time]').dataset.time) > first, first);
  await why.getByRole('button', { name: /^Go to 1, / }).click();
  await page.waitForFunction((first) => Number(document.querySelector('[data-time]').dataset.time) === first, first);
  await page.getByRole('button', { name: /^Jump to / }).click();
  await page.waitForFunction((at) => Number(document.querySelector('[data-time]').dataset.time) === at, at);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Show why' }).waitFor();
  assert.equal(await why.count(), 0);

  // Back before it there was nothing to explain; the mark on the time line leads there again.
  await page.getByRole('slider', { name: 'Time line' }).focus();
  await page.keyboard.press('Home');
  await verdict.getByText('No violation in this run').waitFor();
  await page.locator('.vbtn').first().click();
  await page.waitForFunction((at) => Number(document.querySelector('[data-time]').dataset.time) === at, at);
  await verdict.getByText(/^Stale read at/).waitFor();

  // Whoever opens the link sees the same verdict at the same moment.
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  const link = await page.getByRole('textbox', { name: 'Link' }).inputValue();
  const other = await context.newPage();
  await other.goto(link);
  await other.getByRole('region', { name: 'Verdict' }).getByText(/^Stale read at/).waitFor();
  assert.equal(await time(other), at);
  errors.none();
});

test('the run stops once for a kind of violation, and goes on', async () => {
  const { page, errors } = await site.open('?scenario=acknowledged-then-gone&speed=20');
  await stopped(page);
  const first = await time(page);
  await page.locator('body').press('Space');
  await page.waitForFunction((first) => Number(document.querySelector('[data-time]').dataset.time) > first + 4e9, first);
  errors.none();
});

test('taking the cause out makes the run, and its verdict, anew', async () => {
  const { page, errors } = await site.open('?scenario=acknowledged-then-gone&speed=20');
  await stopped(page);
  await page.locator('.fbtn').first().focus();
  await page.keyboard.press('Delete');
  const verdict = page.getByRole('region', { name: 'Verdict' });
  await verdict.getByText('No violation in this run').waitFor();
  assert.equal(await page.locator('.vbtn').count(), 0);
  await page.keyboard.press('Control+z');
  await verdict.getByText(/^Stale read at/).waitFor();
  errors.none();
});

test('on a phone the reason opens as a sheet', async () => {
  const { page, errors } = await site.open('?scenario=fast-clock&speed=10', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: 'light' });
  await page.getByRole('button', { name: 'Show why' }).waitFor({ timeout: 30_000 });
  assert.equal(await page.locator('.strip .vmark').count(), 1, 'the strip shows when it was');
  await page.getByRole('button', { name: 'Show why' }).tap();
  await page.getByRole('heading', { name: 'Why is this a violation?' }).waitFor();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.equal(wide, 0);
  await shot(page, 'witness-phone');
  await audit(page);
  errors.none();
});

test('what is typed at one node is read at another, and travels in the link', async () => {
  const { page, context, errors } = await site.open('?scenario=drift-apart&autoplay=0');
  const at = async (node, line) => {
    await page.locator(`.nodes [data-name=${node}]`).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: new RegExp(`^Ask ${node}:`) }).fill(line);
    await page.keyboard.press('Enter');
  };
  const play = async (seconds) => {
    const goal = await time(page) + seconds * 1e9;
    await page.getByRole('slider', { name: 'Time line' }).focus();
    while (await time(page) < goal) await page.keyboard.press('ArrowRight');
  };
  await at('n1', 'put x 1');
  await play(1);
  const answers = page.getByRole('list', { name: /^Answers/ });
  await answers.getByText(/^c\d wrote x = 1, acknowledged$/).waitFor();
  await at('n1', 'get x');
  await play(1);
  await answers.getByText(/^c\d read x = 1$/).waitFor();
  // Anti-entropy brings it to the others.
  await play(4);
  await at('n3', 'get x');
  await play(1);
  await page.waitForFunction(() => document.querySelectorAll('.console li').length === 3);
  await shot(page, 'console');
  await audit(page);

  await at('n3', 'drop table');
  await page.getByText(/^Try put x 1/).waitFor();

  await page.getByRole('button', { name: 'Share', exact: true }).click();
  const link = await page.getByRole('textbox', { name: 'Link' }).inputValue();
  const other = await context.newPage();
  await other.goto(link);
  await other.locator('.nodes [data-name=n1]').focus();
  await other.keyboard.press('Enter');
  await other.waitForFunction(() => document.querySelectorAll('.console li').length === 3);
  errors.none();
});

test('on a phone a touch tells all of a cell, and a scenario says at first what it is about', async () => {
  const { page, errors } = await site.open('?scenario=minority-leader&autoplay=0', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const toast = page.locator('.toast');
  const notes = page.getByRole('note', { name: 'Notes' });
  assert.match(await notes.innerText(), /^At 5 s a partition/);
  await notes.getByRole('button', { name: 'Close the notes' }).tap();
  await notes.waitFor({ state: 'detached' });
  await page.locator('.verdict .whole').first().tap();
  await toast.getByText(/^No violation in this run\. \d+ operations checked, \d+ unknown\.$/).waitFor();
  await toast.getByRole('button', { name: 'Close' }).tap();
  await toast.waitFor({ state: 'detached' });
  // In a sentence that has no room in one line nothing is left out.
  const cut = await page.locator('.verdict p span').evaluateAll((all) => all.filter((words) => words.checkVisibility() && words.scrollHeight > words.clientHeight + 1).length);
  assert.equal(cut, 0);
  errors.none();
});
