import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import axe from 'axe-core';
import type { BrowserContext } from 'playwright-core';
import { addFeeds } from '../../src/feeds/store.ts';
import type { ArticleId } from '../../src/ids.ts';
import { addCuration } from '../../src/ranking/curation-store.ts';
import { type Browser, lacksChromium, openBrowser, openWatched } from '../support/chromium.ts';
import { fillSite } from './filled-site.ts';
import { type OpsUnderTest, openOps, PASSWORD } from './ops-under-test.ts';

/** Each page is looked at as the widest and brightest, and, as far as that makes a difference, as the narrowest and darkest. */
const LOOKS = [
  { width: 1440, scheme: 'light', rules: undefined },
  { width: 320, scheme: 'dark', rules: ['color-contrast', 'scrollable-region-focusable', 'target-size'] },
] as const;

describe('every page in Chromium', { skip: lacksChromium }, () => {
  let ops: OpsUnderTest;
  let browser: Browser;
  let context: BrowserContext;
  let origin: string;
  let ids: ArticleId[];

  before(async () => {
    ops = await openOps();
    ids = await fillSite(ops.sql, ops.redis);
    await fillOps();
    origin = await ops.app.listen({ host: '127.0.0.1', port: 0 });
    browser = await openBrowser();
    context = await browser.context({ httpCredentials: { username: 'editor', password: PASSWORD } });
    await context.addInitScript(
      `addEventListener('securitypolicyviolation', (event) => console.error('CSP', event.violatedDirective, event.blockedURI));`,
    );
    // The pictures of the articles, which are elsewhere.
    await context.route('https://pictures.example/**', (route) =>
      route.fulfill({
        contentType: 'image/svg+xml',
        body: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"/>',
      }),
    );
  });
  after(async () => {
    await browser?.close();
    await ops?.close();
  });

  async function fillOps() {
    const now = ops.clock();
    await addFeeds(ops.sql, [ops.feedAt('broken')], now);
    await ops.sql.query(
      `update feeds set failures = 9, last_outcome = 'failed:http-4xx', last_status = 404, last_polled_at = $1,
         last_error = 'The server answered 404.' where host = 'broken.example'`,
      [now],
    );
    const pin = { action: 'pin', target: 'article', kind: null, scope: null, place: 2, expiresAt: null } as const;
    await addCuration(ops.sql, { ...pin, value: ids[0] ?? '', by: 'editor', reason: 'A test' }, now);
  }

  const paths = () => [
    '/',
    '/?lang=ja',
    '/category/politics',
    `/article/${ids[0]}`,
    `/article/${ids[2]}?lang=ja`,
    `/article/${ids[3]}`,
    '/ranking',
    '/ranking?window=7d&at=2024-11-26T11:00&lang=ja',
    '/ranking?period=day',
    '/search?q=assembly&category=politics',
    '/nothing-here',
    '/ops',
    '/ops?feeds=all&curations=log&lang=ja',
  ];

  test('axe finds nothing, nothing overflows, the console is silent, and all comes from here', async () => {
    const { page, complaints, hosts } = await openWatched(context);
    for (const path of paths()) {
      await page.goto(`${origin}${path}`, { waitUntil: 'load' });
      await page.evaluate(axe.source);
      for (const { width, scheme, rules } of LOOKS) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
        // What observes sizes (live.js) hears of another one once the next frame is laid out.
        await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
        const look = `${path} at ${width}, ${scheme}`;
        assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, `${look} overflows`);
        const found = (await page.evaluate(
          `axe.run(${JSON.stringify(rules ? { runOnly: rules } : {})})`,
        )) as axe.AxeResults;
        const violations = found.violations.map(({ id, nodes }) => ({ id, html: nodes.map(({ html }) => html) }));
        assert.deepEqual(violations, [], look);
        assert.ok(found.passes.length > (rules ? 0 : 10), look);
      }
    }
    await page.close();
    assert.deepEqual(
      complaints.filter((text) => !/404 \(Not Found\)/.test(text)),
      [],
    );
    hosts.delete('pictures.example');
    assert.deepEqual([...hosts], [new URL(origin).host]);
  });

  test('everything can be reached and used by keyboard', async () => {
    const { page } = await openWatched(context);
    const focused = (expression: string) => page.evaluate(`document.activeElement.${expression}`);
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(`${origin}/`);
    await page.keyboard.press('Tab');
    assert.equal(await focused('className'), 'skip');
    await page.keyboard.press('Enter');
    assert.equal(await focused('id'), 'content');

    await page.focus('#masthead-q');
    await page.keyboard.type('assembly');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/search\?q=assembly/);

    await page.goto(`${origin}/`);
    await page.focus('#box-access .tabs a:text("Week")');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#box-access .tabs a[aria-current]:text("Week")');
    assert.equal(await focused('textContent'), 'Week');
    await page.keyboard.press('Tab');
    assert.equal(await focused('textContent'), 'Month');
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    assert.equal(outline, 'solid');

    await page.focus('.editions a[hreflang="ja"]');
    await page.keyboard.press('Enter');
    await page.waitForURL(/lang=ja/);
    assert.equal(await page.evaluate('document.documentElement.lang'), 'ja');
    await page.close();
  });

  test('the ops page draws its plots, brings itself up to date, and keeps the focus', async () => {
    const { page, complaints } = await openWatched(context);
    await page.goto(`${origin}/ops`);
    await page.waitForSelector('[data-plot="storage"] canvas');
    assert.equal(await page.locator('.plot canvas').count(), 6);
    await page.waitForSelector('[data-plot="storage"] .plot-key-2');
    await page.locator('#feeds .scroller button').first().focus();
    const id = await page.evaluate('document.activeElement.id');
    await ops.sql.query(`update feeds set last_error = 'Now something else.' where host = 'broken.example'`);
    await page.waitForSelector('text=Now something else.');
    assert.equal(await page.evaluate('document.activeElement.id'), id);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.notice >> text=as soon as a poller is free');
    assert.equal(ops.polled.length, 1);
    // The script that sees to this runs when all of the page has come.
    await page.waitForFunction("location.pathname === '/ops'");
    await page.close();
    assert.deepEqual(complaints, []);
  });

  test('Bull Board runs under its policy, and asks nobody else', async () => {
    const { page, complaints, hosts } = await openWatched(context);
    await page.goto(`${origin}/ops/queues`);
    await page.waitForSelector('text=build-rankings');
    await page.close();
    assert.deepEqual(complaints, []);
    assert.deepEqual([...hosts], [new URL(origin).host]);
  });

  test('without scripts, lists, their history and the ops page are there', async () => {
    const plain = await browser.context({
      javaScriptEnabled: false,
      httpCredentials: { username: 'editor', password: PASSWORD },
    });
    const page = await plain.newPage();
    await page.goto(`${origin}/ranking`);
    assert.ok((await page.locator('.rank').count()) > 5);
    await page.click('.choices .tabs a:text("Day")');
    await page.waitForURL(/period=day/);
    await page.goto(`${origin}/ops`);
    assert.ok(await page.locator('text=broken.example').first().isVisible());
    await page.fill('#feed-url', 'https://news.example/feed.xml');
    await page.click('text=Check only');
    assert.match((await page.textContent('.notice')) ?? '', /Nothing was stored/);
    await plain.close();
  });

  test('an article in print is its text, without what is only on a screen', async () => {
    const { page } = await openWatched(context);
    await page.goto(`${origin}/article/${ids[0]}`);
    await page.emulateMedia({ media: 'print' });
    for (const hidden of ['.sections', '.masthead-search', '.boxes', '.skip']) {
      assert.equal(await page.locator(hidden).first().isVisible(), false, hidden);
    }
    assert.ok(await page.locator('.story-text').isVisible());
    await page.close();
  });
});
