/** What a PostgreSQL that hangs, its connections open and silent, means to those who wait for an answer. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWire } from '../../chaos/servers/wire.ts';
import { openPostgres } from '../../src/engines/postgres.ts';
import { openRedis } from '../../src/engines/redis.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { ArticleId } from '../../src/ids.ts';
import { type ListKey, listRedisKey } from '../../src/ranking/list.ts';
import { emptySnapshot } from '../../src/ranking/store.ts';
import { skipWithoutPostgres, skipWithoutRedis } from '../support/engines.ts';
import { engineSettings, eventually, startProduct } from '../support/product.ts';
import { seed } from '../web/newsroom.ts';
import { ADMIN_TOKEN } from './server-under-test.ts';

/** From the hang to the answer that tells of it are two and a half seconds; the rest is for a busy machine. */
const TOLD_WITHIN_MS = 5000;
const AT_ONCE_MS = 1000;
const BACK_WITHIN_SECONDS = 15;
/** Longer than anybody waits for a hang. */
const SLOW_MS = 8000;

/** Lists, and pages of lists, that were asked for before: what they need of PostgreSQL is remembered. */
const REMEMBERED = [
  ...['/v1/rankings/access', '/v1/rankings/access?category=politics', '/embed/access', '/fragments/box/access'],
  ...['/', '/ranking', '/fragments/rankings/access', '/v1/categories', '/livez', '/v1/openapi.json'],
];

const LIST: ListKey = { kind: 'access', scope: 'site', window: '24h' };
const OPML = '<opml version="2.0"><head/><body><outline type="rss" xmlUrl="https://news.example/a.xml"/></body></opml>';

interface Answer {
  readonly name: string;
  readonly status: number;
  readonly ms: number;
  readonly retryAfter: string | null;
  readonly type: string;
  readonly body: string;
}

type Ask = (path: string, init?: RequestInit) => Promise<Answer>;

interface Site {
  readonly article: ArticleId;
  /** To its database, past the wire. */
  readonly sql: Sql;
  readonly wire: Awaited<ReturnType<typeof openWire>>;
  readonly ask: Ask;
}

/** An API in a process of its own, between which and PostgreSQL is a wire of ours. */
async function openSite(t: TestContext): Promise<Site> {
  const settings = await engineSettings(t);
  const direct = new URL(String(settings['DATABASE_URL']));
  const wire = await openWire(Number(direct.port), '127.0.0.1');
  t.after(() => wire.close());
  const wired = Object.assign(new URL(direct), { host: `127.0.0.1:${wire.port}` }).href;
  const own = { DATABASE_URL: wired, ADMIN_TOKEN, FEEDS_FILE: 'bench/no-feeds.opml' };
  const product = await startProduct(t, { ...settings, ...own }, ['start', '--roles', 'api']);
  const { sql, close } = await openPostgres(direct.href);
  t.after(close);
  const [article] = await seed(sql, 'News', [{ title: 'Minister speaks', categories: ['Politics'], minutesAgo: 9 }]);
  assert.ok(article);
  const redis = await openRedis(String(settings['REDIS_URL']), 'commands', () => {});
  await redis.set(listRedisKey(LIST), JSON.stringify(emptySnapshot(LIST, { siteName: 'JN' }, new Date())));
  redis.disconnect();
  const ask: Ask = async (path, init) => {
    const startedAt = performance.now();
    const answer = await fetch(product.url + path, init);
    const body = await answer.text();
    return {
      name: `${init?.method ?? 'GET'} ${path}: ${answer.status} ${body.slice(0, 200)}`,
      ...{ status: answer.status, ms: performance.now() - startedAt, body },
      retryAfter: answer.headers.get('retry-after'),
      type: answer.headers.get('content-type') ?? '',
    };
  };
  return { article, sql, wire, ask };
}

/** Asks for all that cannot be answered without PostgreSQL. */
function askAll({ ask, article }: Site): Promise<Answer[]> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const post = (type: string, body: string) => ({
    method: 'POST',
    headers: { ...headers, 'content-type': type },
    body,
  });
  const feed = JSON.stringify({ url: `https://news.example/${randomUUID()}.xml` });
  const period = JSON.stringify({ from: '2024-01-01T00:00:00Z', to: '2024-01-02T00:00:00Z', dryRun: true });
  const open = [
    ...['/v1/articles', '/v1/articles?q=minister', '/v1/articles.rss', `/v1/articles/${article}`],
    ...['/v1/rankings/access?at=2024-11-26T03:00:00Z', '/v1/rankings/closed/day/latest'],
    ...['/category/politics', '/search?q=minister', `/article/${article}`, '/ranking?at=2024-11-26'],
  ];
  return Promise.all([
    ...open.map((path) => ask(path)),
    ...['/v1/feeds', '/v1/feeds.opml', '/v1/curations', '/v1/feeds/1'].map((path) => ask(path, { headers })),
    ask('/v1/feeds', post('application/json', feed)),
    ask('/v1/feeds/import', post('text/x-opml', OPML)),
    ask('/v1/views/revoke', post('application/json', period)),
    // More than there are connections.
    ...Array.from({ length: 20 }, () => ask('/v1/articles?category=politics')),
  ]);
}

