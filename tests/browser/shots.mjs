// Pictures of the page for a person to look at, in tests/browser/shots/, and the README's among them:
// `cargo xtask shots`. Arguments are names; without any, all are taken.

import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BASE, ready, startBrowser, startServer } from './support.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = join(here, 'shots');
const README = 'raft-partition';

const LESSON = `<!doctype html><meta charset="utf-8"><title>A lesson</title>
  <body style="margin:0 auto;width:720px;background:#fbfaf6;color:#22211d;font:17px/1.6 Georgia,serif">
  <h2>6.3 Two leaders, one log</h2>
  <p>A partition can leave the old leader running. Press play, then watch which of the two can still fill its log with
  solid cells. Why does the other one stop at the dashed cell?</p>
  <iframe sandbox="allow-scripts" width="720" height="420" style="border:1px solid #c9c9c1;border-radius:8px"
    src="${BASE}?embed=1&theme=light&scenario=minority-leader"></iframe>
  <p>The left side holds two replicas of five. Its leader may append, but an entry counts only once three replicas store
  it, so nothing there is ever acknowledged.</p>`;

/** To an instant, and then on for a little, so that something is under way. */
const at = (seconds, inside = (page) => page) => async (whole) => {
  const page = inside(whole);
  const line = page.getByRole('slider', { name: 'Time line' });
  const play = page.locator('.play');
  if (await play.getAttribute('aria-label') === 'Pause') await play.click();
  const now = async () => Number(await line.getAttribute('aria-valuenow'));
  await line.focus();
  await whole.keyboard.press('Home');
  await page.waitForFunction(() => document.querySelector('[aria-label="Time line"]').getAttribute('aria-valuenow') === '0.000');
  while (await now() < seconds - 0.001) {
    await whole.keyboard.press('ArrowRight');
    await page.waitForTimeout(30);
  }
  await play.click();
  await page.waitForTimeout(600);
  await play.click();
  await page.evaluate(() => document.activeElement.blur());
  await whole.mouse.move(0, 0);
};

const then = (...acts) => async (page) => {
  for (const act of acts) await act(page);
};
const click = (role, name) => (page) => page.getByRole(role, { name, exact: true }).first().click();
const node = (name) => async (page) => {
  const box = await page.locator(`.nodes [data-name="${name}"]`).boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
};
const wait = (page) => page.waitForTimeout(1500);

const RAFT = '?scenario=minority-leader';
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

/** Name, what the address says, what is done, and how the window is. */
const SHOTS = [
  ['raft-partition', RAFT, at(8.4)],
  ['raft-partition-light', RAFT, at(8.4), { colorScheme: 'light' }],
  ['sharding-ring', '?scenario=one-more-shard', at(9)],
  ['load-balancing', '?scenario=slow-backend', at(13)],
  ['load-balancing-light', '?scenario=slow-backend', at(13), { colorScheme: 'light' }],
  ['replication', '?scenario=acknowledged-then-gone', at(5)],
  ['gossip', '?scenario=drift-apart', at(6)],
  ['first-visit', '', wait, { first: true }],
  ['first-visit-light', '', wait, { first: true, colorScheme: 'light' }],
  ['first-visit-phone', '', wait, { first: true, ...PHONE }],
  ['embed', null, at(8.4, (page) => page.frames()[1]), { viewport: { width: 840, height: 740 }, colorScheme: 'light' }],
  ['mobile', RAFT, at(8.4), PHONE],
  ['mobile-metrics', RAFT, then(at(8.4), click('button', 'Metrics'), wait), PHONE],
  ['inspector', RAFT, then(at(8.4), node('n1'), wait)],
  ['events', RAFT, then(at(8.4), click('tab', 'Events'), wait)],
  ['why', '?scenario=acknowledged-then-gone', then(at(12), click('button', 'Show why'), wait)],
  ['why-light', '?scenario=acknowledged-then-gone', then(at(12), click('button', 'Show why'), wait), { colorScheme: 'light' }],
  ['why-phone', '?scenario=acknowledged-then-gone', then(at(12), click('button', 'Show why'), wait), PHONE],
  ['given-up', '?scenario=drift-apart', then(at(16), click('button', 'What it cost'), wait, wait, wait)],
  ['try-a-copy', '?scenario=try-a-copy', at(2.3)],
  ['gallery', RAFT, then(click('button', 'Gallery'), wait)],
  ['share', RAFT, then(at(8.4), click('button', 'Share'), wait)],
  ['forced-colours', RAFT, at(8.4), { forcedColors: 'active' }],
  ['zoom-200', RAFT, at(8.4), { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 }],
];

const wanted = process.argv.slice(2);
const server = await startServer({ '/lesson.html': LESSON });
const browser = await startBrowser();
mkdirSync(folder, { recursive: true });
for (const [name, where, act, { first = false, ...options } = {}] of SHOTS) {
  if (wanted.length && !wanted.includes(name)) continue;
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark', ...options });
  if (!first && where !== null) await context.addInitScript(() => localStorage.setItem('netsplit-known', '1'));
  const page = await context.newPage();
  await page.goto(where === null ? `${server.origin}/lesson.html` : server.url + where);
  await ready(where === null ? page.frames()[1] : page);
  await act(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  console.log(name);
  if (name === README) copyFileSync(join(folder, `${name}.png`), join(here, '../../static/picture.png'));
  await context.close();
}
await browser.close();
await server.close();
