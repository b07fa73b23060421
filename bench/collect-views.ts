/**
 * What a view costs the product's API over HTTP, everything included (checks, hashing, Redis), beside a bare `node:http`
 * handler that parses the JSON and answers 202, in the same run: CPU of each server's process a request, requests a
 * second, and how long answers of both take at half of the product's rate. Then batches of 100 with the ingest token.
 *
 *     DATABASE_URL=postgres://… REDIS_URL=redis://… node --import tsx bench/collect-views.ts [--views 20000] [--rounds 5]
 *         [--connections 512]
 *
 * 1,500 articles read as 1/rank, every view from another address, 200 browsers. Takes a database of its own on each
 * server. PRODUCT_FLAGS go to the product's Node (--cpu-prof).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { migrate } from '../src/schema/migrate.ts';
import { insertArticles, insertCategories, testArticle } from '../tests/ranking/counts.ts';
import { databaseUrl, openDatabase, openTestRedis } from '../tests/support/engines.ts';
import { type Load, openLoad } from './http-load.ts';
import { measureProcess } from './process-cost.ts';
import { redisCpu, startProduct, stopProduct } from './quiet-feeds.ts';

const ARTICLES = 1500;
const CATEGORIES = 10;
const BATCH = 100;
/** How long answers are measured at an even rate. */
const PACED_SECONDS = 5;
/** Fewer than the product lets wait at a time. */
const BATCH_CONNECTIONS = 32;
const INGEST_TOKEN = 'a token of the benchmark, no secret at all'.replaceAll(' ', '-');

const { values } = parseArgs({
  options: {
    views: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '512' },
  },
});
const [views, rounds] = [Number(values.views), Number(values.rounds)];
/** Each waits for its answer, while reads gather: with fewer it is the waiting that is measured. */
const CONNECTIONS = Number(values.connections);
if (databaseUrl === undefined) throw new Error('set DATABASE_URL and REDIS_URL to servers');

const database = await openDatabase(databaseUrl, migrate);
const redis = await openTestRedis();
const articles = Array.from({ length: ARTICLES }, (_, rank) =>
  testArticle(new Date(), `category-${rank % CATEGORIES}`, ...(rank % 4 === 0 ? [`category-${(rank + 3) % 10}`] : [])),
);
await insertCategories(
  database.sql,
  Object.fromEntries(Array.from({ length: CATEGORIES }, (_, n) => [`category-${n}`, `Category ${n}`])),
);
await insertArticles(database.sql, articles);
const popularity = articles.flatMap(({ id }, rank) => Array<string>(Math.ceil(ARTICLES / (rank + 1))).fill(id));
const anyArticle = () => popularity[Math.floor(Math.random() * popularity.length)] as string;
let visitors = 0;

