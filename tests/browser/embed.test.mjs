// The page as a part of another one: in a sandboxed frame on another origin, where storage throws; still until it is
// asked, and while nobody can see it; it takes no keys before it has the focus.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BASE, ready, shot, startServer, suite } from './support.mjs';

const site = suite();
let host;

/** A course's page on an origin of its own, with the embed some way down and a field of its own. */
const lesson = (query, attributes = 'sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox"') => `<!doctype html><meta charset="utf-8">
  <title>A lesson</title><h1>Two leaders, one log</h1><input aria-label="Answer">
  <iframe ${attributes} src="${site.server.url}${query}" width="720" height="420"></iframe><div style="height:3000px"></div>`;

before(async () => {
  host = await startServer({
    '/lesson': '', '/plays': '', '/light': '', '/odd': '',
  });
  host.extra['/lesson'] = lesson('?embed=1&scenario=minority-leader');
  host.extra['/plays'] = lesson('?embed=1&scenario=minority-leader&autoplay=1&speed=0.2');
  host.extra['/light'] = lesson('?embed=1&scenario=slow-backend&theme=light');
  host.extra['/odd'] = lesson('?embed=1&theme=pink&controls=perhaps&speed=fast');
});
after(() => host?.close());

const open = async (path, options) => {
  const opened = await site.page(options);
  await opened.page.goto(host.origin + path);
  const frame = opened.page.frames().find((candidate) => candidate.url().includes(BASE));
  assert.ok(frame, 'the frame has opened the page');
  await ready(frame);
  return { ...opened, frame };
};

const now = async (frame) => Number(await frame.getByRole('slider', { name: 'Time line' }).getAttribute('aria-valuenow'));
const waits = (page) => page.waitForTimeout(700);

test('it waits until it is asked, in a sandbox where storage throws', async () => {
  const { page, frame, errors } = await open('/lesson');
  const storage = await frame.evaluate(() => {
    try {
      return String(localStorage.length);
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(storage, 'SecurityError');
  await frame.getByRole('heading', { level: 1, name: /Two leaders/ }).waitFor();
  const before = await now(frame);
  await waits(page);
  assert.equal(await now(frame), before);
  await frame.getByRole('button', { name: 'Play', exact: true }).click();
  await frame.waitForFunction((since) =>
    Number(document.querySelector('[aria-label="Time line"]').getAttribute('aria-valuenow')) > since, before);
  await frame.getByRole('button', { name: 'Faults' }).click();
  await frame.locator('.palette [data-tool=crash]').click();
  await frame.locator('.nodes [data-name=n1]').press('Enter');
  await frame.locator('.verdict .short', { hasText: '1 node down' }).waitFor();
  await shot(page, 'embed');
  errors.none();
});

test('it stands still while nobody can see it, and goes on when somebody can', async () => {
  const { page, frame, errors } = await open('/plays');
  const start = await now(frame);
  await frame.waitForFunction((since) =>
    Number(document.querySelector('[aria-label="Time line"]').getAttribute('aria-valuenow')) > since, start);
  assert.equal(await frame.getByRole('combobox', { name: 'Speed' }).inputValue(), '0.2');
  await page.evaluate(() => scrollTo(0, 2000));
  await waits(page);
  const hidden = await now(frame);
  await waits(page);
  assert.equal(await now(frame), hidden, 'it stands still');
  await page.evaluate(() => scrollTo(0, 0));
  await frame.waitForFunction((since) =>
    Number(document.querySelector('[aria-label="Time line"]').getAttribute('aria-valuenow')) > since, hidden);
  // What it missed it does not make up for.
  assert.ok(await now(frame) < hidden + 0.5);
  errors.none();
});

test('it takes no keys until it has the focus', async () => {
  const { page, frame, errors } = await open('/lesson');
  const playing = () => frame.locator('[data-playing]').getAttribute('data-playing');
  const field = page.getByRole('textbox', { name: 'Answer' });
  await field.focus();
  await page.keyboard.type('c x 1');
  await page.keyboard.press('Space');
  assert.equal(await field.inputValue(), 'c x 1 ');
  assert.equal(await playing(), 'false');
  // A key that goes to the frame but to nothing in it is the host's: the page scrolls.
  await frame.evaluate(() => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: ' ', bubbles: true, cancelable: true })));
  assert.equal(await playing(), 'false');
  await frame.getByRole('slider', { name: 'Time line' }).focus();
  await page.keyboard.press('Space');
  await frame.locator('[data-playing=true]').waitFor();
  errors.none();
});

