// What can be done to a node, a link or a message: by the right button, a long press, and the menu key.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { shot, suite } from './support.mjs';

const site = suite();
const AT_REST = '?scenario=minority-leader&autoplay=0';

const node = (page, name) => page.locator(`.nodes button[data-name=${name}]`);
const middle = async (page, name) => {
  const box = await node(page, name).boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
};
const down = (page, name) => page.waitForFunction((which) => /crashed/i.test(document.querySelector(`.nodes [data-name=${which}]`).ariaLabel), name);

test('the right button offers what fits a node, and a link, and it happens', async () => {
  const { page, errors } = await site.open(AT_REST);
  await page.mouse.click(...await middle(page, 'n3'), { button: 'right' });
  const menu = page.getByRole('menu', { name: 'n3' });
  await menu.waitFor();
  await shot(page, 'menu');
  assert.deepEqual((await new AxeBuilder({ page }).analyze()).violations, []);
  await menu.getByRole('menuitem', { name: 'Crash', exact: true }).click();
  await down(page, 'n3');
  assert.equal(await page.getByRole('menu').count(), 0);
  // What is down can be brought back.
  await page.mouse.click(...await middle(page, 'n3'), { button: 'right' });
  await page.getByRole('menuitem', { name: 'Restart' }).waitFor();
  assert.equal(await page.getByRole('menuitem', { name: 'Pause' }).count(), 0);
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('menu').count(), 0);
  // Halfway between two nodes, where no message is.
  const [a, b] = [await middle(page, 'n4'), await middle(page, 'n5')];
  const between = [a[0] * 0.4 + b[0] * 0.6, a[1] * 0.4 + b[1] * 0.6];
  await page.mouse.click(...between, { button: 'right' });
  await page.getByRole('menu', { name: /Link n4 – n5/ }).waitFor();
  await page.getByRole('menuitem', { name: 'Look into it' }).click();
  const panel = page.getByRole('tabpanel');
  await panel.getByText('n4 to n5').waitFor();
  await panel.getByRole('button', { name: 'Cut', exact: false }).first().click();
  await panel.getByText(/cut/).first().waitFor();
  await shot(page, 'link');
  errors.none();
});

test('a message on its way is dropped by its menu', async () => {
  const { page, errors } = await site.open(AT_REST);
  // The stage says where its messages are by what a click on them finds: try along the links of the leader, all of which end there.
  const drop = page.getByRole('menuitem', { name: /Drop/ });
  const leader = await middle(page, 'n1');
  const along = async name => {
    const end = await middle(page, name);
    const length = Math.hypot(end[0] - leader[0], end[1] - leader[1]);
    for (let way = 45; way < length - 45; way += 6) {
      const share = way / length;
      await page.mouse.click(leader[0] + (end[0] - leader[0]) * share, leader[1] + (end[1] - leader[1]) * share, { button: 'right' });
      if (await drop.count()) return true;
      await page.keyboard.press('Escape');
    }
    return false;
  };
  let found = false;
  for (const name of ['c3', 'c1', 'c2', 'c4', 'n2', 'n3', 'n4', 'n5']) found ||= await along(name);
  assert.ok(found, 'no message anywhere on a link of the leader');
  await drop.click();
  await page.getByRole('button', { name: /^Fault: Drop/ }).waitFor();
  errors.none();
});

test('the menu key opens it on the node in focus; arrows walk, Escape gives the focus back', async () => {
  const { page, errors } = await site.open(AT_REST);
  await node(page, 'n2').focus();
  await page.keyboard.press('Shift+F10');
  await page.getByRole('menu', { name: 'n2' }).waitFor();
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  assert.equal(await focused(), 'Look into it');
  await page.keyboard.press('ArrowDown');
  const second = await focused();
  assert.notEqual(second, 'Look into it');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.activeElement.dataset.name === 'n2');
  await page.keyboard.press('Shift+F10');
  await page.getByRole('menuitem', { name: 'Crash', exact: true }).focus();
  await page.keyboard.press('Enter');
  await down(page, 'n2');
  errors.none();
});

test('a finger that rests on a node opens it', async () => {
  const { page, errors } = await site.open(AT_REST, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const [x, y] = await middle(page, 'n5');
  const session = await page.context().newCDPSession(page);
  await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y, id: 0 }] });
  await page.getByRole('menu', { name: 'n5' }).waitFor();
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await shot(page, 'menu-phone');
  await page.getByRole('menuitem', { name: 'Crash', exact: true }).tap();
  await down(page, 'n5');
  errors.none();
});
