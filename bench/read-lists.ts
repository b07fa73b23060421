/**
 * What a list costs over HTTP beside a Fastify route that does nothing but answer a constant of the same size, in the
 * same run and taking turns: requests a second and CPU a request, of the list as JSON, plain and compressed, of 304, and of an article.
 *
 *     DATABASE_URL=postgres://… REDIS_URL=redis://… node --import tsx bench/read-lists.ts [--requests 30000] [--rounds 5]
 *
 * Takes a database of its own on each server. PRODUCT_FLAGS go to the product's Node (--cpu-prof).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type ListKey, listRedisKey, type Snapshot } from '../src/ranking/list.ts';
import { emptySnapshot } from '../src/ranking/store.ts';
import { migrate } from '../src/schema/migrate.ts';
import { insertArticles, insertCategories, testArticle } from '../tests/ranking/counts.ts';
import { databaseUrl, openDatabase, openTestRedis } from '../tests/support/engines.ts';
import { type Load, openLoad } from './http-load.ts';
import { measureProcess } from './process-cost.ts';
import { startProduct, stopProduct } from './quiet-feeds.ts';

const CONNECTIONS = 64;
const KEY: ListKey = { kind: 'access', scope: 'site', window: '24h' };

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '30000' }, rounds: { type: 'string', default: '5' } },
});
const [requests, rounds] = [Number(values.requests), Number(values.rounds)];
if (databaseUrl === undefined) throw new Error('set DATABASE_URL and REDIS_URL to servers');

const database = await openDatabase(databaseUrl, migrate);
const redis = await openTestRedis();
const articles = Array.from({ length: 5 }, () => testArticle(new Date(), 'politics'));
await insertCategories(database.sql, { politics: 'Politics' });
await insertArticles(database.sql, articles);
await redis.redis.set(listRedisKey(KEY), JSON.stringify(list()));

function list(): Snapshot {
  const now = new Date().toISOString();
  const items = articles.map(({ id }, index) => ({
    ...{ rank: index + 1, previousRank: index + 2, movement: 'up' as const, peakRank: 1, since: now },
    ...{ reads: 1000 - index, fill: null, sparkline: Array.from({ length: 24 }, (_, step) => step * 7) },
    article: {
      ...{ id, title: 'Japan to Offer U.S. Proposals on Trade, Security Ahead of the Summit Next Month' },
      ...{ url: `https://news.example/politics/${id}/`, source: 'The Japan News', publishedAt: now, updatedAt: now },
      ...{ categories: [], image: null },
    },
  }));
  return { ...emptySnapshot(KEY, { siteName: 'JN' }, new Date()), version: 'v1', confidence: 'ok', items };
}

const product = await startProduct({ DATABASE_URL: database.url, REDIS_URL: redis.url, ROLES: 'api' });
const { length } = await (await fetch(`${product.url}/v1/rankings/access`)).text();
const noop = spawn(
  process.execPath,
  ['--import', 'tsx', new URL('noop-route.ts', import.meta.url).pathname, String(length)],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const [port] = await once(createInterface(noop.stdout), 'line');

const get = (path: string, headers = '') => Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${headers}\r\n`);
const browser =
  'user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\naccept: application/json\r\norigin: https://news.example\r\n';
const nothing = `http://127.0.0.1:${port}`;
const SUBJECTS = {
  'a route that does nothing': { pid: noop.pid ?? 0, url: nothing, status: 200, request: get('/list', browser) },
  'a list': { pid: product.pid, url: product.url, status: 200, request: get('/v1/rankings/access', browser) },
  'a list, compressed': {
    ...{ pid: product.pid, url: product.url, status: 200 },
    request: get('/v1/rankings/access', `${browser}accept-encoding: gzip, deflate, br\r\n`),
  },
  'a list that the caller has': {
    ...{ pid: product.pid, url: product.url, status: 304 },
    request: get('/v1/rankings/access', `${browser}if-none-match: W/"v1"\r\n`),
  },
  'an article': {
    ...{ pid: product.pid, url: product.url, status: 200 },
    request: get(`/v1/articles/${articles[0]?.id}`, browser),
  },
} as const;

const loads = new Map<string, Load>();
for (const [name, { url, status }] of Object.entries(SUBJECTS)) {
  loads.set(name, await openLoad(url, CONNECTIONS, status));
}

const best = new Map<string, { perSecond: number; microseconds: number }>();
// The first two rounds of each warm up and are not measured. What else runs on the machine only ever makes it dearer.
for (let round = -1; round <= rounds; round++) {
  for (const [name, { pid, request }] of Object.entries(SUBJECTS)) {
    const count = name === 'an article' ? requests / 10 : requests;
    const [cpu, from] = [measureProcess(pid).cpuSeconds, performance.now()];
    await loads.get(name)?.send(Array.from({ length: count }, () => request));
    const perSecond = count / ((performance.now() - from) / 1000);
    const microseconds = ((measureProcess(pid).cpuSeconds - cpu) / count) * 1e6;
    if (round <= 0) continue;
    const known = best.get(name) ?? { perSecond: 0, microseconds: Number.POSITIVE_INFINITY };
    best.set(name, {
      perSecond: Math.max(known.perSecond, perSecond),
      microseconds: Math.min(known.microseconds, microseconds),
    });
  }
}

const base = best.get('a route that does nothing') ?? { perSecond: 0, microseconds: 0 };
for (const [name, { perSecond, microseconds }] of best) {
  console.log(name, {
    requestsPerSecond: Math.round(perSecond),
    microseconds: Math.round(microseconds),
    ofNothingByClock: `${Math.round((perSecond / base.perSecond) * 100)} %`,
    ofNothingByCpu: `${Math.round((base.microseconds / microseconds) * 100)} %`,
  });
}

for (const load of loads.values()) load.close();
await stopProduct(product);
noop.kill();
await redis.close();
await database.close();
