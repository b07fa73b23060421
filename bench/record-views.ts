/**
 * What counting costs Redis: CPU a read, bytes a dedupe entry, CPU of the roller.
 *
 *   REDIS_URL=redis://127.0.0.1:6379/15 node --import tsx bench/record-views.ts [reads]
 *
 * The database of REDIS_URL is emptied before and after, and nobody else may use that server meanwhile: the CPU is the
 * server's own. 1,500 articles read as 1/rank, ten categories, a quarter of the articles in two of them, batches of 100
 * reads of one shard, spread over an hour and a half; a first run of the same size fills the sets and is not measured.
 */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { MINUTE } from '../src/clock.ts';
import { type ArticleId, type CategorySlug, newArticleId, shardOf } from '../src/ids.ts';
import { openOrigins } from '../src/views/network.ts';
import { type Read, recordReads } from '../src/views/record.ts';
import { rollWindows } from '../src/views/roll.ts';

const BATCH = 100;
const READS_PER_ADDRESS = 20;
const ARTICLES = 1500;
const SPAN = 90 * MINUTE;
const CALLS_AT_ONCE = 16;
const START = Date.parse('2026-01-02T10:00:00Z');

interface Article {
  readonly id: ArticleId;
  readonly categories: readonly CategorySlug[];
}

const url = process.env['REDIS_URL'];
if (url === undefined || !/\/\d+$/.test(url)) throw new Error('set REDIS_URL to a database of its own, redis://…/15');
const total = Number(process.argv[2] ?? 200_000);
const redis = new Redis(url);

const articles = Array.from({ length: ARTICLES }, (_, rank): Article => {
  const second = rank % 4 === 0 ? [`category-${(rank + 3) % 10}`] : [];
  const categories = [`category-${rank % 10}`, ...second] as CategorySlug[];
  return { id: newArticleId(new Date('2026-01-01'), rank * 7919), categories };
});
const popularity = articles.flatMap((article, rank) => Array<Article>(Math.ceil(ARTICLES / (rank + 1))).fill(article));

async function cpuSeconds(): Promise<number> {
  const info = await redis.info('cpu');
  const of = (field: string) => Number(new RegExp(`${field}:([\\d.]+)`).exec(info)?.[1]);
  return of('used_cpu_sys') + of('used_cpu_user');
}

/** CPU that Redis spends on `work`, in seconds. */
async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = await cpuSeconds();
  await work();
  return (await cpuSeconds()) - before;
}

async function recordAll(from: number): Promise<void> {
  const queues = new Map<number, Read[]>();
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < total; i++) {
    const { id, categories } = popularity[Math.floor(Math.random() * popularity.length)] as Article;
    const at = new Date(from + (i / total) * SPAN);
    isNow = at;
    const queue = queues.get(shardOf(id)) ?? [];
    queues.set(shardOf(id), queue);
    const visitor = randomBytes(8).readBigInt64BE().toString();
    queue.push({
      article: id,
      categories,
      at,
      isTimeNamed: false,
      isBox: i % 20 === 0,
      visitor,
      visitorBefore: undefined,
      origin: origins.note(salt, addresses[Math.floor(Math.random() * addresses.length)] as string, id).weighed,
    });
    if (queue.length < BATCH) continue;
    calls.push(recordReads(redis, shardOf(id), at, queue.splice(0), READS_PER_ADDRESS));
    if (calls.length === CALLS_AT_ONCE) await Promise.all(calls.splice(0));
  }
  for (const [shard, rest] of queues)
    calls.push(recordReads(redis, shard, new Date(from + SPAN), rest, READS_PER_ADDRESS));
  await Promise.all(calls);
}

/** Readers of all networks alike, each of them behind an address of his own. */
let isNow = new Date(START);
const origins = openOrigins(() => isNow);
const salt = randomBytes(32);
const addresses = Array.from({ length: 20_000 }, () => [...randomBytes(4)].join('.'));

async function dampingSize(): Promise<number> {
  const keys = await redis.keys('*:crowd:*');
  const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
  return sizes.reduce<number>((sum, bytes) => sum + Number(bytes), 0);
}

async function dedupeSize(): Promise<{ entries: number; bytesPerEntry: number }> {
  let bytes = 0;
  let entries = 0;
  for (const key of await redis.keys('*:seen:*')) {
    bytes += Number(await redis.memory('USAGE', key, 'SAMPLES', 0));
    entries += await redis.scard(key);
  }
  return { entries, bytesPerEntry: Number((bytes / entries).toFixed(2)) };
}

await redis.flushdb();
// How fast this machine is at this moment: figures of two runs are compared by it.
const yardstick = "for i = 1, 200000 do redis.call('ZINCRBY', KEYS[1], 1, i % 1000) end";
const oneCall = await cpuOf(() => redis.eval(yardstick, 1, 'yardstick'));
await recordAll(START);
const from = performance.now();
const spent = await cpuOf(() => recordAll(START + SPAN));
console.log({
  reads: total,
  readsPerSecond: Math.round(total / ((performance.now() - from) / 1000)),
  redisMicrosecondsPerRead: Number(((spent / total) * 1e6).toFixed(2)),
  redisMicrosecondsPerBareZincrby: Number(((oneCall / 200_000) * 1e6).toFixed(2)),
});
const dedupe = await dedupeSize();
console.log({ dedupe, dampingBytesPerEntry: Number(((await dampingSize()) / dedupe.entries).toFixed(2)) });
let subtracted = 0;
const rolled = await cpuOf(async () => {
  subtracted = await rollWindows(redis, new Date(START + 4 * SPAN));
});
console.log({ subtracted, rollMicrosecondsPerMember: Number(((rolled / subtracted) * 1e6).toFixed(2)) });
await redis.flushdb();
await redis.quit();
