// What a picture costs: engine, scripting and painting, in a headless Chromium without a graphics card.
//
//   node frames.mjs            (or `cargo xtask frames`, which builds the page first)
//
// Crowds at 100,000 simulated events a second: on one stage, and on two that are compared; and a hundred Raft servers. A
// picture's time is what the page's main thread worked between two animation frames, from the browser's own trace; what
// its other threads worked for it is printed beside.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { CLI, startBrowser, startServer } from './support.mjs';

const CROWDS = [
  { name: '200 nodes, 5,000 messages', nodes: 200, flying: 5000, limit: 8 },
  { name: '1,000 nodes, 10,000 messages', nodes: 1000, flying: 10000, limit: 16 },
  { name: 'two stages with 100 nodes and 2,500 messages each', nodes: 100, flying: 2500, share: 0.5, limit: 8 },
  { name: 'two stages with 500 nodes and 5,000 messages each', nodes: 500, flying: 5000, share: 0.5, limit: 16 },
];
/** Simulated events a second. */
const EVENTS = 100000;
/** How long is measured (ms). */
const SPAN = Number(process.env.SPAN ?? 6000);

/** Requests through balancers to that many backends; as many messages are on the way as the latency keeps there. */
function crowd({ nodes, flying, share = 1 }) {
  const rate = EVENTS / 5.9 * share;
  return {
    version: 1,
    title: 'A crowd',
    seed: 1,
    duration: '10m',
    system: {
      pattern: 'load_balancing',
      algorithm: 'two_choices',
      nodes,
      params: { balancers: 4, service: { kind: 'exponential', mean: '4ms' } },
    },
    workload: { clients: 40, mode: 'open', rate, timeout: '20s' },
    network: { latency: `${Math.round(flying / (rate * 4) * 1000)}ms` },
    ...(share < 1 && { compare: { algorithm: 'round_robin' } }),
    view: { speed: 1, compare: share < 1 },
  };
}

/** Raft as large as it goes: default heartbeats, and clients who write and read a hundred times a second. */
const RAFT = {
  name: '100 Raft nodes with 10 clients',
  nodes: 100,
  flying: 90,
  limit: 8,
  scenario: {
    version: 1,
    title: 'A hundred servers',
    seed: 1,
    duration: '10m',
    system: { pattern: 'leader_election', algorithm: 'raft', nodes: 100 },
    workload: { clients: 10, mode: 'open', rate: 100 },
    view: { speed: 1 },
  },
};

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const ms = (value) => value.toFixed(1).padStart(5);

/** Per picture: milliseconds that the main thread worked; and the mean of the other threads' work. */
function digest(events) {
  const threads = new Map();
  for (const event of events) {
    if (event.ph === 'M' && event.name === 'thread_name') threads.set(`${event.pid}:${event.tid}`, event.args.name);
  }
  const name = (event) => threads.get(`${event.pid}:${event.tid}`) ?? '';
  const fired = events.filter((event) => event.name === 'FireAnimationFrame' && event.ph === 'X');
  // Only the page itself asks for animation frames here.
  const busiest = fired.sort((a, b) => a.ts - b.ts);
  const [{ pid, tid }] = busiest;
  const tasks = events.filter((event) => event.ph === 'X' && /^RunTask$/.test(event.name));
  const spent = busiest.slice(1).map(() => 0);
  let others = 0;
  for (const task of tasks) {
    const worked = (task.tdur ?? task.dur ?? 0) / 1000;
    if (task.pid === pid && task.tid === tid) {
      const at = busiest.findLastIndex((frame) => frame.ts <= task.ts + (task.dur ?? 0));
      if (at >= 0 && at < spent.length) spent[at] += worked;
    } else if (/Compositor|CrRendererMain|VizCompositor|ThreadPoolForegroundWorker|CompositorTileWorker/.test(name(task))) {
      others += worked;
    }
  }
  const gaps = busiest.slice(1).map((frame, at) => (frame.ts - busiest[at].ts) / 1000).sort((a, b) => a - b);
  return { spent: spent.sort((a, b) => a - b), others: others / spent.length, gaps };
}

