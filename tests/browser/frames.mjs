// What a picture costs: engine, scripting and painting, in a headless Chromium without a graphics card.
//
//   node frames.mjs            (or `cargo xtask frames`, which builds the page first)
//
// Two crowds at 100,000 simulated events a second. A picture's time is what the page's main thread worked between
// two animation frames, from the browser's own trace; what its other threads worked for it is printed beside.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { CLI, startBrowser, startServer } from './support.mjs';

const CROWDS = [
  { name: '200 nodes, 5,000 messages', nodes: 200, flying: 5000, limit: 8 },
  { name: '1,000 nodes, 10,000 messages', nodes: 1000, flying: 10000, limit: 16 },
];
/** Simulated events a second. */
const EVENTS = 100000;
/** How long is measured (ms). */
const SPAN = Number(process.env.SPAN ?? 6000);

/** Requests through balancers to that many backends; as many messages are on the way as the latency keeps there. */
function crowd({ nodes, flying }) {
  const rate = EVENTS / 5.9;
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
    view: { speed: 1 },
  };
}

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
  writeFileSync(file, JSON.stringify(crowd(which)));
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

const server = await startServer();
const browser = await startBrowser();
for (const which of CROWDS) await measure(browser, server.url, which);
await browser.close();
await server.close();
