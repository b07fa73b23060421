import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import type { Page } from 'playwright-core';
import { listen } from '../../src/api/port.ts';
import { openServer } from '../../src/api/server.ts';
import { findArticleIdsByUrl, findCounted } from '../../src/articles/store.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import type { ListKey } from '../../src/ranking/list.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { openCatalogue } from '../../src/views/catalogue.ts';
import { openCollector } from '../../src/views/collector.ts';
import { EMBED, registerEmbed } from '../../src/web/embed/register.ts';
import { registerPages } from '../../src/web/pages.ts';
import { toolsFor } from '../api/server-under-test.ts';
import { openShards } from '../ranking/counts.ts';
import { type Browser, lacksChromium, openBrowser, openWatched } from '../support/chromium.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { eventually } from '../support/product.ts';
import { publish, type Story, seed, snapshotOf } from './newsroom.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';
/** As long as the server may keep a list, and a moment. */
const KEPT_MS = 1100;
const POPULAR: ListKey = { kind: 'popular', scope: 'politics' as CategorySlug, window: null };
const ACCESS: ListKey = { kind: 'access', scope: 'site', window: '24h' };

const stories = [
  'Cabinet <b>agrees</b> & disagrees',
  '首都高で事故、10キロの渋滞',
  'Third',
  'Fourth',
  'Fifth',
  'Sixth',
].map((title, index): Story => ({ title, categories: ['Politics'], minutesAgo: index }));

let redis: Redis;
let sql: Sql;
let app: FastifyInstance;
let site: Server;
let server: string;
let host: string;
let ids: readonly ArticleId[];
/** What the other site's pages are. */
const pages = new Map<string, string>();
/** Why views were not counted. */
const refused: string[] = [];
const closers: (() => Promise<unknown>)[] = [];

