/**
 * What a poll costs that finds nothing new: CPU of the whole product (scheduler and poller, queue included) for each,
 * beside a bare undici GET of the same URLs in the same run. The origin runs in a process of its own.
 *
 *     DATABASE_URL=postgres://… REDIS_URL=redis://… node --import tsx bench/poll-cost.ts [--feeds 5000] [--hosts 1] [--rounds 8]
 *
 * Takes a database of its own on each server. PRODUCT_FLAGS go to the product's Node (--cpu-prof).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';
import { migrate } from '../src/schema/migrate.ts';
import { databaseUrl, openDatabase, openTestRedis } from '../tests/support/engines.ts';
import { measureProcess } from './process-cost.ts';
import { insertQuietFeeds, redisCpu, sessionCpu, startProduct, startQuietOrigin, stopProduct } from './quiet-feeds.ts';

const { values } = parseArgs({
  options: {
    feeds: { type: 'string', default: '5000' },
    hosts: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '8' },
    concurrency: { type: 'string', default: '16' },
  },
});
const [count, hosts, rounds, concurrency] = [
  Number(values.feeds),
  Number(values.hosts),
  Number(values.rounds),
  Number(values.concurrency),
];
/** Not measured: a tenth of all CPU goes into compiling until then, which a poller does once in its life. */
const WARM_UP_ROUNDS = 3;

if (databaseUrl === undefined) throw new Error('set DATABASE_URL and REDIS_URL to servers');

const database = await openDatabase(databaseUrl, migrate);
const redis = await openTestRedis();
const origin = await startQuietOrigin();
const { sql } = database;
await insertQuietFeeds(sql, { count, hosts, port: origin.port, spreadSeconds: 0 });
await sql.query('update feeds set next_poll_at = $1', [new Date(Date.now() + 3_600_000)]);
const product = await startProduct({
  DATABASE_URL: database.url,
  REDIS_URL: redis.url,
  ROLES: 'scheduler,poller',
  SCHEDULE_INTERVAL: '1s',
  HOST_REQUESTS_PER_MINUTE: '1000000',
  POLL_CONCURRENCY: String(concurrency),
});
const urls = (await sql.query<{ url: string }>('select url from feeds order by id')).rows.map(({ url }) => url);
const agent = new Agent();

const bare: number[] = [];
const polls: number[] = [];
const servers = { postgresql: 0, redis: 0 };
let seconds = 0;
for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
  const getting = await cpuOf(getAll);
  const before = { postgresql: await sessionCpu(sql), redis: await redisCpu(redis.redis) };
  const startedAt = performance.now();
  const polling = await cpuOf(pollAll);
  const after = { postgresql: await sessionCpu(sql), redis: await redisCpu(redis.redis) };
  if (round < 0) continue;
  bare.push((getting.own / count) * 1e6);
  polls.push((polling.product / count) * 1e6);
  servers.postgresql += ((after.postgresql - before.postgresql) / count / rounds) * 1e6;
  servers.redis += ((after.redis - before.redis) / count / rounds) * 1e6;
  seconds += (performance.now() - startedAt) / 1000;
}
/** Not the mean: a round in which the machine had other work to do as well costs more, and a poll more so than a GET. */
const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
console.log({
  bareGetMicroseconds: Math.round(median(bare)),
  pollMicroseconds: Math.round(median(polls)),
  ratio: Number((median(polls) / median(bare)).toFixed(2)),
  pollsPerSecond: Math.round((count * rounds) / seconds),
  postgresqlMicroseconds: Math.round(servers.postgresql),
  redisMicroseconds: Math.round(servers.redis),
});

await stopProduct(product);
await agent.close();
origin.process.kill();
await redis.close();
await database.close();

async function cpuOf(work: () => Promise<void>): Promise<{ own: number; product: number }> {
  const [own, before] = [process.cpuUsage(), measureProcess(product.pid).cpuSeconds];
  await work();
  const { user, system } = process.cpuUsage(own);
  return { own: (user + system) / 1e6, product: measureProcess(product.pid).cpuSeconds - before };
}

async function getAll(): Promise<void> {
  let next = 0;
  const take = async () => {
    for (let url = urls[next++]; url !== undefined; url = urls[next++]) {
      const { body } = await request(url, { dispatcher: agent, headers: { 'if-none-match': '"1"' } });
      await body.dump();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, take));
}

/** Makes every feed due and waits until each has been polled. */
async function pollAll(): Promise<void> {
  const now = new Date();
  await sql.query('update feeds set next_poll_at = $1', [now]);
  for (let left = count; left > 0; ) {
    await sleep(50);
    const { rows } = await sql.query<{ left: number }>(
      'select count(*) as left from feeds where next_poll_at <= $1 or leased_until is not null',
      [now],
    );
    left = rows[0]?.left ?? 0;
  }
}