test('"Open in netsplit" opens the same run at the same moment', async () => {
  const { page, frame, context, errors } = await open('/lesson');
  await frame.getByRole('button', { name: 'Play', exact: true }).click();
  await waits(page);
  await frame.getByRole('button', { name: 'Pause', exact: true }).click();
  const moment = await now(frame);
  const opens = context.waitForEvent('page');
  await frame.getByRole('link', { name: 'Open in netsplit' }).click();
  const other = await opens;
  await ready(other);
  assert.match(other.url(), /#s=1\./);
  await other.getByRole('complementary', { name: 'Analysis' }).waitFor();
  assert.equal(await now(other), moment);
  errors.none();
});

test('it follows ?theme=, else the system', async () => {
  const ground = (frame) => frame.evaluate(() => getComputedStyle(document.querySelector('.stage')).backgroundColor);
  const light = await open('/light', { colorScheme: 'dark' });
  assert.equal(await ground(light.frame), 'rgb(255, 255, 255)');
  const system = await open('/lesson', { colorScheme: 'dark' });
  assert.equal(await ground(system.frame), 'rgb(12, 14, 16)');
  await system.page.emulateMedia({ colorScheme: 'light' });
  assert.equal(await ground(system.frame), 'rgb(255, 255, 255)');
  const pixel = () => system.frame.evaluate(() =>
    [...document.querySelector('.stage canvas').getContext('2d').getImageData(4, 4, 1, 1).data].join());
  await system.page.waitForTimeout(200);
  assert.equal(await pixel(), '255,255,255,255', 'the canvas as well');
});

test('wishes that are not understood are named on the console and do nothing', async () => {
  const { frame, errors } = await open('/odd');
  await frame.getByRole('button', { name: 'Play', exact: true }).waitFor();
  const said = errors.heard.join('\n');
  for (const name of ['theme', 'controls', 'speed']) assert.match(said, new RegExp(`warning: netsplit: \\?${name}=`));
  errors.none(/is not understood/);
});

test('controls, editing and panels can be left out or put in', async () => {
  const bare = await site.open('?embed=1&scenario=slow-backend&controls=0&editable=0', { viewport: { width: 480, height: 320 } });
  assert.ok(await bare.page.getByRole('button', { name: 'Play', exact: true }).isVisible());
  assert.equal(await bare.page.getByRole('slider', { name: 'Time line' }).isVisible(), false);
  assert.equal(await bare.page.getByRole('button', { name: 'Faults' }).count(), 0);
  await bare.page.locator('.play').focus();
  await bare.page.keyboard.press('c');
  await bare.page.waitForTimeout(200);
  assert.equal(await bare.page.locator('.aimbar').count(), 0, 'no tool is armed');
  const panels = await site.open('?embed=1&scenario=slow-backend&panels=events', { viewport: { width: 720, height: 420 } });
  assert.equal(await panels.page.getByRole('tabpanel').isVisible(), false);
  await panels.page.getByRole('button', { name: 'Analysis' }).click();
  await panels.page.getByRole('tabpanel', { name: 'Events' }).waitFor();
  bare.errors.none();
  panels.errors.none();
});

test('after loading it asks the network for nothing', async () => {
  const { page, frame } = await open('/plays');
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  await frame.getByRole('button', { name: 'Faults' }).click();
  await waits(page);
  assert.deepEqual(requests, []);
});