async function measure(browser, url, which) {
  const file = `${process.env.TMPDIR ?? '/tmp'}/netsplit-crowd.json`;
  writeFileSync(file, JSON.stringify(which.scenario ?? crowd(which)));
  const link = execFileSync(CLI, ['link', 'encode', file]).toString().trim();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
  const page = await context.newPage();
  await page.goto(`${url}#${link.split('#')[1]}`);
  const root = page.locator('[data-events]').first();
  const flying = async () => Number(await root.getAttribute('data-messages'));
  while (await flying() < which.flying * 0.95) await page.waitForTimeout(200);
  await page.waitForTimeout(1000);
  const at = async () => [Number(await root.getAttribute('data-time')) / 1e9, Number(await root.getAttribute('data-events'))];
  const before = await at();
  const session = await browser.newBrowserCDPSession();
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  const complete = new Promise((done) => session.once('Tracing.tracingComplete', done));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'] },
  });
  await page.waitForTimeout(SPAN);
  await session.send('Tracing.end');
  await complete;
  const after = await at();
  const { spent, others, gaps } = digest(events);
  const rate = (after[1] - before[1]) / (after[0] - before[0]);
  const result = { p50: percentile(spent, 0.5), p95: percentile(spent, 0.95) };
  console.log(`${which.name}: ${await flying()} in flight, ${Math.round(rate)} events a simulated second, `
    + `${((after[0] - before[0]) / (SPAN / 1000)).toFixed(2)} of real time`);
  console.log(`  main thread per picture  median ${ms(result.p50)} ms   95 % ${ms(result.p95)} ms   (aim: under ${which.limit} ms)`);
  console.log(`  other threads            mean   ${ms(others)} ms`);
  console.log(`  a picture every          median ${ms(percentile(gaps, 0.5))} ms   95 % ${ms(percentile(gaps, 0.95))} ms`);
  if (process.env.SHOT) await page.screenshot({ path: `${process.env.SHOT}-${which.nodes}.png` });
  if (process.env.TRACE) writeFileSync(`${process.env.TRACE}-${which.nodes}.json`, JSON.stringify(events));
  await context.close();
  return result;
}

/** The space-time diagram with as many events as it shows: what a picture costs while a hand drags it, and zooms. */
async function diagram(browser, url) {
  const file = `${process.env.TMPDIR ?? '/tmp'}/netsplit-diagram.json`;
  const scenario = crowd({ nodes: 12, flying: 400 });
  writeFileSync(file, JSON.stringify({ ...scenario, view: { speed: 0.2 } }));
  const link = execFileSync(CLI, ['link', 'encode', file]).toString().trim();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
  await context.addInitScript(() => localStorage.setItem('netsplit-known', '1'));
  const page = await context.newPage();
  await page.goto(`${url}#${link.split('#')[1]}`);
  await page.waitForFunction(() => Number(document.querySelector('[data-time]')?.dataset.time) > 1e9, undefined, { timeout: 60_000 });
  await page.keyboard.press('Space');
  await page.keyboard.press('4');
  const box = await page.locator('.spacetime').boundingBox();
  const shown = async () => Number(await page.locator('.spacetime').getAttribute('data-shown'));
  for (let at = 0; at < 30 && await shown() < 18000; at += 1) {
    await page.getByRole('button', { name: 'More of time' }).click();
    await page.waitForTimeout(150);
  }
  const session = await browser.newBrowserCDPSession();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  const act = {
    dragged: async (at) => page.mouse.move(x + 60 * Math.sin(at / 8), y),
    zoomed: async (at) => page.mouse.wheel(0, at % 2 ? 20 : -20),
  };
  for (const [what, step] of Object.entries(act)) {
    const events = [];
    const hear = ({ value }) => events.push(...value);
    session.on('Tracing.dataCollected', hear);
    const complete = new Promise((done) => session.once('Tracing.tracingComplete', done));
    await session.send('Tracing.start', {
      transferMode: 'ReportEvents',
      traceConfig: { includedCategories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'] },
    });
    if (what === 'dragged') await page.mouse.down();
    const end = Date.now() + SPAN;
    for (let at = 0; Date.now() < end; at += 1) {
      await step(at);
      await page.waitForTimeout(16);
    }
    if (what === 'dragged') await page.mouse.up();
    await session.send('Tracing.end');
    await complete;
    session.off('Tracing.dataCollected', hear);
    const { spent, gaps } = digest(events);
    console.log(`space-time diagram ${what}, ${await shown()} events shown`);
    console.log(`  main thread per picture  median ${ms(percentile(spent, 0.5))} ms   95 % ${ms(percentile(spent, 0.95))} ms   (aim: under 16 ms)`);
    console.log(`  a picture every          median ${ms(percentile(gaps, 0.5))} ms   95 % ${ms(percentile(gaps, 0.95))} ms`);
  }
  if (process.env.SHOT) await page.screenshot({ path: `${process.env.SHOT}-diagram.png` });
  await context.close();
}

const server = await startServer();
const browser = await startBrowser();
if (!process.env.ONLY || process.env.ONLY === 'crowd') {
  for (const which of CROWDS) await measure(browser, server.url, which);
}
if (!process.env.ONLY || process.env.ONLY === 'raft') await measure(browser, server.url, RAFT);
if (!process.env.ONLY || process.env.ONLY === 'diagram') await diagram(browser, server.url);
await browser.close();
await server.close();
