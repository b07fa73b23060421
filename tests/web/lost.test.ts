import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { openServer } from '../../src/api/server.ts';
import { registerPages } from '../../src/web/pages.ts';
import { type FilledApi, openFilledApi } from '../api/filled-api.ts';
import { toolsFor } from '../api/server-under-test.ts';
import { openPages } from './serve.ts';

let api: FilledApi;
let app: FastifyInstance;

before(async () => {
  api = await openFilledApi();
  const tools = toolsFor({}, { sql: api.sql, redis: api.redis, collected: api.seen });
  app = await openServer(tools, [(web) => registerPages(web, tools)]);
});
after(async () => {
  await app?.close();
  await api?.close();
});

const browse = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ url, headers: { accept: 'text/html,*/*;q=0.8', ...headers } });

test('a browser gets a page, whatever is wrong with the address; other callers get a problem', async () => {
  const lost = ['/nothing', '/article/none', '/article/%zz', '/%ff', '/category/%', `/article/${'a'.repeat(700)}`];
  for (const url of lost) {
    const page = await browse(url);
    assert.equal(page.statusCode, 404, url);
    assert.match(String(page.headers['content-type']), /^text\/html/, url);
    assert.match(page.body, /Page not found/, url);
    assert.equal(page.headers['cache-control'], 'no-store');
  }
  for (const url of ['/nothing', '/article/%zz', '/%ff', `/article/${'a'.repeat(700)}`]) {
    const problem = await app.inject(url);
    assert.ok([400, 404].includes(problem.statusCode), url);
    assert.equal(problem.headers['content-type'], 'application/problem+json; charset=utf-8', url);
  }
  for (const url of ['/v1/articles/%zz', '/v1/nothing']) {
    assert.equal((await browse(url)).headers['content-type'], 'application/problem+json; charset=utf-8', url);
  }
});

test('an old link leads a browser to the page that says so', async () => {
  for (const name of ['000000000000', '%3Cscript%3E', 'a%2Fb']) {
    const sent = await browse(`/r/${name}`);
    assert.deepEqual([sent.statusCode, sent.headers.location], [302, `/article/${name}`]);
    assert.equal((await browse(String(sent.headers.location))).statusCode, 404);
    assert.deepEqual((await app.inject(`/r/${name}`)).json().code, 'article-unknown');
  }
});

test('pages name the address that the caller used, unless PUBLIC_URL says another', async () => {
  const canonicalOf = (html: string) => /<link rel="canonical" href="([^"]*)">/.exec(html)?.[1];
  const at = async (host: string) => canonicalOf((await browse('/ranking', { host })).body);
  assert.equal(await at('news.example'), 'http://news.example/ranking?window=24h');
  assert.equal(await at('news.example:80'), 'http://news.example/ranking?window=24h');
  assert.equal(await at('evil.example"><script>alert(1)</script>'), '/ranking?window=24h');
  const { app: behind } = await openPages(api, { publicUrl: 'https://rank.example/news' });
  try {
    const { body } = await behind.inject({ url: '/ranking', headers: { host: 'evil.example' } });
    assert.equal(canonicalOf(body), 'https://rank.example/news/ranking?window=24h');
    assert.match(body, /src=&quot;https:\/\/rank\.example\/news\/embed\.js&quot;/);
    assert.doesNotMatch(body, /evil/);
  } finally {
    await behind.close();
  }
});
