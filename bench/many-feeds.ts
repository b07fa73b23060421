/**
 * Holds a schedule: very many feeds, each polled every five minutes, for some time. Prints polls a second, how late they
 * were, and the CPU of each process.
 *
 *     DATABASE_URL=postgres://… REDIS_URL=redis://… node --import tsx bench/many-feeds.ts [--feeds 100000] [--seconds 300]
 *
 * Takes a database of its own on each server. The origin runs in a process of its own on the same machine.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { migrate } from '../src/schema/migrate.ts';
import { databaseUrl, openDatabase, openTestRedis } from '../tests/support/engines.ts';
import { measureProcess } from './process-cost.ts';
import { insertQuietFeeds, redisCpu, sessionCpu, startProduct, startQuietOrigin, stopProduct } from './quiet-feeds.ts';

const { values } = parseArgs({
  options: {
    feeds: { type: 'string', default: '100000' },
    hosts: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '300' },
  },
});
const [count, hosts, seconds] = [values.feeds, values.hosts, values.seconds].map(Number) as [number, number, number];
if (databaseUrl === undefined) throw new Error('set DATABASE_URL and REDIS_URL to servers');
const INTERVAL = 300;
const WARM_UP_SECONDS = 15;

const database = await openDatabase(databaseUrl, migrate);
const redis = await openTestRedis();
const origin = await startQuietOrigin();
await insertQuietFeeds(database.sql, { count, hosts, port: origin.port, spreadSeconds: INTERVAL });
const product = await startProduct({
  DATABASE_URL: database.url,
  REDIS_URL: redis.url,
  ROLES: 'scheduler,poller',
  HOST_REQUESTS_PER_MINUTE: '1000000',
  // Below the feeds' own five minutes, so that jitter goes both ways: at the minimum it only ever waits longer.
  POLL_MIN_INTERVAL: '1m',
});

await sleep(WARM_UP_SECONDS * 1000);
const before = await look();
const startedAt = performance.now();
await sleep(seconds * 1000);
const after = await look();
const took = (performance.now() - startedAt) / 1000;
const share = (name: keyof Look['cpu']) => `${Math.round(((after.cpu[name] - before.cpu[name]) / took) * 100)} %`;
console.log({
  feeds: count,
  seconds: Math.round(took),
  wantedPerSecond: Math.round(count / INTERVAL),
  pollsPerSecond: Math.round((after.polls - before.polls) / took),
  latenessSeconds: { p50: lateness(0.5), p99: lateness(0.99) },
  overdueAtTheEnd: after.overdue,
  cpu: {
    product: share('product'),
    origin: share('origin'),
    postgresqlSessions: share('postgresql'),
    redis: share('redis'),
  },
  productMb: measureProcess(product.pid).residentMb,
});
await stopProduct(product);
origin.process.kill();
await redis.close();
await database.close();

interface Look {
  readonly polls: number;
  readonly overdue: number;
  /** Polls by lateness, each bucket with those below. */
  readonly buckets: readonly { readonly seconds: number; readonly polls: number }[];
  readonly cpu: Readonly<Record<'product' | 'origin' | 'postgresql' | 'redis', number>>;
}

async function look(): Promise<Look> {
  const metrics = await (await fetch(`${product.url}/metrics`)).text();
  const lines = metrics.matchAll(/^newsrank_poll_lateness_seconds_bucket{le="([^"]+)"} (\d+)/gm);
  const buckets = Array.from(lines, ([, le, polls]) => ({
    seconds: Number(le?.replace('+Inf', 'Infinity')),
    polls: Number(polls),
  }));
  const [, overdue] = /^newsrank_feeds_overdue (\d+)/m.exec(metrics) ?? [];
  const cpu = {
    product: measureProcess(product.pid).cpuSeconds,
    origin: measureProcess(origin.process.pid ?? 0).cpuSeconds,
    postgresql: await sessionCpu(database.sql),
    redis: await redisCpu(redis.redis),
  };
  return { polls: buckets.at(-1)?.polls ?? 0, overdue: Number(overdue), buckets, cpu };
}

/** The bound below which this share of the polls began. */
function lateness(part: number): string {
  const polls = after.polls - before.polls;
  const bucket = after.buckets.find((one, index) => one.polls - (before.buckets[index]?.polls ?? 0) >= polls * part);
  return `≤ ${bucket?.seconds}`;
}
