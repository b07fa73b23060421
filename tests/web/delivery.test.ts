import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import { noteSuccessors } from '../../src/articles/successors.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { type ArticleId, newArticleId } from '../../src/ids.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { fillSite } from './filled-site.ts';
import { NOW } from './newsroom.ts';
import { boxIn, openPages } from './serve.ts';

const MAX_PAGE_BYTES = 60_000;

let sql: Sql;
let redis: Redis;
let app: FastifyInstance;
let ids: ArticleId[];
const closers: (() => Promise<unknown>)[] = [];

const get = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ url, headers: { accept: 'text/html', ...headers } });
const bodyOf = async (url: string) => (await get(url)).body;
const id = (index: number) => ids[index] ?? ('' as ArticleId);

before(async () => {
  const [database, store] = await Promise.all([openTestSql(), openTestRedis()]);
  closers.push(database.close, store.close);
  ({ sql } = database);
  ({ redis } = store);
  ids = await fillSite(sql, redis);
  ({ app } = await openPages({ sql, redis }));
  closers.unshift(() => app.close());
});

after(async () => {
  for (const close of closers) await close();
});

describe('how pages are delivered', () => {
  test('pages and fragments are answered with 304 to those who have them', async () => {
    const urls = ['/', `/article/${id(0)}`, '/fragments/latest', '/fragments/rankings/access?window=1h'];
    for (const url of urls) {
      const first = await get(url);
      assert.equal(first.statusCode, 200, url);
      assert.match(String(first.headers['cache-control']), /must-revalidate/);
      const again = await get(url, { 'if-none-match': String(first.headers.etag) });
      assert.equal(again.statusCode, 304, url);
      assert.equal(again.body, '');
    }
  });

  test('a fragment is the box of the page, to the letter', async () => {
    const html = await bodyOf(`/article/${id(0)}`);
    for (const boxId of ['box-popular-category', 'box-access']) {
      const box = boxIn(html, boxId);
      const url = /data-live="([^"]+)"/.exec(box)?.[1]?.replaceAll('&amp;', '&') ?? '';
      assert.equal((await bodyOf(url)).trim(), box);
    }
    assert.equal((await get('/fragments/rankings/worst')).statusCode, 404);
    assert.equal((await get('/fragments/rankings/access?category=none')).statusCode, 404);
  });

  test('the address of a removed article leads to the one that took its place', async () => {
    const removed = newArticleId(NOW, 888_888);
    await noteSuccessors(sql, [{ removed, successor: id(0) }], NOW);
    const response = await get(`/article/${removed}`);
    assert.deepEqual([response.statusCode, response.headers.location], [308, `/article/${id(0)}`]);
    assert.ok(response.headers['content-security-policy']);
  });

  test('what is not there is a page for browsers and left to the API for others', async () => {
    const absent = newArticleId(NOW, 999_999);
    for (const url of ['/nope', `/article/${absent}`, '/article/..%2f..', '/category/none', '/assets/site.css']) {
      const response = await get(url);
      assert.equal(response.statusCode, 404, url);
      if (url.startsWith('/assets/')) continue;
      assert.match(response.body, /<h1 class="page-title">Page not found/, url);
      assert.equal(response.headers['cache-control'], 'no-store');
    }
    const other = await app.inject({ url: '/nope', headers: { accept: 'application/json' } });
    assert.match(String(other.headers['content-type']), /json/);
    assert.match(String((await get('/v1/nope')).headers['content-type']), /json/);
  });

  test('a cursor that no page gave is an error page, not a crash', async () => {
    const response = await get('/category/politics?cursor=%00nonsense');
    assert.equal(response.statusCode, 400);
    assert.match(response.body, /<h1/);
  });

  test('nothing on a page is inline or comes from elsewhere, pictures apart', async () => {
    const urls = ['/', '/category/politics', `/article/${id(0)}`, '/ranking', '/search?q=assembly', '/nope'];
    for (const url of urls) {
      const { body, headers } = await get(url);
      assert.match(String(headers['content-security-policy']), /script-src 'self';/);
      assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/);
      assert.doesNotMatch(body, /<style|\sstyle="|\son[a-z]+="/, url);
      assert.doesNotMatch(body, /<script(?![^>]* src="\/assets\/)/, url);
      assert.doesNotMatch(body, /<link rel="(stylesheet|icon)"[^>]*href="(?!\/assets\/)/, url);
    }
  });

  test('assets are named by their content and kept for ever', async () => {
    const html = await bodyOf(`/article/${id(0)}`);
    const urls = [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '');
    assert.equal(urls.length, 4);
    for (const url of urls) {
      const response = await get(url);
      assert.equal(response.statusCode, 200, url);
      assert.match(String(response.headers['cache-control']), /immutable/);
    }
  });

  test('a page with all that it needs weighs at most 60 kB, compressed', async () => {
    for (const url of ['/', `/article/${id(0)}`, '/ranking', '/category/politics']) {
      const html = await bodyOf(url);
      const assets = [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '');
      const responses = await Promise.all([url, ...assets].map((part) => get(part, { 'accept-encoding': 'gzip' })));
      const weight = responses.reduce((sum, response) => sum + response.rawPayload.length, 0);
      assert.equal(responses[0]?.headers['content-encoding'], 'gzip');
      assert.ok(weight <= MAX_PAGE_BYTES, `${url} weighs ${weight}`);
    }
  });

  test('the front page costs a dozen queries at most, and a crowd costs no more than one reader', async () => {
    let queries = 0;
    const counting: Sql = {
      ...sql,
      query: (text, parameters) => {
        queries += 1;
        return sql.query(text, parameters);
      },
    };
    const { app: counted } = await openPages({ sql: counting, redis });
    await Promise.all(Array.from({ length: 10 }, () => counted.inject({ url: '/' })));
    await counted.close();
    assert.ok(queries > 0 && queries <= 12, `${queries} queries`);
  });

  test('when the database is away, the page says so without saying why', async () => {
    const refused = Object.assign(new Error('secret host 10.0.0.1'), { code: 'ECONNREFUSED' });
    for (const [error, status, wait] of [
      [new Error('secret host 10.0.0.1'), 500, undefined],
      [refused, 503, '5'],
    ] as const) {
      const broken: Sql = { ...sql, query: () => Promise.reject(error) };
      const { app: pages } = await openPages({ sql: broken, redis });
      const response = await pages.inject({ url: '/', headers: { accept: 'text/html' } });
      await pages.close();
      assert.deepEqual([response.statusCode, response.headers['retry-after']], [status, wait]);
      assert.match(response.body, /please try again/);
      assert.doesNotMatch(response.body, /secret/);
    }
  });

  test('searches and lists of the past are limited by address, other pages are not', async () => {
    let now = NOW;
    const { app: pages } = await openPages({ sql, redis }, { clock: () => now });
    const ask = (url: string, remoteAddress = '203.0.113.9') =>
      pages.inject({ url, remoteAddress, headers: { accept: 'text/html' } });
    const urls = ['/search?q=x', '/ranking?at=2020-01-01T09:00'];
    const answers = [];
    for (let n = 0; n < 245; n++) answers.push(await ask(urls[n % urls.length] ?? ''));
    const refused = answers.filter(({ statusCode }) => statusCode === 429);
    assert.equal(refused.length, 5);
    assert.deepEqual([refused[0]?.headers['retry-after'], refused[0]?.headers['cache-control']], ['5', 'no-store']);
    assert.match(refused[0]?.body ?? '', /<h1[^>]*>Too many searches at once/);
    assert.match((await ask('/search?q=x&lang=ja')).body, /検索が多すぎます/);
    for (const url of ['/', '/category/politics', `/article/${id(0)}`, '/ranking']) {
      assert.equal((await ask(url)).statusCode, 200, url);
    }
    assert.equal((await ask('/search?q=x', '203.0.113.10')).statusCode, 200, 'another address');
    now = new Date(now.getTime() + 5000);
    assert.equal((await ask('/search?q=x')).statusCode, 200, 'after Retry-After');
    await pages.close();
  });
});
