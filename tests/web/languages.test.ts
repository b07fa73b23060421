import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { ArticleId } from '../../src/ids.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { fillSite } from './filled-site.ts';
import { boxIn, openPages } from './serve.ts';

let app: FastifyInstance;
let ids: ArticleId[];
const closers: (() => Promise<unknown>)[] = [];

const get = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ url, headers: { accept: 'text/html', ...headers } });

before(async () => {
  const [{ sql, close }, store] = await Promise.all([openTestSql(), openTestRedis()]);
  closers.push(close, store.close);
  ids = await fillSite(sql, store.redis);
  ({ app } = await openPages({ sql, redis: store.redis }));
  closers.unshift(() => app.close());
});

after(async () => {
  for (const close of closers) await close();
});

test('a page speaks the language of its URL, and all its links keep it', async () => {
  for (const path of ['/', '/category/politics', `/article/${ids[0]}`, '/ranking', '/search?q=assembly', '/nope']) {
    const { body, headers } = await get(`${path}${path.includes('?') ? '&' : '?'}lang=ja`, { 'accept-language': 'en' });
    assert.match(body, /<html lang="ja"/, path);
    assert.equal(headers['content-language'], 'ja');
    assert.doesNotMatch(String(headers['vary']), /accept-language/i, path);
    const links = [...body.matchAll(/(?:href|data-fragment|data-live)="(\/(?!assets|v1)[^"]*)"/g)].map(
      ([, url]) => url,
    );
    assert.ok(links.length > 5, path);
    for (const url of links) assert.match(url ?? '', /[?;]lang=(ja|en)/, `${path}: ${url}`);
    for (const form of body.match(/<form[\s\S]*?<\/form>/g) ?? []) assert.match(form, /name="lang" value="ja"/, path);
  }
});

test('without it the browser decides, caches keep the answers apart, and links say nothing of it', async () => {
  const url = `/article/${ids[0]}`;
  const [japanese, english] = await Promise.all([
    get(url, { 'accept-language': 'ja-JP,en;q=0.5', 'accept-encoding': 'gzip' }),
    get(url, { 'accept-language': 'en-US' }),
  ]);
  assert.match(String(japanese.headers['vary']), /accept-language/i);
  assert.match(String(japanese.headers['vary']), /accept-encoding/i);
  assert.notEqual(japanese.headers.etag, english.headers.etag);
  assert.match(english.body, /<html lang="en"/);
  const links = [...english.body.matchAll(/href="(\/[^"]*lang=[^"]*)"/g)].map(([, link]) => link);
  assert.deepEqual(links, [`${url}?lang=en`, `${url}?lang=ja`]);
  const unchanged = await get(url, { 'accept-language': 'ja', 'if-none-match': String(japanese.headers.etag) });
  assert.equal(unchanged.statusCode, 304);
  assert.match(String(unchanged.headers['vary']), /accept-language.*accept-encoding/i);
});

test('lists, times, movements and counts are said in Japanese, and English headlines are marked', async () => {
  const { body } = await get(`/article/${ids[0]}?lang=ja`);
  assert.match(body, /2024年11月26日 12:48 JST/);
  assert.match(body, /文：Makoto Hattori/);
  assert.match(body, /<h1 class="story-title"[^>]* lang="en">Japan to Offer/);
  assert.match(boxIn(body, 'box-popular-category'), /「Politics」人気記事/);
  const access = boxIn(body, 'box-access');
  assert.match(access, /JN アクセスランキング/);
  assert.match(access, /<span class="visually-hidden">4位から上昇/);
  assert.match(access, /[\d,]+回<\/span>/);
  assert.match(access, /class="rank-title"[^>]* lang="en"/);
});

test('each page names itself in the other language, and an article’s page is one page in both', async () => {
  const { body } = await get('/ranking?window=1h&lang=ja', { host: 'news.example' });
  assert.match(body, /<link rel="canonical" href="http:\/\/news\.example\/ranking\?window=1h&amp;lang=ja">/);
  assert.match(body, /hreflang="en" href="http:\/\/news\.example\/ranking\?window=1h&amp;lang=en"/);
  const article = await get(`/article/${ids[0]}?lang=ja`, { host: 'news.example' });
  assert.match(article.body, new RegExp(`<link rel="canonical" href="http://news\\.example/article/${ids[0]}">`));
});
