// Every hand and every eye: audits by axe, small and magnified windows, forced colours, reduced motion, loading
// without a jolt, and whole sessions by keyboard and by touch.

import assert from 'node:assert/strict';
import test from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { ready, shot, suite } from './support.mjs';

const site = suite();
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const RAFT = '?scenario=minority-leader';

/** The cursor in seconds. */
const now = async (page) => Number(await page.getByRole('slider', { name: 'Time line' }).getAttribute('aria-valuenow'));

const pause = async (page) => {
  const button = page.getByRole('contentinfo').getByRole('button', { name: 'Pause', exact: true });
  if (await button.count()) await button.click();
};

/** Nothing that axe finds, with what it says about it. */
const audit = async (page, where) => {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, help, nodes }) =>
    `${where}: ${id} (${help})\n${nodes.slice(0, 4).map((node) => `  ${node.target} ${node.html.slice(0, 160)}`).join('\n')}`);
  assert.equal(found.join('\n'), '');
};

/** Nothing is wider than the window, and no control hangs out of it. */
const fits = async (page, where) => {
  const found = await page.evaluate(() => {
    const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const scrolls = (element) => {
      for (let at = element.parentElement; at; at = at.parentElement) {
        if (/auto|scroll/.test(getComputedStyle(at).overflowX) && at.scrollWidth > at.clientWidth) return true;
      }
      return false;
    };
    const out = [...document.querySelectorAll('button,a,input,select,h1')].filter((element) => {
      const box = element.getBoundingClientRect();
      return seen(element) && box.width > 0 && !element.closest('.nodes') && !scrolls(element)
        && (box.left < -1 || box.right > innerWidth + 1 || box.top < -1);
    });
    return { wide: document.documentElement.scrollWidth - innerWidth, out: out.map((element) => element.outerHTML.slice(0, 120)) };
  });
  assert.deepEqual(found, { wide: 0, out: [] }, where);
};

for (const theme of ['dark', 'light']) {
  test(`axe finds nothing: the whole page, ${theme}`, async () => {
    const { page, errors } = await site.open(`${RAFT}&theme=${theme}`);
    await page.waitForTimeout(500);
    await pause(page);
    await audit(page, 'metrics');
    await page.getByRole('tab', { name: 'Inspector' }).click();
    await audit(page, 'inspector, empty');
    await page.locator('.nodepick button').first().click();
    await audit(page, 'inspector, a node');
    await page.locator('.fbtn').first().click();
    await audit(page, 'inspector, a fault');
    await page.getByRole('tab', { name: 'Events' }).click();
    await audit(page, 'events');
    await page.locator('.palette [data-tool=slow]').click();
    await audit(page, 'an armed tool');
    for (const name of ['Gallery', 'Share', 'Help and keyboard shortcuts', 'More']) {
      await page.getByRole('button', { name, exact: true }).first().click();
      await page.getByRole('dialog').waitFor();
      await audit(page, name);
      await page.keyboard.press('Escape');
    }
    await page.goto(`${site.server.url}?theme=${theme}#s=1.AAAA.00000000`);
    await page.reload();
    await page.getByRole('alertdialog').waitFor();
    await audit(page, 'a bad link');
    errors.none();
  });

  test(`axe finds nothing: every pattern, first visit, embed and phone, ${theme}`, async () => {
    const colorScheme = theme;
    const visitor = await site.open('', { first: true, colorScheme });
    await visitor.page.getByRole('button', { name: 'Slow b4 down' }).waitFor();
    await audit(visitor.page, 'first visit');
    const small = await site.open('', { first: true, colorScheme, ...PHONE });
    await audit(small.page, 'first visit, phone');
    const embed = await site.open(`?embed=1&scenario=minority-leader&panels=metrics&theme=${theme}`, { viewport: { width: 720, height: 420 } });
    await audit(embed.page, 'embed');
    await embed.page.getByRole('button', { name: 'Faults' }).click();
    await audit(embed.page, 'embed, faults');
    await embed.page.getByRole('button', { name: 'Analysis' }).click();
    await audit(embed.page, 'embed, a panel');
    for (const scenario of ['slow-backend', 'one-more-shard', 'acknowledged-then-gone', 'drift-apart']) {
      const { page } = await site.open(`?scenario=${scenario}`, { colorScheme });
      await pause(page);
      await audit(page, scenario);
      await page.close();
    }
    const { page } = await site.open(RAFT, { colorScheme, ...PHONE });
    await pause(page);
    await audit(page, 'phone');
    for (const name of ['Setup', 'Metrics', 'Events']) {
      await page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name }).click();
      await page.waitForTimeout(400);
      await audit(page, `phone, ${name}`);
      await fits(page, `phone, ${name}`);
    }
    for (const { errors } of [visitor, small, embed]) errors.none();
  });
}