before(async () => {
  const [database, store] = await Promise.all([openTestSql(), openTestRedis()]);
  ({ sql } = database);
  redis = store.redis as Redis;
  await openShards(redis, new Date());
  ids = await seed(sql, 'The Japan News', stories);
  const clock = () => new Date();
  const byIds = (wanted: readonly string[]) => findCounted(sql, wanted);
  const byUrls = (urls: readonly string[]) => findArticleIdsByUrl(sql, urls);
  const onRefused = (_: unknown, reason: string) => void refused.push(reason);
  const collector = openCollector({ redis, clock, catalogue: openCatalogue({ byIds, byUrls }, clock), onRefused });
  const tools = toolsFor({ RANK_INTERVAL: '1s' }, { sql, redis, collector, clock });
  app = await openServer(tools, [(web) => registerEmbed(web, tools), (web) => registerPages(web, tools)]);
  server = await listen(app, { HOST: '127.0.0.1', PORT: 0 });
  site = createServer((request, response) => {
    const body = pages.get(request.url ?? '') ?? (request.url?.startsWith('/story/') ? '<h1>Story</h1>' : undefined);
    const status = request.url === '/favicon.ico' ? 204 : body === undefined ? 404 : 200;
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(body);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  host = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  closers.push(
    () => app.close(),
    () => new Promise((resolve) => site.close(resolve)),
    database.close,
    store.close,
  );
  // Nothing here leads anywhere else.
  await sql.query("update articles set url = $1 || '/story/' || id", [host]);
  await list(POPULAR, [0, 1, 2, 3, 4, 5], 'v1');
  await list(ACCESS, [5, 4, 3, 2, 1, 0], 'a1');
});

after(async () => {
  for (const close of closers) await close();
});

/** Publishes the stories in this order; their links lead to the other site. */
async function list(key: ListKey, order: readonly number[], version: string): Promise<void> {
  const title = key.kind === 'popular' ? '"Politics" POPULAR ARTICLE' : 'JN ACCESS RANKING';
  const chosen = order.map((index) => ({ id: ids[index] as ArticleId, story: stories[index] as Story, source: 'S' }));
  const snapshot = snapshotOf(key, title, chosen, version);
  const items = snapshot.items.map((item) => ({
    ...item,
    article: { ...item.article, url: `${host}/story/${item.article.id}` },
  }));
  await publish(redis, { ...snapshot, items });
}

test('the script is small, stays for a day, and may be read by any site', async () => {
  const answer = await app.inject('/embed.js');
  assert.equal(answer.body, EMBED);
  assert.equal(answer.headers['content-type'], 'text/javascript; charset=utf-8');
  assert.match(String(answer.headers['cache-control']), /^public, max-age=86400/);
  assert.equal(answer.headers['access-control-allow-origin'], '*');
  assert.equal(answer.headers['cross-origin-resource-policy'], 'cross-origin');
  const again = await app.inject({ url: '/embed.js', headers: { 'if-none-match': String(answer.headers.etag) } });
  assert.equal(again.statusCode, 304);
  assert.doesNotMatch(EMBED, /^ *\/\/|innerHTML|eval\(|document\.cookie|localStorage/m);
  assert.ok(gzipSync(EMBED).length < 4500, `${gzipSync(EMBED).length} bytes`);
});

test('a fragment is a list that counts clicks, for whom a script is too much', async () => {
  const answer = await app.inject({
    url: '/fragments/box/popular?category=politics&limit=2&level=3',
    headers: { host: 'rank.example' },
  });
  assert.equal(answer.statusCode, 200);
  assert.match(
    answer.body,
    /^<section class="news-ranking" lang="en" itemscope itemtype="https:\/\/schema.org\/ItemList">/,
  );
  assert.match(
    answer.body,
    /<h3 class="news-ranking-title" itemprop="name">&quot;Politics&quot; POPULAR ARTICLE<\/h3>/,
  );
  assert.equal(answer.body.match(/<li /g)?.length, 2);
  assert.match(answer.body, new RegExp(`href="http://rank.example/r/${ids[0]}\\?ref=box"`));
  assert.match(answer.body, /Cabinet &lt;b&gt;agrees&lt;\/b&gt; &amp; disagrees/);
  assert.match(answer.body, /lang="ja"><span itemprop="name">首都高/);
  assert.doesNotMatch(answer.body, /<script|<style|style=/);
  assert.match(String(answer.headers['content-security-policy']), /default-src 'none'.*frame-ancestors \*/);
  const tag = { 'if-none-match': String(answer.headers.etag), host: 'rank.example' };
  const url = '/fragments/box/popular?category=politics&limit=2&level=3';
  assert.equal((await app.inject({ url, headers: tag })).statusCode, 304);
  const japanese = await app.inject(`/fragments/box/popular?category=politics&lang=ja&exclude=${ids[0]}`);
  assert.match(japanese.body, /「Politics」人気記事/);
  assert.doesNotMatch(japanese.body, new RegExp(ids[0] ?? ''));
  assert.equal((await app.inject('/fragments/box/popular?heading=%3Cb%3E')).body.match(/&lt;b&gt;/g)?.length, 1);
});

test('only what is meant for frames may be framed', async () => {
  const frame = await app.inject('/embed/access?limit=3&theme=dark');
  assert.equal(frame.statusCode, 200);
  assert.equal(frame.headers['x-frame-options'], undefined);
  assert.match(String(frame.headers['content-security-policy']), /style-src 'sha256-.*frame-ancestors \*/);
  assert.match(frame.body, /<meta name="color-scheme" content="dark">/);
  for (const url of ['/', `/article/${ids[0]}`, '/ranking', '/docs']) {
    const page = await app.inject(url);
    assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'self'/, url);
  }
});

test('odd requests of boxes are refused', async () => {
  for (const [url, status, code] of [
    ['/embed/falling', 404, 'list-unknown'],
    ['/fragments/box/popular?category=nope', 404, 'category-unknown'],
    ['/embed/popular?limit=1000', 400, 'request-invalid'],
    ['/embed/popular?lang=fr', 400, 'request-invalid'],
    ['/embed/popular?theme=%22', 400, 'request-invalid'],
    ['/fragments/box/popular?level=7', 400, 'request-invalid'],
  ] as const) {
    const answer = await app.inject(url);
    assert.deepEqual([answer.statusCode, answer.json().code], [status, code], url);
  }
});

describe('the box on a page of another origin', { skip: lacksChromium }, () => {
  let browser: Browser;
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser?.close());
  beforeEach(() => list(POPULAR, [0, 1, 2, 3, 4, 5], `v${Math.random()}`));

  const page = (body: string, lang = 'en', style = '') =>
    `<!doctype html><html lang="${lang}"><head><title>Another site</title><meta name="viewport" content="width=device-width"><style>:root{color-scheme:light dark;font-family:sans-serif}${style}</style><script src="${server}/embed.js" defer></script></head><body><main><h1>Another site</h1>${body}</main></body></html>`;
  const POPULAR_BOX =
    '<news-ranking kind="popular" category="politics" limit="5"><a href="/fallback">Popular</a></news-ranking>';
  const titles = (of: Page, box = 0) => of.locator('news-ranking').nth(box).locator('li a').allInnerTexts();

  async function open(path: string, html: string, options: Parameters<Browser['context']>[0] = {}) {
    pages.set(path, html);
    const context = await browser.context({ userAgent: AGENT, ...options });
    const watched = await openWatched(context);
    await watched.page.goto(host + path);
    return { context, ...watched };
  }

  test('shows the list, follows it by one stream for all boxes, and complains of nothing', async () => {
    const other = `<news-ranking kind="access" limit="3" exclude="${ids[4]}" level="3"></news-ranking>`;
    const { page: tab, complaints, hosts, context } = await open('/live', page(POPULAR_BOX + other));
    const streams: string[] = [];
    tab.on('request', (request) => void (request.url().includes('/v1/stream') && streams.push(request.url())));
    await tab.waitForSelector('news-ranking ol');
    await tab.waitForFunction(
      "document.querySelectorAll('news-ranking').length === [...document.querySelectorAll('news-ranking')].filter((box) => box.shadowRoot.querySelector('ol')).length",
    );
    assert.deepEqual(
      await titles(tab),
      stories.slice(0, 5).map(({ title }) => title),
    );
    assert.deepEqual(await titles(tab, 1), ['Sixth', 'Fourth', 'Third']);
    assert.deepEqual(await tab.locator('news-ranking').nth(1).locator('.rank').allInnerTexts(), ['1', '2', '3']);
    await list(POPULAR, [5, 0, 1, 2, 3], 'v2');
    await tab.waitForFunction(
      "document.querySelector('news-ranking').shadowRoot.querySelector('li a').textContent === 'Sixth'",
    );
    assert.equal(streams.length <= 1, true, streams.join());
    assert.deepEqual(complaints, []);
    assert.deepEqual([...hosts].sort(), [new URL(host).host, new URL(server).host].sort());
    await context.close();
  });

  test('a click is counted once, as brought by the box, though the page it leads to reports itself', async () => {
    const id = ids[2] ?? '';
    pages.set(`/story/${id}`, `<h1>Third</h1><script src="${server}/beacon.js" data-article="${id}"></script>`);
    const { page: tab, context } = await open('/click', page(POPULAR_BOX));
    refused.length = 0;
    await tab.waitForSelector('news-ranking ol');
    const reports: string[] = [];
    context.on('request', (request) => {
      if (request.url().endsWith('/v1/views')) reports.push(request.postData() ?? '');
    });
    await tab.locator('news-ranking a', { hasText: 'Third' }).click();
    await tab.waitForURL(`${host}/story/${id}`);
    await eventually('both are reported', async () => reports.length >= 2);
    assert.deepEqual(
      reports.map((report) => JSON.parse(report)),
      [{ article: id, ref: 'box' }, { article: id }],
    );
    await eventually('the second is refused', async () => refused.length > 0);
    assert.deepEqual(refused, ['duplicate']);
    await archiveCounts(sql, redis, new Date());
    const { rows } = await sql.query('select reads, box_reads from read_counts where article_id = $1', [id]);
    assert.deepEqual(rows, [{ reads: 1, box_reads: 1 }]);
    await context.close();
  });

  test('is used by keyboard, and holds still under who uses it', async () => {
    const { page: tab, context } = await open('/keys', page(POPULAR_BOX));
    await tab.waitForSelector('news-ranking ol');
    const focused = () =>
      tab.evaluate('document.activeElement.shadowRoot?.activeElement?.textContent') as Promise<string>;
    for (let presses = 0; presses < 3 && (await focused()) !== stories[0]?.title; presses++)
      await tab.keyboard.press('Tab');
    await tab.keyboard.press('Tab');
    assert.equal(await focused(), stories[1]?.title);
    await list(POPULAR, [5, 4, 3, 2, 1], 'v4');
    await sleep(1500);
    assert.equal(await focused(), stories[1]?.title, 'the list waits');
    await tab.evaluate('document.activeElement.shadowRoot.activeElement.blur()');
    await tab.waitForFunction(
      "document.querySelector('news-ranking').shadowRoot.querySelector('li a').textContent === 'Sixth'",
    );
    await context.close();
  });

  test('has nothing for axe to find, light and dark, in English and Japanese, at 320 pixels', async () => {
    for (const [lang, colorScheme, width] of [
      ['en', 'light', 800],
      ['ja', 'dark', 320],
    ] as const) {
      const style = 'body{background:light-dark(#fff,#111);color:light-dark(#111,#eee)}';
      const {
        page: tab,
        complaints,
        context,
      } = await open(`/axe-${lang}`, page(POPULAR_BOX, lang, style), {
        ...{ colorScheme, viewport: { width, height: 700 } },
      });
      await tab.waitForSelector('news-ranking ol');
      await tab.evaluate(AXE);
      const { violations } = (await tab.evaluate('axe.run()')) as { violations: { id: string; nodes: unknown[] }[] };
      assert.deepEqual(violations, []);
      assert.equal(await tab.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
      const title = await tab.locator('news-ranking h2').innerText();
      assert.equal(title, lang === 'ja' ? '「Politics」人気記事' : '"Politics" POPULAR ARTICLE');
      assert.deepEqual(complaints, []);
      if (process.env['SCREENSHOTS']) await tab.screenshot({ path: `${process.env['SCREENSHOTS']}/box-${lang}.png` });
      await context.close();
    }
  });

  test('polls where it is told to, and where the stream is refused', async () => {
    for (const [refresh, seconds] of [
      ['refresh="5"', 5],
      ['', 30],
    ] as const) {
      await list(POPULAR, [0, 1, 2, 3, 4], `p${Math.random()}`);
      await sleep(KEPT_MS);
      const path = `/poll-${seconds}`;
      pages.set(path, page(`<news-ranking kind="popular" category="politics" ${refresh}></news-ranking>`));
      const context = await browser.context({ userAgent: AGENT });
      const { page: tab } = await openWatched(context);
      let streams = 0;
      await tab.route('**/v1/stream*', (route) => {
        streams += 1;
        return route.fulfill({ status: 503 });
      });
      await tab.clock.install();
      await tab.goto(host + path);
      await tab.waitForSelector(`news-ranking li:first-child a[data-article="${ids[0]}"]`);
      await tab.clock.fastForward(100);
      await list(POPULAR, [5, 4, 3, 2, 1], `p${Math.random()}`);
      await sleep(KEPT_MS);
      await tab.clock.fastForward(seconds * 1000);
      await tab.waitForSelector(`news-ranking li:first-child a[data-article="${ids[5]}"]`);
      assert.equal(streams > 0, seconds === 30);
      await context.close();
    }
  });

  test('is an ItemList, coloured from outside', async () => {
    const style = 'news-ranking{--news-ranking-accent:rgb(1,2,3)} news-ranking::part(reads){display:none}';
    const { page: tab, context } = await open('/parts', page(POPULAR_BOX, 'en', style));
    await tab.waitForSelector('news-ranking ol');
    const found = (await tab.evaluate(`(() => {
      const root = document.querySelector('news-ranking').shadowRoot;
      const list = root.querySelector('[itemtype="https://schema.org/ItemList"]');
      return {
        count: list.querySelector('[itemprop=numberOfItems]').content,
        positions: [...list.querySelectorAll('[itemprop=position]')].map(({ content }) => content),
        colour: getComputedStyle(root.querySelector('.rank')).color,
        reads: getComputedStyle(root.querySelector('[part=reads]')).display,
      };
    })()`)) as object;
    assert.deepEqual(found, {
      count: '5',
      positions: ['1', '2', '3', '4', '5'],
      colour: 'rgb(1, 2, 3)',
      reads: 'none',
    });
    await context.close();
  });

  test('is a link where the server is away, or nobody runs scripts', async () => {
    const away = 'server="http://127.0.0.1:1"';
    const { page: tab, context } = await open(
      '/away',
      page(
        `<news-ranking ${away}><a href="/fallback">Popular</a></news-ranking><news-ranking ${away} refresh="off"></news-ranking>`,
      ),
    );
    await tab.waitForFunction("document.querySelectorAll('news-ranking')[1].shadowRoot.querySelector('a')");
    assert.ok(await tab.locator('a', { hasText: 'Popular' }).isVisible());
    assert.equal(
      await tab.locator('news-ranking').nth(1).locator('a').getAttribute('href'),
      'http://127.0.0.1:1/ranking',
    );
    await context.close();
    const plain = await open('/plain', page(POPULAR_BOX), { javaScriptEnabled: false });
    assert.ok(await plain.page.locator('a', { hasText: 'Popular' }).isVisible());
    await plain.context.close();
  });

  test('works under a policy that allows its server alone', async () => {
    pages.set(
      '/strict',
      page(POPULAR_BOX).replace(
        '<head>',
        `<head><meta http-equiv="content-security-policy" content="default-src 'none'; script-src ${server}; connect-src ${server}; style-src 'sha256-x'; require-trusted-types-for 'script'">`,
      ),
    );
    const context = await browser.context({ userAgent: AGENT });
    const { page: tab } = await openWatched(context);
    await tab.goto(`${host}/strict`);
    await tab.waitForSelector('news-ranking ol');
    assert.equal((await titles(tab)).length, 5);
    assert.equal(
      await tab.evaluate(
        "getComputedStyle(document.querySelector('news-ranking').shadowRoot.querySelector('ol')).listStyleType",
      ),
      'none',
    );
    await context.close();
  });

  test('the frame has nothing for axe to find, light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.context({ userAgent: AGENT, colorScheme });
      const { page: tab, complaints } = await openWatched(context);
      await tab.goto(`${server}/embed/popular?category=politics&lang=ja&onload=x`);
      await tab.waitForSelector('news-ranking ol[part="list"]');
      assert.equal(await tab.locator('news-ranking').getAttribute('onload'), null);
      await tab.evaluate(AXE);
      const { violations } = (await tab.evaluate('axe.run()')) as { violations: readonly unknown[] };
      assert.deepEqual([violations, complaints], [[], []]);
      if (process.env['SCREENSHOTS'])
        await tab.screenshot({ path: `${process.env['SCREENSHOTS']}/frame-${colorScheme}.png` });
      await context.close();
    }
  });

  test('the frame needs no scripts, and its links count', async () => {
    const frame = `<iframe src="${server}/embed/popular?category=politics&limit=4" title="Popular articles" width="320" height="420"></iframe>`;
    const { page: tab, context, complaints } = await open('/frame', page(frame), { javaScriptEnabled: false });
    const inside = tab.frameLocator('iframe');
    assert.equal(await inside.locator('li').count(), 4);
    if (process.env['SCREENSHOTS']) await tab.screenshot({ path: `${process.env['SCREENSHOTS']}/frame.png` });
    await inside.locator('a', { hasText: 'Fourth' }).click();
    await tab.waitForURL(`${host}/story/${ids[3]}`);
    await archiveCounts(sql, redis, new Date());
    const { rows } = await sql.query('select reads, box_reads from read_counts where article_id = $1', [ids[3]]);
    assert.deepEqual(rows, [{ reads: 1, box_reads: 1 }]);
    assert.deepEqual(
      complaints.filter((text) => /policy|refused/i.test(text)),
      [],
    );
    await context.close();
  });
});
