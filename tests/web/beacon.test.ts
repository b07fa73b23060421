import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { BrowserContext, Page } from 'playwright-core';
import { BEACON, registerBeacon } from '../../src/web/beacon.ts';
import { type Browser, lacksChromium, openBrowser } from '../support/chromium.ts';

const CANONICAL = 'https://news.example/politics/1';

test('the script is under 1 kB, may be loaded from anywhere, is kept, and answered with 304 to who has it', async () => {
  assert.ok(gzipSync(BEACON).length < 1000, `${gzipSync(BEACON).length} bytes`);
  assert.doesNotMatch(BEACON, /cookie|localStorage|sessionStorage|indexedDB/);
  const app = fastify();
  registerBeacon(app);
  const answer = await app.inject('/beacon.js');
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.body, BEACON);
  assert.match(String(answer.headers['content-type']), /^text\/javascript/);
  assert.match(String(answer.headers['cache-control']), /^public, max-age=86400/);
  assert.equal(answer.headers['cross-origin-resource-policy'], 'cross-origin');
  assert.equal(answer.headers['access-control-allow-origin'], '*');
  const again = await app.inject({ url: '/beacon.js', headers: { 'if-none-match': String(answer.headers.etag) } });
  assert.deepEqual([again.statusCode, again.body], [304, '']);
  await app.close();
});

describe('the script on a page of another site, in Chromium', { skip: lacksChromium }, () => {
  const ours = fastify();
  const theirs = fastify();
  let views: unknown[] = [];
  let requests: FastifyRequest[] = [];
  let onView: () => void = () => {};
  let script: string;
  let site: string;
  let browser: Browser;
  let context: BrowserContext;

  const listen = (app: FastifyInstance) => app.listen({ host: '127.0.0.1', port: 0 });

  before(async () => {
    registerBeacon(ours);
    ours.post('/v1/views', async (request, reply) => {
      views.push(JSON.parse(String(request.body)));
      requests.push(request);
      onView();
      return reply.code(202).send({ accepted: 1, dropped: {} });
    });
    theirs.get('/page', async (request, reply) => {
      const { attributes = '', html = '', link = '' } = request.query as Record<string, string>;
      const head = `<script src="${script}" defer ${attributes}></script>${link}`;
      return reply.type('text/html').send(`<!doctype html><html ${html}><head>${head}</head><body>x</body></html>`);
    });
    script = `${await listen(ours)}/beacon.js`;
    site = await listen(theirs);
    browser = await openBrowser();
    context = await browser.context();
  });

  beforeEach(() => {
    [views, requests] = [[], []];
  });

  after(async () => {
    await browser?.close();
    await Promise.all([ours.close(), theirs.close()]);
  });

  /** Opens the page after `prepare` has run in it. */
  async function open(query: Record<string, string> = {}, prepare = '', hash = ''): Promise<Page> {
    const page = await context.newPage();
    await page.addInitScript(prepare);
    await page.goto(`${site}/page?${new URLSearchParams(query)}${hash}`);
    return page;
  }

  const arrived = async (isThere: () => boolean): Promise<void> => {
    while (!isThere()) await new Promise<void>((resolve) => (onView = resolve));
  };

  /** What has been reported, `expected` views or more: a view of the test's own is sent after all that the page sent. */
  async function reported(page: Page, expected: number): Promise<unknown[]> {
    await arrived(() => views.length >= expected);
    const to = script.replace('beacon.js', 'v1/views');
    await page.evaluate(`fetch('${to}', { method: 'POST', body: '"end"', mode: 'no-cors' })`);
    await arrived(() => views.includes('end'));
    views = views.filter((view) => view !== 'end');
    return views;
  }

  const link = `<link rel="canonical" href="${CANONICAL}">`;

  test('reports the canonical link once, as text/plain, without a cookie', async () => {
    const page = await open({ link });
    assert.deepEqual(await reported(page, 1), [{ url: CANONICAL }]);
    assert.match(String(requests[0]?.headers['content-type']), /^text\/plain/);
    assert.equal(requests[0]?.headers.cookie, undefined);
    assert.deepEqual(await page.evaluate('[document.cookie, localStorage.length, sessionStorage.length]'), ['', 0, 0]);
    await page.close();
  });

  test('reports the id that the page names, else its own address', async () => {
    const named = await open({ link, attributes: 'data-article="0sy1zq400001"' });
    assert.deepEqual(await reported(named, 1), [{ article: '0sy1zq400001' }]);
    await named.close();
    views = [];
    const plain = await open({}, '', '#comments');
    assert.deepEqual(await reported(plain, 1), [{ url: `${site}/page?` }]);
    await plain.close();
  });

  test('says that our box led here, and takes that off the address', async () => {
    const page = await open({ link }, '', '#box');
    assert.deepEqual(await reported(page, 1), [{ url: CANONICAL, ref: 'box' }]);
    assert.equal(page.url(), `${site}/page?${new URLSearchParams({ link })}`);
    await page.close();
  });

  test('waits until the page is seen', async () => {
    const page = await open(
      { link },
      "Object.defineProperty(document, 'visibilityState', { get: () => globalThis.seen ?? 'hidden' })",
    );
    assert.deepEqual(await reported(page, 0), []);
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    assert.deepEqual(await reported(page, 0), []);
    await page.evaluate("globalThis.seen = 'visible'; document.dispatchEvent(new Event('visibilitychange'))");
    assert.deepEqual(await reported(page, 1), [{ url: CANONICAL }]);
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    assert.equal((await reported(page, 1)).length, 1);
    await page.close();
  });

  test('does not report a page that is rendered ahead, until it is opened', async () => {
    const page = await open(
      { link },
      "Object.defineProperty(document, 'prerendering', { value: true, writable: true })",
    );
    assert.deepEqual(await reported(page, 0), []);
    await page.evaluate("document.prerendering = false; document.dispatchEvent(new Event('prerenderingchange'))");
    assert.deepEqual(await reported(page, 1), [{ url: CANONICAL }]);
    await page.close();
  });

  test('reports nothing where reader or site opt out', async () => {
    const privacy = "Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })";
    for (const [query, prepare] of [
      [{ link }, privacy],
      [{ link, attributes: 'data-opt-out' }, ''],
      [{ link, html: 'data-opt-out' }, ''],
    ] as const) {
      const page = await open(query, prepare);
      assert.deepEqual(await reported(page, 0), []);
      await page.close();
    }
  });

  test('falls back to fetch where there is no beacon, or it is refused', async () => {
    for (const beacon of ['undefined', '() => false']) {
      views = [];
      const page = await open({ link }, `navigator.sendBeacon = ${beacon}`);
      assert.deepEqual(await reported(page, 1), [{ url: CANONICAL }]);
      await page.close();
    }
  });

  test('reports a page again to which the reader came back', async () => {
    const page = await open({ link }, '', '#box');
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))");
    assert.equal((await reported(page, 1)).length, 1);
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
    assert.deepEqual((await reported(page, 2))[1], { url: CANONICAL });
    await page.close();
  });
});