test('nothing is cut off at 320 px, at 200 % and in an embed as small as they come', async () => {
  for (const [width, height, where] of [[320, 640, RAFT], [320, 640, ''], [720, 450, RAFT], [720, 450, ''],
    [844, 390, RAFT], [480, 320, '?embed=1&scenario=minority-leader'], [320, 240, '?embed=1&scenario=slow-backend']]) {
    const { page, errors } = await site.open(where, { viewport: { width, height }, deviceScaleFactor: 2, first: where === '' });
    await page.waitForTimeout(400);
    await fits(page, `${width} x ${height} ${where}`);
    assert.ok(await page.locator('.play').isVisible());
    if (where.includes('embed')) assert.ok(await page.getByRole('link', { name: 'Open in netsplit' }).isVisible());
    errors.none();
    await page.close();
  }
});

test('targets are large enough: 28 px, and 44 on a phone', async () => {
  const small = (page, least) => page.evaluate((least) => [...document.querySelectorAll('button,select,input')]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.nodes,.line-area,[role=switch]'))
    .filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 1 && (box.height < least - 0.5 || box.width < least - 0.5);
    }).map((element) => `${element.className} ${element.getAttribute('aria-label') ?? element.textContent.slice(0, 30)} ${element.offsetWidth}x${element.offsetHeight}`), least);
  const wide = await site.open(RAFT);
  assert.deepEqual(await small(wide.page, 28), []);
  const phone = await site.open(RAFT, PHONE);
  assert.deepEqual(await small(phone.page, 44), []);
});

test('colours that the system chooses reach the canvas', async () => {
  const { page, errors } = await site.open(RAFT, { forcedColors: 'active', colorScheme: 'light' });
  await page.waitForTimeout(300);
  const seen = await page.evaluate(() => {
    const canvas = document.querySelector('.stage canvas');
    const [r, g, b] = canvas.getContext('2d').getImageData(4, 4, 1, 1).data;
    const probe = document.body.appendChild(document.createElement('p'));
    probe.style.backgroundColor = 'Canvas';
    return { stage: `rgb(${r}, ${g}, ${b})`, system: getComputedStyle(probe).backgroundColor };
  });
  assert.equal(seen.stage, seen.system);
  await shot(page, 'forced-colours');
  errors.none();
});

test('with reduced motion it goes event by event, at most four a second', async () => {
  const { page, errors } = await site.open(RAFT, { reducedMotion: 'reduce' });
  const events = () => page.locator('[data-events]').first().getAttribute('data-events').then(Number);
  const [from, began] = [await events(), Date.now()];
  await page.waitForTimeout(2500);
  const [count, seconds] = [await events() - from, (Date.now() - began) / 1000];
  assert.ok(count >= 2 && count <= 4 * seconds + 2, `${count} events in ${seconds} s`);
  const moving = await page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0, 'nothing else moves');
  errors.none();
});

test('nothing jolts while it loads, the policy holds, and then the network is left alone', async () => {
  for (const options of [{}, { first: true }, PHONE]) {
    const { page, errors } = await site.page(options);
    await page.addInitScript(() => {
      globalThis.jolts = [];
      globalThis.violations = [];
      new PerformanceObserver((list) => globalThis.jolts.push(...list.getEntries().map((entry) => entry.value)))
        .observe({ type: 'layout-shift', buffered: true });
      document.addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(event.violatedDirective));
    });
    const response = await page.goto(site.server.url);
    assert.match(response.headers()['content-security-policy'], /style-src 'self'/);
    await ready(page);
    await page.waitForTimeout(500);
    const requests = [];
    page.on('request', (request) => requests.push(request.url()));
    await page.waitForTimeout(1500);
    const { jolts, violations } = await page.evaluate(() => ({ jolts: globalThis.jolts, violations: globalThis.violations }));
    assert.ok(jolts.reduce((sum, value) => sum + value, 0) < 0.01, jolts.join());
    assert.deepEqual(violations, []);
    assert.deepEqual(requests, []);
    errors.none();
    await page.close();
  }
});