const product = await startProduct({
  DATABASE_URL: database.url,
  REDIS_URL: redis.url,
  ROLES: 'api',
  TRUST_PROXY: '1',
  INGEST_TOKEN,
});
const bare = spawn(process.execPath, ['--import', 'tsx', new URL('bare-collector.ts', import.meta.url).pathname], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [port] = await once(createInterface(bare.stdout), 'line');
const servers = {
  bare: { pid: bare.pid ?? 0, load: await openLoad(`http://127.0.0.1:${port}`, CONNECTIONS, 202) },
  product: { pid: product.pid, load: await openLoad(product.url, CONNECTIONS, 202) },
  ingest: { pid: product.pid, load: await openLoad(product.url, BATCH_CONNECTIONS, 202) },
};

function post(body: unknown, headers: string): Buffer {
  const text = JSON.stringify(body);
  return Buffer.from(
    `POST /v1/views HTTP/1.1\r\nhost: 127.0.0.1\r\n${headers}content-length: ${text.length}\r\n\r\n${text}`,
  );
}

/** As a browser's beacon arrives through a proxy. */
function beacon(): Buffer {
  const n = visitors++;
  const address = `${11 + ((n >> 16) % 80)}.${(n >> 8) & 255}.${n & 255}.${1 + (n % 250)}`;
  const agent = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${n % 200}.0.0.0 Safari/537.36`;
  const headers = `user-agent: ${agent}\r\nx-forwarded-for: ${address}\r\ncontent-type: text/plain;charset=UTF-8\r\naccept: */*\r\norigin: https://news.example\r\n`;
  return post({ article: anyArticle() }, headers);
}

function batch(): Buffer {
  const some = Array.from({ length: BATCH }, () => ({ article: anyArticle(), visitor: `visitor-${visitors++}` }));
  return post({ views: some }, `authorization: Bearer ${INGEST_TOKEN}\r\ncontent-type: application/json\r\n`);
}

interface Cost {
  readonly microseconds: number;
  readonly perSecond: number;
  readonly redisMicroseconds: number;
}

async function costOf({ pid, load }: { pid: number; load: Load }, requests: readonly Buffer[]): Promise<Cost> {
  const [cpu, redisBefore, startedAt] = [
    measureProcess(pid).cpuSeconds,
    await redisCpu(redis.redis),
    performance.now(),
  ];
  await load.send(requests);
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    microseconds: ((measureProcess(pid).cpuSeconds - cpu) / requests.length) * 1e6,
    perSecond: requests.length / seconds,
    redisMicroseconds: (((await redisCpu(redis.redis)) - redisBefore) / requests.length) * 1e6,
  };
}

/** Of the cheapest and of the fastest round: what else runs on the machine only ever makes it dearer. */
const least = (costs: readonly Cost[], name: keyof Cost) => Math.min(...costs.map((cost) => cost[name]));
const fastest = (costs: readonly Cost[]) => Math.round(Math.max(...costs.map(({ perSecond }) => perSecond)));
const beacons = (count = views) => Array.from({ length: count }, beacon);
const batches = () => Array.from({ length: views / BATCH }, batch);

// A connection that has carried a request may rest for a minute, one that has not is told 408 after fifteen seconds.
for (const { load } of [servers.bare, servers.product]) await load.send(Array.from({ length: CONNECTIONS }, beacon));
await servers.ingest.load.send(Array.from({ length: BATCH_CONNECTIONS }, batch));

const costs = { bare: [] as Cost[], product: [] as Cost[], batch: [] as Cost[] };
// The first three rounds of each warm up and are not measured: as much again is compiled in them as is run.
for (let round = -2; round <= rounds; round++) {
  const [one, other, third] = [
    await costOf(servers.bare, beacons()),
    await costOf(servers.product, beacons()),
    await costOf(servers.ingest, batches()),
  ];
  if (round <= 0) continue;
  costs.bare.push(one);
  costs.product.push(other);
  costs.batch.push(third);
}
const [bareCpu, productCpu] = [least(costs.bare, 'microseconds'), least(costs.product, 'microseconds')];
console.log('one view a request', {
  bareMicroseconds: Math.round(bareCpu),
  productMicroseconds: Math.round(productCpu),
  ofBareByCpu: `${Math.round((bareCpu / productCpu) * 100)} %`,
  ofBareByClock: `${Math.round((fastest(costs.product) / fastest(costs.bare)) * 100)} %`,
  bareRequestsPerSecond: fastest(costs.bare),
  productRequestsPerSecond: fastest(costs.product),
  redisMicroseconds: Math.round(least(costs.product, 'redisMicroseconds')),
});

const rate = fastest(costs.product) / 2;
for (const name of ['bare', 'product'] as const) {
  // Long enough that no single collection of garbage makes one of a hundred answers late.
  const took = (await servers[name].load.send(beacons(rate * PACED_SECONDS), rate)).sort();
  const quantile = (share: number) => Number((took[Math.floor(took.length * share)] ?? 0).toFixed(1));
  const quantiles = { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) };
  console.log(`at half of the product's rate, ${name}`, quantiles);
}

const perView = least(costs.batch, 'microseconds') / BATCH;
console.log(`batches of ${BATCH}`, {
  viewsPerSecond: fastest(costs.batch) * BATCH,
  productMicrosecondsPerView: Number(perView.toFixed(1)),
  viewsPerCpuSecond: Math.round(1e6 / perView),
  redisMicrosecondsPerView: Number((least(costs.batch, 'redisMicroseconds') / BATCH).toFixed(1)),
});

for (const { load } of Object.values(servers)) load.close();
await stopProduct(product);
bare.kill();
await redis.close();
await database.close();
