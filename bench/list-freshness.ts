/**
 * How long it takes until a read is in its lists, while many others arrive: from sending the view over HTTP until the
 * published list of its category holds the article, with all of the product running (api in one process, counter and
 * ranker in another).
 *
 *     DATABASE_URL=postgres://… REDIS_URL=redis://… node --import tsx bench/list-freshness.ts [--rate 5000] [--seconds 60]
 *
 * 1,500 articles read as 1/rank, in batches of 100 with the ingest token; four times a second a read of an article that
 * nobody has read, which from then on is the newest with one read. Takes a database of its own on each server.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { MINUTE } from '../src/clock.ts';
import { migrate } from '../src/schema/migrate.ts';
import { insertArticles, insertCategories, testArticle } from '../tests/ranking/counts.ts';
import { databaseUrl, openDatabase, openTestRedis } from '../tests/support/engines.ts';
import { openLoad } from './http-load.ts';
import { startProduct, stopProduct } from './quiet-feeds.ts';

const ARTICLES = 1500;
const CATEGORIES = 10;
const BATCH = 100;
const CONNECTIONS = 16;
const PROBES_A_SECOND = 4;
const LOOK_EVERY_MS = 50;
const GIVEN_UP_AFTER_MS = 12_000;
const PROBED = 'probes';
const INGEST_TOKEN = 'a token of the benchmark, no secret at all'.replaceAll(' ', '-');

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '5000' }, seconds: { type: 'string', default: '60' } },
});
const [rate, seconds] = [Number(values.rate), Number(values.seconds)];
if (databaseUrl === undefined) throw new Error('set DATABASE_URL and REDIS_URL to servers');

const database = await openDatabase(databaseUrl, migrate);
const { redis, url: redisUrl, close } = await openTestRedis();
const names = Array.from({ length: CATEGORIES }, (_, n) => `category-${n}`);
await insertCategories(database.sql, Object.fromEntries([...names, PROBED].map((slug) => [slug, slug])));
const articles = Array.from({ length: ARTICLES }, (_, rank) =>
  testArticle(new Date(Date.now() - 60 * MINUTE), names[rank % CATEGORIES] ?? PROBED),
);
const probes = Array.from({ length: seconds * PROBES_A_SECOND }, (_, index) =>
  testArticle(new Date(Date.now() - 50 * MINUTE + index * 1000), PROBED),
);
await insertArticles(database.sql, [...articles, ...probes]);
const popularity = articles.flatMap(({ id }, rank) => Array<string>(Math.ceil(ARTICLES / (rank + 1))).fill(id));
const anyArticle = () => popularity[Math.floor(Math.random() * popularity.length)] as string;

const settings = { DATABASE_URL: database.url, REDIS_URL: redisUrl, INGEST_TOKEN, RANK_INTERVAL: '5s' };
const api = await startProduct({ ...settings, ROLES: 'api' });
const ranker = await startProduct({ ...settings, ROLES: 'counter,ranker' });
const [load, probing] = [await openLoad(api.url, CONNECTIONS, 202), await openLoad(api.url, 4, 202)];
let visitors = 0;

function post(ids: readonly string[]): Buffer {
  const text = JSON.stringify({ views: ids.map((article) => ({ article, visitor: `visitor-${visitors++}` })) });
  const head = `authorization: Bearer ${INGEST_TOKEN}\r\ncontent-type: application/json\r\ncontent-length: ${text.length}`;
  return Buffer.from(`POST /v1/views HTTP/1.1\r\nhost: 127.0.0.1\r\n${head}\r\n\r\n${text}`);
}

/** Milliseconds until the list of its category holds the article. */
async function probe(id: string): Promise<number> {
  const sentAt = performance.now();
  await probing.send([post([id])]);
  while (!(await redis.get(`list:access:${PROBED}:1h`))?.includes(`"id":"${id}"`)) {
    // By then newer ones have taken its place in the list, and it would be waited for without end.
    if (performance.now() - sentAt > GIVEN_UP_AFTER_MS) throw new Error(`${id} was not listed within 12 s`);
    await wait(LOOK_EVERY_MS);
  }
  return performance.now() - sentAt;
}

const batches = Array.from({ length: (rate * seconds) / BATCH }, () =>
  post(Array.from({ length: BATCH }, () => anyArticle())),
);
const startedAt = performance.now();
const loading = load.send(batches, rate / BATCH);
const took = await Promise.all(
  probes.map(async ({ id }, index) => {
    await wait((index * 1000) / PROBES_A_SECOND);
    return await probe(id);
  }),
);
const answers = (await loading).sort();
const reads = (rate * seconds) / ((performance.now() - startedAt) / 1000);
took.sort((a, b) => a - b);
const quantile = (sorted: ArrayLike<number>, share: number) =>
  Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
console.log({
  readsPerSecond: Math.round(reads),
  rankIntervalMs: 5000,
  untilListedMs: { p50: quantile(took, 0.5), p99: quantile(took, 0.99), most: Math.round(took.at(-1) ?? 0) },
  batchAnsweredMs: { p50: quantile(answers, 0.5), p99: quantile(answers, 0.99) },
});

for (const { close: end } of [load, probing]) end();
await stopProduct(api);
await stopProduct(ranker);
await close();
await database.close();