test('the palette is one stop for Tab, and a crowd of nodes another; arrows walk', async () => {
  const { page, errors } = await site.open(RAFT);
  await pause(page);
  const stops = (selector) => page.locator(`${selector} button`).evaluateAll((all) => all.filter((one) => one.tabIndex === 0).length);
  assert.equal(await stops('.palette'), 1);
  await page.locator('.palette [tabindex="0"]').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('.palette [aria-pressed=true]').getAttribute('data-tool'), 'crash');
  assert.equal(await stops('.palette'), 1);
  await page.keyboard.press('Escape');
  // Five nodes are a stop each.
  assert.ok(await stops('.nodes') > 5);
  await page.getByRole('tab', { name: 'Converge' }).click();
  await page.getByRole('slider', { name: 'Nodes' }).focus();
  await page.keyboard.press('End');
  await page.waitForFunction(() => document.querySelector('.crowd'));
  assert.equal(await stops('.nodes'), 1);
  await page.locator('.nodes [tabindex="0"]').focus();
  const seen = new Set();
  for (const key of ['ArrowRight', 'ArrowDown', 'ArrowRight', 'ArrowDown', 'ArrowLeft']) {
    await page.keyboard.press(key);
    await page.waitForTimeout(150);
    seen.add(await page.evaluate(() => document.activeElement.dataset.name));
  }
  assert.ok(seen.size >= 3 && !seen.has(undefined), [...seen].join());
  // To the first and the last of them, not to the start of the run.
  const ends = {};
  for (const key of ['End', 'Home']) {
    await page.keyboard.press(key);
    await page.waitForTimeout(150);
    ends[key] = await page.evaluate(() => document.activeElement.dataset.name);
  }
  assert.equal(ends.Home, 'n1');
  assert.ok(ends.End && ends.End !== 'n1', ends.End);
  assert.ok(Number(await page.locator('[data-time]').first().getAttribute('data-time')) > 0);
  assert.equal(await stops('.nodes'), 1);
  errors.none();
});

test('the focus is never lost', async () => {
  const { page, errors } = await site.open('', { first: true });
  const button = page.getByRole('button', { name: 'Slow b4 down' });
  await button.focus();
  await page.evaluate(() => {
    window.nowhere = 0;
    document.addEventListener('focusout', (event) => { window.nowhere += event.relatedTarget ? 0 : 1; });
  });
  await page.keyboard.press('Enter');
  await button.waitFor({ state: 'detached' });
  // The rest of the page is made for the first time in between.
  await page.waitForFunction(() => document.activeElement.ariaLabel === 'Pause', undefined, { timeout: 2000 });
  assert.equal(await page.evaluate(() => window.nowhere), 0, 'not for a moment');
  await pause(page);
  const fault = page.getByRole('button', { name: /^Fault: Slow b4/ });
  await fault.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Delete');
  await fault.waitFor({ state: 'detached' });
  assert.notEqual(await page.evaluate(() => document.activeElement.tagName), 'BODY');
  errors.none();
});

test('the first visit: one thing to do, and the rest opens around the same run', async () => {
  const { page, errors } = await site.open('', { first: true });
  await page.getByRole('heading', { level: 1, name: 'Six servers share the work' }).waitFor();
  assert.equal(await page.getByRole('complementary', { name: 'Analysis' }).isVisible(), false);
  // Nothing but what the first picture needs is there yet, and the number is one that was measured.
  await page.waitForFunction(() => /[1-9]\d* ms/.test(document.querySelector('.watch').innerText), undefined, { timeout: 3000 });
  const [x, y] = await page.locator('.todo .btn').boundingBox().then((box) => [box.x, box.y + box.height / 2]);
  const node = await page.locator('.nodes [data-name=b4]').boundingBox();
  assert.ok(x > node.x && Math.abs(node.y + node.height / 2 - y) < 2, 'the button is beside its node');
  await shot(page, 'first-visit');
  const before = await now(page);
  await page.getByRole('button', { name: 'Slow b4 down' }).click();
  await page.getByRole('button', { name: /^Fault: Slow b4/ }).waitFor();
  await page.getByRole('complementary', { name: 'Analysis' }).waitFor();
  const after = await now(page);
  assert.ok(after >= before && after < before + 2, 'the run goes on');
  // Nobody is welcomed twice.
  await page.goto(site.server.url);
  await ready(page);
  await page.getByRole('heading', { level: 1, name: 'Leader election' }).waitFor();
  errors.none();
  // Escape is a way out as well, and a choice of pattern.
  for (const leave of [(p) => p.keyboard.press('Escape'), (p) => p.getByRole('tab', { name: 'Elect' }).click()]) {
    const other = await site.open('', { first: true });
    await other.page.locator('.hello').waitFor();
    await leave(other.page);
    await other.page.getByRole('complementary', { name: 'Analysis' }).waitFor();
    other.errors.none();
  }
});

