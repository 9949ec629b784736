// What every browser test needs: dist/ on a static host below a path, a Chromium, and an ear for errors.
//
//   import { suite } from './support.mjs';
//   const site = suite();                       // server and browser, before and after this file's tests
//   test('…', async () => {
//     const { page, errors } = await site.open('?embed=1', { viewport: { width: 390, height: 844 } });
//     …
//     errors.none();                            // nothing on the console, no failed request, no exception
//   });

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { existsSync, mkdirSync } from 'node:fs';
import { extname, join, normalize, resolve, sep } from 'node:path';
import { after, afterEach, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = fileURLToPath(new URL('.', import.meta.url));

/** What a strict host sends with the page; a violation is an error on the console. */
export const POLICY = "script-src 'self' 'wasm-unsafe-eval'; style-src 'self'";
/** The built page. */
export const DIST = resolve(process.env.NETSPLIT_DIST ?? join(here, '../../dist'));
/** The command line, for comparisons with the page. */
export const CLI = resolve(process.env.NETSPLIT_CLI ?? join(here, '../../target/debug/netsplit'));
/** Every page as on a machine so many times slower: what only passes on a quick one shows itself. */
const SLOW = Number(process.env.SLOW ?? 1);
/** A course site's path: nothing may assume that the page is at the top of its host. */
export const BASE = '/course/netsplit/';

const CHROME = process.env.CHROME
  ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'].find(existsSync);

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/**
 * Serves dist/ below BASE. `extra` maps further paths (a host page for an iframe, say) to HTML text.
 * Gives { origin, url, extra, close }.
 */
export async function startServer(extra = {}) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    const headers = { 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-cache' };
    if (path.startsWith(BASE)) headers['Content-Security-Policy'] = POLICY;
    if (path === '/favicon.ico') {
      // Host pages have none, and a browser asks all the same.
      response.writeHead(204, headers).end();
      return;
    }
    if (path in extra) {
      response.writeHead(200, { ...headers, 'Content-Type': TYPES['.html'] }).end(extra[path]);
      return;
    }
    const file = normalize(join(DIST, path.slice(BASE.length) || 'index.html'));
    try {
      if (!path.startsWith(BASE) || !file.startsWith(DIST + sep)) throw new Error('outside');
      const body = await readFile(file);
      const type = TYPES[extname(file)] ?? 'application/octet-stream';
      response.writeHead(200, { ...headers, 'Content-Type': type }).end(body);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { origin, url: origin + BASE, extra, close };
}

/** A headless Chromium that talks to nobody else. */
export function startBrowser() {
  assert.ok(CHROME, 'no Chrome or Chromium found: set CHROME to the path of one');
  return chromium.launch({
    executablePath: CHROME,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

/** Collects everything that a page complains about, frames and workers included. */
export function listen(page) {
  const heard = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      heard.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  page.on('pageerror', (error) => heard.push(`exception: ${error.stack ?? error}`));
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    if (reason !== 'net::ERR_ABORTED') heard.push(`request failed: ${request.url()} ${reason}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) heard.push(`${response.status()}: ${response.url()}`);
  });
  return {
    heard,
    /** Fails if there was any complaint but those that `allowed` (regular expressions) match. */
    none(...allowed) {
      const rest = heard.filter((line) => !allowed.some((pattern) => pattern.test(line)));
      assert.deepEqual(rest, [], 'the page complained');
    },
  };
}

/** One server and one browser for the tests of a file; pages are closed after each test. */
export function suite(extra = {}) {
  const site = { server: undefined, browser: undefined, contexts: [] };
  before(async () => {
    site.server = await startServer(extra);
    site.browser = await startBrowser();
  });
  afterEach(async () => {
    await Promise.all(site.contexts.splice(0).map((context) => context.close()));
  });
  after(async () => {
    await site.browser?.close();
    await site.server?.close();
  });
  /** A new page in a fresh profile, not yet anywhere: somebody who has been here, but with `first: true`. */
  site.page = async ({ first = false, ...options } = {}) => {
    const context = await site.browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    site.contexts.push(context);
    if (!first) {
      await context.addInitScript(() => {
        try {
          localStorage.setItem('netsplit-known', '1');
        } catch {
          // A sandboxed frame has no storage.
        }
      });
    }
    const page = await context.newPage();
    if (SLOW > 1) {
      const session = await context.newCDPSession(page);
      await session.send('Emulation.setCPUThrottlingRate', { rate: SLOW });
    }
    return { page, context, errors: listen(page) };
  };
  /** A new page that has opened netsplit; `where` is what follows the address ("?embed=1", "#s=…"). */
  site.open = async (where = '', options = {}) => {
    const opened = await site.page(options);
    await opened.page.goto(site.server.url + where);
    await ready(opened.page);
    return opened;
  };
  return site;
}

/** Waits until the program has taken the place of the frame that is shown while it loads. */
export async function ready(page) {
  await page.waitForFunction(() => {
    const app = document.getElementById('app');
    return app && app.childElementCount > 0 && !app.querySelector('.boot');
  }, undefined, { timeout: 20_000 });
}

/** A picture for a person to look at, in tests/browser/shots/. */
export async function shot(page, name) {
  const folder = join(here, 'shots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
