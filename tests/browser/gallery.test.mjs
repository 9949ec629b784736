// The gallery: found by words and by pattern, opened by keys.

import assert from 'node:assert/strict';
import test from 'node:test';
import { suite } from './support.mjs';

const site = suite();

test('a scenario is found by words, by pattern, and opened by keys', async () => {
  const { page, errors } = await site.open();
  await page.locator('body').press('/');
  const dialog = page.getByRole('dialog', { name: 'Gallery' });
  const field = dialog.getByRole('searchbox');
  await page.waitForFunction(() => document.activeElement.type === 'search');
  const cards = dialog.locator('.card');
  const all = await cards.count();
  await page.keyboard.type('raft majority');
  await page.waitForFunction((all) => document.querySelectorAll('.card').length < all, all);
  for (const card of await cards.all()) {
    const text = (await card.textContent()).toLowerCase();
    assert.ok(text.includes('raft') && text.includes('majority'), text);
  }
  await field.fill('no scenario has this word: xyzzy');
  await dialog.getByText('No scenario has all these words.').waitFor();
  await field.fill('');
  await dialog.getByRole('group', { name: 'Pattern' }).getByRole('button', { name: /^Shard/ }).click();
  const shards = await cards.count();
  assert.ok(shards > 0 && shards < all, `${shards} of ${all}`);
  await cards.first().focus();
  const title = await cards.first().locator('b').textContent();
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  assert.match(await page.getByRole('banner').textContent(), new RegExp(title.slice(0, 20)));
  errors.none();
});

test('on a phone the gallery keeps to the screen', async () => {
  const { page, errors } = await site.open('', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  await page.getByRole('button', { name: 'Gallery' }).first().tap();
  for (const part of await page.locator('.dlg, .dlg .card, .dlg .field').all()) {
    const box = await part.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 390, JSON.stringify(box));
  }
  errors.none();
});
