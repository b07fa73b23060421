/**
 * What counting costs Redis: CPU a read, bytes a dedupe entry, CPU of the roller, memory of a day.
 *
 *   REDIS_URL=redis://127.0.0.1:6379/15 node --import tsx bench/record-views.ts [reads]
 *
 * The database of REDIS_URL is emptied before and after, and nobody else may use that server meanwhile: the CPU is the
 * server's own. 1,500 articles read as 1/rank, ten categories, a quarter of the articles in two of them. First in calls of
 * 100 and of MAX_BATCH reads of one shard, spread over an hour and a half: so far apart that no two calls are counted
 * together, which is the worst that can be; a first run of the same size fills the sets and is not measured. Then as
 * reads come to a site that is read 20,000 times a second, in calls of MAX_BATCH, 33, 10 and 1. Of ten parts of each run the
 * cheapest counts too: what else runs on the machine only ever makes it dearer. Then a day of five times as many reads,
 * rolled and archived as it passes.
 */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { DAY, HOUR, MINUTE } from '../src/clock.ts';
import { type ArticleId, type CategorySlug, newArticleId, shardOf } from '../src/ids.ts';
import { ALL_SHARDS, keysOf } from '../src/views/keys.ts';
import { openOrigins } from '../src/views/network.ts';
import { momentOf } from '../src/views/noted-read.ts';
import { countPending } from '../src/views/pending.ts';
import { MAX_BATCH, type Read, recordReads } from '../src/views/record.ts';
import { rollWindows } from '../src/views/roll.ts';

const PARTS = 10;
const READS_PER_ADDRESS = 20;
const ARTICLES = 1500;
const SPAN = 90 * MINUTE;
const BUSY_READS_PER_SECOND = 20_000;
const CALLS_AT_ONCE = 16;
const GATHER_MS = 16;
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

async function recordAll(from: number, reads: number, span: number, batch: number): Promise<void> {
  const queues = new Map<number, Read[]>();
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < reads; i++) {
    const { id, categories } = popularity[Math.floor(Math.random() * popularity.length)] as Article;
    const at = new Date(from + (i / reads) * span);
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
      origin: origins.note(salt, addresses[Math.floor(Math.random() * addresses.length)] as string, id, at).weighed,
    });
    if (queue.length < batch) continue;
    calls.push(recordReads(redis, shardOf(id), at, together(queue.splice(0), at), READS_PER_ADDRESS));
    if (calls.length === CALLS_AT_ONCE) await Promise.all(calls.splice(0));
  }
  for (const [shard, rest] of queues)
    calls.push(recordReads(redis, shard, new Date(from + span), rest, READS_PER_ADDRESS));
  await Promise.all(calls);
}

/** A call carries what came while reads gathered, so that its times are alike however long the queue took to fill here. */
function together(reads: readonly Read[], now: Date): Read[] {
  return reads.map((read) => ({ ...read, at: momentOf(new Date(now.getTime() - Math.random() * GATHER_MS)) }));
}

/** Readers of all networks alike, each of them behind an address of his own. */
const origins = openOrigins();
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
/** How fast this machine is at this moment: a bare increment from a script, in seconds. Figures of two runs compare by it. */
async function bareZincrby(): Promise<number> {
  const yardstick = "for i = 1, 50000 do redis.call('ZINCRBY', KEYS[1], 1, i % 1000) end";
  const seconds = await cpuOf(() => redis.eval(yardstick, 1, 'yardstick'));
  await redis.del('yardstick');
  return seconds / 50_000;
}
const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
await recordAll(START, total, SPAN, 100);
for (const [run, batch] of [100, MAX_BATCH].entries()) await measure(START + (1 + run) * SPAN, SPAN, batch);
const [busy, seconds] = [START + 3 * SPAN, total / BUSY_READS_PER_SECOND];
for (const [run, batch] of [MAX_BATCH, 33, 10, 1].entries()) {
  await measure(busy + run * seconds * 1000, seconds * 1000, batch);
}
const dedupe = await dedupeSize();
console.log({ dedupe, dampingBytesPerEntry: Number(((await dampingSize()) / dedupe.entries).toFixed(2)) });
let subtracted = 0;
const rolled = await cpuOf(async () => {
  subtracted = await rollWindows(redis, new Date(START + 6 * SPAN));
});
console.log({ subtracted, rollMicrosecondsPerMember: Number(((rolled / subtracted) * 1e6).toFixed(2)) });
await redis.flushdb();
console.log({ aDay: { reads: 5 * total, megabytes: Number((await memoryOfDay(5 * total)).toFixed(1)) } });
await redis.flushdb();
await redis.quit();

/** What `total` reads from then on cost Redis, spread over `span` ms. */
async function measure(from: number, span: number, batch: number): Promise<void> {
  const startedAt = performance.now();
  const parts: number[] = [];
  const bare: number[] = [];
  for (let part = 0; part < PARTS; part++) {
    const at = from + (part / PARTS) * span;
    bare.push(await bareZincrby());
    const work = async () => {
      await recordAll(at, total / PARTS, span / PARTS, batch);
      await countPending(redis);
    };
    parts.push((await cpuOf(work)) / (total / PARTS));
  }
  const microseconds = (seconds: number) => Number((seconds * 1e6).toFixed(2));
  console.log({
    batch,
    redisMicrosecondsPerRead: microseconds(parts.reduce((sum, part) => sum + part, 0) / PARTS),
    inTheCheapestPart: microseconds(Math.min(...parts)),
    readsPerSecondOfTheSite: Math.round((total / span) * 1000),
    microsecondsPerBareZincrby: microseconds(median(bare)),
    inBareZincrbys: Number(median(parts.map((part, i) => part / (bare[i] ?? part))).toFixed(1)),
    readsPerSecond: Math.round(total / ((performance.now() - startedAt) / 1000)),
  });
}

/** What Redis holds in the last hour of a day. Passing it in a minute, it is we who forget what would have expired. */
async function memoryOfDay(reads: number): Promise<number> {
  const used = async () => {
    const info = await redis.info('memory');
    const of = (field: string) => Number(new RegExp(`${field}:(\\d+)`).exec(info)?.[1]);
    return of('used_memory') - of('mem_clients_normal');
  };
  const empty = await used();
  const steps = DAY / (HOUR / 2);
  let peak = 0;
  for (let step = 0; step < steps; step++) {
    const at = START + step * (HOUR / 2);
    await recordAll(at, reads / steps, HOUR / 2, 100);
    await rollWindows(redis, new Date(at + HOUR / 2));
    await redis.del(...ALL_SHARDS.map((shard) => keysOf(shard).delta));
    const slot = Math.floor(at / (HOUR / 2));
    const halfHours = [...(await redis.keys('*:seen:*')), ...(await redis.keys('*:crowd:*'))];
    const gone = halfHours.filter((key) => Number(key.split(':')[2]) < slot - 2);
    if (gone.length > 0) await redis.del(...gone);
    peak = Math.max(peak, await used());
  }
  return (peak - empty) / 2 ** 20;
}