test('a whole session by keyboard: choose, run, break, read, share', async () => {
  const { page, errors } = await site.open();
  const tabTo = async (name) => {
    for (let at = 0; at < 120; at += 1) {
      const label = await page.evaluate(() => document.activeElement.ariaLabel ?? document.activeElement.textContent);
      if (name.test(label)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`${name} is not reached`);
  };
  await tabTo(/^Elect$/);
  await page.keyboard.press('ArrowLeft');
  await page.getByRole('heading', { level: 1, name: 'Replication' }).waitFor();
  await tabTo(/^Algorithm$/);
  const algorithm = page.getByRole('combobox', { name: 'Algorithm' });
  const before = await algorithm.inputValue();
  await page.keyboard.press('ArrowDown');
  await page.waitForFunction((was) => document.querySelector('[aria-label=Algorithm]').value !== was, before);
  await tabTo(/^n1\b/);
  // A tool by its key, its target by Enter, and it is put away.
  await page.keyboard.press('c');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => /crashed/i.test(document.querySelector('.nodes [data-name=n1]').ariaLabel));
  await tabTo(/^(Pause|Play)$/);
  const since = await now(page);
  await page.waitForFunction((least) =>
    Number(document.querySelector('[aria-label="Time line"]').getAttribute('aria-valuenow')) > least, since + 0.05);
  await page.keyboard.press('Enter');
  // The result in words: verdict and events.
  assert.match(await page.getByRole('region', { name: 'Verdict' }).innerText(), /1 node down/);
  await page.keyboard.press('3');
  await page.getByRole('tabpanel', { name: 'Events' }).getByText(/Crash/).first().waitFor();
  await tabTo(/^Share$/);
  await page.keyboard.press('Enter');
  assert.match(await page.getByRole('dialog').getByRole('textbox', { name: 'Link' }).inputValue(), /#s=1\./);
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Share', 'the focus is back');
  errors.none();
});

test('a whole session by touch on a phone', async () => {
  const { page, errors } = await site.open('', PHONE);
  const nav = page.getByRole('navigation', { name: 'Panels' });
  await nav.getByRole('button', { name: 'Setup' }).tap();
  await page.getByRole('tab', { name: 'Replicate' }).tap();
  await nav.getByRole('button', { name: 'Stage' }).tap();
  await page.getByRole('heading', { level: 1, name: 'Replication' }).waitFor();
  await page.locator('.palette [data-tool=crash]').tap();
  const box = await page.locator('.nodes [data-name=n1]').boundingBox();
  await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForFunction(() => /crashed/i.test(document.querySelector('.nodes [data-name=n1]').ariaLabel));
  const before = await now(page);
  await page.waitForFunction((least) =>
    Number(document.querySelector('[aria-label="Time line"]').getAttribute('aria-valuenow')) > least, before + 0.02);
  await page.locator('.play').tap();
  await page.keyboard.press('Escape');
  assert.match(await page.getByRole('region', { name: 'Verdict' }).innerText(), /1 node down/);
  await nav.getByRole('button', { name: 'Metrics' }).tap();
  await page.waitForTimeout(400);
  assert.ok(await page.locator('.side [role=img]').first().isVisible());
  const sheet = await page.locator('.side').boundingBox();
  assert.ok(sheet.y > 844 * 0.35, 'the stage stays visible');
  await shot(page, 'phone-sheet');
  await nav.getByRole('button', { name: 'Stage' }).tap();
  await page.getByRole('button', { name: 'Share', exact: true }).tap();
  assert.match(await page.getByRole('dialog').getByRole('textbox', { name: 'Link' }).inputValue(), /#s=1\./);
  errors.none();
});

test('without colour, kinds of message differ by shape', async () => {
  for (const scenario of ['minority-leader', 'slow-backend', 'one-more-shard', 'drift-apart']) {
    const { page } = await site.open(`?scenario=${scenario}`);
    await pause(page);
    const shapes = await page.locator('.legend li').evaluateAll((all) => all.map((item) => {
      const glyph = item.querySelector('svg').cloneNode(true);
      glyph.removeAttribute('class');
      return [item.textContent, item.querySelector('svg').getAttribute('class'), glyph.innerHTML];
    }));
    const roles = new Map();
    for (const [label, role, shape] of shapes) {
      const same = roles.get(shape);
      assert.equal(same, undefined, `${scenario}: ${label} (${role}) looks like ${same}`);
      roles.set(shape, label);
    }
    await page.close();
  }
});