const isServed = ({ status }: Answer) => status < 500;

function assertTold({ name, status, ms, retryAfter, type, body }: Answer, withinMs: number): void {
  assert.equal(status, 503, name);
  assert.ok(ms < withinMs, `after ${ms} ms: ${name}`);
  assert.match(String(retryAfter), /^[1-9]\d?$/, name);
  if (type.startsWith('text/html')) return;
  assert.equal(type, 'application/problem+json; charset=utf-8', name);
  assert.doesNotMatch(body, /PostgreSQL|127\.0\.0\.1|Connection/, 'nothing of our insides');
  assert.equal(JSON.parse(body).code, 'unavailable', name);
}

const skip = skipWithoutPostgres || skipWithoutRedis;

test('who asks for what a PostgreSQL that hangs would know is told within seconds, then at once, then served again', {
  skip,
}, async (t) => {
  const site = await openSite(t);
  const { ask, wire } = site;
  for (const answer of await askAll(site)) assert.ok(isServed(answer), answer.name);

  for (const path of REMEMBERED) assert.equal((await ask(path)).status, 200, path);

  wire.freeze();
  for (const answer of await askAll(site)) assertTold(answer, TOLD_WITHIN_MS);
  for (const answer of await askAll(site)) assertTold(answer, AT_ONCE_MS);
  for (const path of REMEMBERED) {
    const answer = await ask(path);
    assert.equal(answer.status, 200, answer.name);
    assert.ok(answer.ms < AT_ONCE_MS, `after ${answer.ms} ms: ${answer.name}`);
  }
  const ready = await ask('/readyz');
  assert.equal(ready.status, 503, ready.name);
  assert.equal(JSON.parse(ready.body).dependencies.postgresql, 'down');

  wire.heal();
  await eventually('all is served', async () => (await askAll(site)).every(isServed), BACK_WITHIN_SECONDS);
  await eventually('it is ready', async () => (await ask('/readyz')).status === 200);
  const { body } = await ask('/metrics');
  assert.match(body, /^newsrank_db_pool_connections\{state="waiting"\} 0$/m);
  // The connection that asks whether PostgreSQL answers may be asking; no other is in use.
  assert.match(body, /^newsrank_db_pool_connections\{state="busy"\} [01]$/m);
});

test('connections that are dead are made anew within seconds, though new ones are answered all the time', {
  skip,
}, async (t) => {
  const site = await openSite(t);
  for (const answer of await askAll(site)) assert.ok(isServed(answer), answer.name);
  // As a firewall that fails over: what was open is forgotten.
  site.wire.freeze();
  site.wire.heal();
  const startedAt = performance.now();
  for (const { name, ms } of await askAll(site)) assert.ok(ms < TOLD_WITHIN_MS, `after ${ms} ms: ${name}`);
  await eventually('all is served', async () => (await askAll(site)).every(isServed), BACK_WITHIN_SECONDS);
  assert.ok(performance.now() - startedAt < BACK_WITHIN_SECONDS * 1000);
});

test('a statement takes as long as it takes while PostgreSQL answers', { skip }, async (t) => {
  const { sql, ask } = await openSite(t);
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const locked = sql.transaction(async (tx) => {
    await tx.query('lock table feeds in access exclusive mode');
    await sleep(SLOW_MS);
  });
  await sleep(200);
  const waiting = ['/v1/feeds', '/v1/feeds.opml'].map((path) => ask(path, { headers }));
  // More than there are connections, so that not one is left for whoever else asks.
  const many = Array.from({ length: 10 }, () => ask('/v1/feeds?state=active', { headers }));
  await sleep(SLOW_MS / 2);
  const ready = await ask('/readyz');
  assert.equal(ready.status, 200, ready.name);
  await locked;
  for (const { name, status, ms } of await Promise.all(waiting)) {
    assert.equal(status, 200, name);
    assert.ok(ms > SLOW_MS / 2, name);
  }
  // Those that found no connection were told so after five seconds, as ever.
  for (const { name, status } of await Promise.all(many)) assert.ok(status === 200 || status === 503, name);
});
