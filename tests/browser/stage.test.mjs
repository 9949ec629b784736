// The stage under a hand: pan, zoom, moved nodes, the whole screen; with a pointer, the wheel, two fingers and keys.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shot, suite } from './support.mjs';

const site = suite();
const AT_REST = '?scenario=minority-leader&autoplay=0';

/** Middles of the nodes' buttons, by name, rounded. */
const places = (page) => page.evaluate(() => Object.fromEntries([...document.querySelectorAll('.nodes button')].map((button) => {
  const box = button.getBoundingClientRect();
  return [button.dataset.name, [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]];
})));

const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** Waits until the nodes stand where `done` says. */
async function until(page, done, why) {
  for (let at = 0; at < 40; at += 1) {
    const now = await places(page);
    if (done(now)) return now;
    await page.waitForTimeout(50);
  }
  return assert.fail(`${why}: ${JSON.stringify(await places(page))}`);
}

test('the wheel magnifies what is under the pointer, a drag moves the stage, and a key tidies it', async () => {
  const { page, errors } = await site.open(AT_REST);
  const first = await places(page);
  const [x, y] = first.n3;
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, -300);
  const near = await until(page, (now) => apart(now.n1, now.n3) > apart(first.n1, first.n3) * 1.7, 'magnified');
  assert.ok(apart(near.n3, first.n3) <= 2, `n3 stays under the pointer: ${near.n3} ${first.n3}`);
  // An empty place of the stage.
  const box = await page.locator('.stage canvas').first().boundingBox();
  await page.mouse.move(box.x + 120, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + 60, box.y + box.height / 2 - 30, { steps: 4 });
  await page.mouse.up();
  await until(page, (now) => apart(now.n3, [near.n3[0] - 60, near.n3[1] - 30]) <= 2, 'moved');
  await page.keyboard.press('0');
  await until(page, (now) => apart(now.n1, first.n1) <= 1 && apart(now.n3, first.n3) <= 1, 'tidy');
  errors.none();
});

test('a node is moved by a drag and by Alt with arrows, and is still looked into by a click', async () => {
  const { page, errors } = await site.open(AT_REST);
  const first = await places(page);
  await page.mouse.move(...first.n2);
  await page.mouse.down();
  await page.mouse.move(first.n2[0] + 80, first.n2[1] - 40, { steps: 5 });
  await page.mouse.up();
  const moved = await until(page, (now) => apart(now.n2, [first.n2[0] + 80, first.n2[1] - 40]) <= 2, 'dragged');
  assert.deepEqual(moved.n3, first.n3);
  assert.equal(await page.getByRole('tab', { name: 'Inspector' }).getAttribute('aria-selected'), 'false', 'a drag is no click');
  await page.locator('.nodes button[data-name=n2]').focus();
  await page.keyboard.press('Alt+ArrowRight');
  const pushed = await until(page, (now) => now.n2[0] > moved.n2[0] + 8, 'pushed');
  await page.mouse.click(...pushed.n2);
  await page.getByRole('tab', { name: 'Inspector', selected: true }).waitFor();
  await shot(page, 'moved-node');
  await page.getByRole('button', { name: 'Tidy and fit' }).click();
  await until(page, (now) => apart(now.n2, first.n2) <= 1, 'tidy');
  errors.none();
});

test('two fingers magnify and move', async () => {
  const { page, errors } = await site.open(AT_REST, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const first = await places(page);
  const box = await page.locator('.stage canvas').first().boundingBox();
  const middle = [box.x + box.width / 2, box.y + box.height / 2];
  const session = await page.context().newCDPSession(page);
  const touch = (type, by) => session.send('Input.dispatchTouchEvent', {
    type,
    touchPoints: type === 'touchEnd' ? [] : [{ x: middle[0] - by, y: middle[1], id: 0 }, { x: middle[0] + by, y: middle[1], id: 1 }],
  });
  await touch('touchStart', 40);
  for (let by = 45; by <= 80; by += 5) await touch('touchMove', by);
  await touch('touchEnd', 0);
  await until(page, (now) => Math.abs(apart(now.n1, now.n3) / apart(first.n1, first.n3) - 2) < 0.15, 'twice as large');
  errors.none();
});

test('the stage takes the whole page and gives it back', async () => {
  const { page, errors } = await site.open(AT_REST);
  const width = () => page.locator('.stage').evaluate((stage) => stage.clientWidth);
  const before = await width();
  await page.getByRole('button', { name: 'Full screen' }).click();
  await page.waitForFunction((was) => document.querySelector('.stage').clientWidth > was * 1.4, before);
  await page.getByRole('button', { name: 'Full screen' }).click();
  await page.waitForFunction((was) => document.querySelector('.stage').clientWidth === was, before);
  errors.none();
});

test('the line of a partition is drawn, and one end of it dragged elsewhere', async () => {
  const { page, errors } = await site.open(AT_REST);
  const box = await page.locator('.stage canvas').first().boundingBox();
  const now = await places(page);
  const drag = async (from, to) => {
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2, { steps: 3 });
    await page.mouse.move(...to, { steps: 3 });
    await page.mouse.up();
  };
  // Between n1, n2 at the left and n3, n5 to the right of them, from top to bottom.
  const x = (now.n1[0] + now.n3[0]) / 2;
  const top = [x, box.y + 60];
  const bottom = [x, box.y + box.height - 110];
  await page.keyboard.press('p');
  await drag(top, bottom);
  await page.keyboard.press('Escape');
  const cut = page.locator('button[data-fault="1"]');
  assert.match(await cut.getAttribute('aria-label'), /n1 n2 c2 c4/);
  // Its lower end to the far side of n3, which is with them now.
  await drag(bottom, [(now.n3[0] + now.n4[0]) / 2, bottom[1]]);
  // The smaller side is named.
  await page.waitForFunction(() => /n4 n5 c1 c3/.test(document.querySelector('button[data-fault="1"]').ariaLabel));
  await shot(page, 'dragged-cut');
  errors.none();
});

test('on a low stage legend and tools lie over no node, whatever the algorithm', async () => {
  const { page, errors } = await site.open(AT_REST, { viewport: { width: 900, height: 700 } });
  const covered = () => page.evaluate(() => {
    const over = ['.legend', '.palette'].map((which) => document.querySelector(which).getBoundingClientRect());
    const nodes = [...document.querySelectorAll('.nodes button')];
    return nodes.filter((node) => {
      const box = node.getBoundingClientRect();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      return over.some((one) => x > one.left && x < one.right && y > one.top && y < one.bottom);
    }).map((node) => node.dataset.name);
  });
  for (const algorithm of ['raft', 'etcd', 'zookeeper']) {
    await page.getByRole('combobox', { name: 'Algorithm' }).selectOption(algorithm);
    await page.waitForFunction((id) => document.querySelector('[aria-label=Algorithm]').value === id, algorithm);
    await page.waitForTimeout(600);
    assert.deepEqual(await covered(), [], algorithm);
  }
  errors.none();
});
