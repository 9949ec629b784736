// How long it takes to go anywhere in a run of a million events, in a headless Chromium.
//
//   node seek.mjs              (or `cargo xtask seek`, which builds the JavaScript API first and measures natively, too)

import { startBrowser, startServer } from './support.mjs';

// Four fifths of what the backends can do.
const balance = (nodes) => ({
  version: 1,
  duration: '1h',
  system: { pattern: 'load_balancing', algorithm: 'two_choices', nodes, params: { service: { kind: 'exponential', mean: '20ms' } } },
  workload: { clients: 20, mode: 'open', rate: nodes * 40 },
});
const RUNS = [
  ['raft', { version: 1, duration: '3h', system: { pattern: 'leader_election', algorithm: 'raft' } }],
  ['6 backends', balance(6)],
  ['200 backends', balance(200)],
  ['1,000 backends', balance(1000)],
];
/** Events of a run, and how many seeks are measured. */
const EVENTS = 1_000_000;
const SEEKS = 60;
/** Longest median (ms). */
const LIMIT = 50;

const server = await startServer();
const browser = await startBrowser();
const page = await browser.newPage();
await page.goto(server.url);
let failed = false;
for (const [name, scenario] of RUNS) {
  const { times, rate } = await page.evaluate(async ({ scenario, EVENTS, SEEKS }) => {
    const api = await import('./api/netsplit-wasm.js');
    await api.default();
    const lab = new api.Lab(scenario);
    const begun = performance.now();
    lab.runToEvent(EVENTS);
    const rate = EVENTS / (performance.now() - begun);
    const end = lab.now;
    let word = 1;
    const times = Array.from({ length: SEEKS }, () => {
      word = (word * 16807) % 2147483647;
      // The least of three: what others do on this machine is no part of it.
      return Math.min(...[0, 1, 2].map(() => {
        lab.seek(0);
        const start = performance.now();
        lab.seek(end * (word / 2147483647));
        return performance.now() - start;
      }));
    });
    return { times, rate };
  }, { scenario, EVENTS, SEEKS });
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(times.length * share)].toFixed(2);
  console.log(`${name}: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, longest ${at(0.999)} ms; `
    + `${Math.round(rate)},000 events a second while the run was made`);
  failed ||= times[SEEKS / 2] >= LIMIT;
}
await browser.close();
await server.close();
if (failed) {
  console.error(`a median is not under ${LIMIT} ms`);
  process.exitCode = 1;
}
