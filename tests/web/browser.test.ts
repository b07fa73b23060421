import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import type { BrowserContext, Page } from 'playwright-core';
import type { ArticleId } from '../../src/ids.ts';
import { type Browser, lacksChromium, openBrowser, openWatched } from '../support/chromium.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { eventually } from '../support/product.ts';
import { publish, type Story, seed, snapshotOf } from './newsroom.ts';
import { openPages } from './serve.ts';

const WIDTHS = [320, 1440];
const INTERVAL = 1000;
const KEY = { kind: 'access', scope: 'site', window: '24h' } as const;
const TITLE = 'JN ACCESS RANKING';

const stories = Array.from(
  { length: 9 },
  (_, index): Story => ({
    title:
      index === 1
        ? '首都高で多重事故、一時10キロの渋滞'
        : `Averyveryverylongwordwithoutanybreak${index} and a headline`,
    summary: 'A sentence that is as long as the summaries of feeds are, which is longer than one thinks.',
    content: `<p>${'x'.repeat(200)}</p><table><tr>${'<td>a cell of a wide table</td>'.repeat(12)}</tr></table><pre>${'y'.repeat(300)}</pre>`,
    categories: [['Politics', '社会', 'Sports'][index % 3] ?? ''],
    image: '/pictures/good.svg',
    minutesAgo: index,
  }),
);

describe('the pages in Chromium', { skip: lacksChromium }, () => {
  const closers: (() => Promise<unknown>)[] = [];
  let redis: Redis;
  let app: FastifyInstance;
  let views: unknown[];
  let origin: string;
  let ids: ArticleId[];
  let browser: Browser;

  const list = (order: readonly number[], version: string) =>
    publish(
      redis,
      snapshotOf(
        KEY,
        TITLE,
        order.map((index) => ({
          id: ids[index] ?? ('' as ArticleId),
          story: stories[index] ?? { title: '', categories: [], minutesAgo: 0 },
          source: 'S',
        })),
        version,
      ),
    );

  /** Opens a page, which notes whatever its console complains of. */
  async function open(context: BrowserContext, path: string): Promise<{ page: Page; complaints: string[] }> {
    const { page, complaints } = await openWatched(context);
    await page.goto(`${origin}${path}`, { waitUntil: 'load' });
    return { page, complaints };
  }

  before(async () => {
    const [database, store] = await Promise.all([openTestSql(), openTestRedis()]);
    closers.push(database.close, store.close);
    redis = store.redis;
    ({ app, views } = await openPages({ sql: database.sql, redis }, { interval: INTERVAL }));
    closers.unshift(() => app.close());
    browser = await openBrowser();
    closers.unshift(() => browser.close());
    origin = await app.listen({ host: '127.0.0.1', port: 0 });
    // Pictures are absolute, and the port is known only now.
    ids = await seed(
      database.sql,
      'The Japan News',
      stories.map((story) => ({ ...story, image: `${origin}${story.image}` })),
    );
    await list([0, 1, 2, 3, 4], 'v1');
  });

  after(async () => {
    for (const close of closers) await close();
  });

  describe('with scripts', () => {
    let context: BrowserContext;
    before(async () => {
      context = await browser.context();
    });
    after(() => context?.close());

    test('pages fit 320 and 1,440 pixels, and complain of nothing', async () => {
      const { page, complaints } = await openWatched(context);
      for (const path of ['/', `/article/${ids[0]}`, '/category/politics', '/ranking', '/search?q=headline']) {
        await page.goto(`${origin}${path}`, { waitUntil: 'load' });
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 800 });
          const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
          assert.equal(overflow, 0, `${path} scrolls sideways at ${width}`);
        }
      }
      await page.close();
      assert.deepEqual(complaints, []);
    });

    test('an opened article is reported once', async () => {
      views.length = 0;
      const { page } = await open(context, `/article/${ids[2]}`);
      await eventually('it is reported', async () => views.length > 0);
      await page.waitForResponse((response) => response.url().includes('/fragments/'));
      assert.deepEqual(views, [{ article: ids[2] }]);
      await page.close();
    });

    test('an article that a box led to is reported as such, under its plain address', async () => {
      const { page } = await open(context, '/');
      views.length = 0;
      await page.click(`#box-access a[href^="/article/${ids[3]}"]`);
      await page.waitForURL(`${origin}/article/${ids[3]}`);
      await eventually('it is reported', async () => views.length > 0);
      await page.waitForResponse((response) => response.url().includes('/fragments/'));
      assert.deepEqual(views, [{ article: ids[3], ref: 'box' }]);
      await page.close();
    });

    test('a list that changes is swapped in, and what climbed is lit', async () => {
      const { page } = await open(context, '/');
      await list([4, 0, 1, 2, 3], 'v2');
      const first = page.locator('#box-access .rank').first();
      await page.waitForSelector(`#box-access .rank:first-child[data-article="${ids[4]}"]`);
      assert.match((await first.getAttribute('class')) ?? '', /is-fresh/);
      await page.close();
    });

    test('the focus stays where it was when a list is swapped', async () => {
      const { page } = await open(context, '/');
      await page.focus(`#box-access a[href^="/article/${ids[2]}"]`);
      await list([5, 4, 2, 1, 0], 'v3');
      await page.waitForSelector(`#box-access .rank:first-child[data-article="${ids[5]}"]`);
      assert.match(String(await page.evaluate('document.activeElement.getAttribute("href")')), new RegExp(`${ids[2]}`));
      await page.close();
    });

    test('a tab changes its box and the address, not the page', async () => {
      const { page } = await open(context, '/');
      await page.evaluate('window.isSamePage = true');
      await page.click('#box-access .tabs a:text("Week")');
      await page.waitForSelector('#box-access .tabs a[aria-current]:text("Week")');
      assert.equal(page.url(), `${origin}/?window=7d`);
      assert.equal(await page.evaluate('window.isSamePage'), true);
      await page.close();
    });

    test('a picture that cannot be had leaves no hole', async () => {
      const page = await context.newPage();
      await page.route('**/pictures/*', (route) => route.abort());
      await page.goto(`${origin}/article/${ids[0]}`);
      await page.waitForSelector('.story-figure', { state: 'hidden' });
      await page.close();
    });
  });

  test('without scripts everything can be read, and the view is counted by a pixel', async () => {
    const context = await browser.context({ javaScriptEnabled: false });
    try {
      const { page } = await open(context, '/?window=24h');
      assert.equal(await page.locator('#box-access .rank').count(), 5);
      await page.click('#box-access .tabs a:text("Week")');
      await page.waitForURL(`${origin}/?window=7d`);
      const pixel = page.waitForRequest((request) => request.url().includes('/v1/views/pixel.gif'));
      await page.goto(`${origin}/article/${ids[0]}`);
      assert.match((await pixel).url(), new RegExp(`article=${ids[0]}$`));
      assert.ok(await page.locator('h1.story-title').isVisible());
    } finally {
      await context.close();
    }
  });
});
