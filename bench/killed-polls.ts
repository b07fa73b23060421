/**
 * Polls that lose nothing and double nothing, whatever dies meanwhile. Two pollers work on feeds that go on and on, every
 * poll job runs twice at the same time, and each poller is killed (-9) and started again at random points, amid what the
 * other does; what it held is free when its lease ends, after a minute. Then each article is compared with what was shown:
 * exits 1 on any difference.
 *
 *     DATABASE_URL=postgres://… REDIS_URL=redis://… node --import tsx bench/killed-polls.ts [--kills 50] [--feeds 600] [--interval 15s]
 *
 * Takes a database of its own on each server.
 */
import { parseArgs } from 'node:util';
import { migrate } from '../src/schema/migrate.ts';
import { databaseUrl, openDatabase, openTestRedis, redisUrl } from '../tests/support/engines.ts';
import { startProduct } from '../tests/support/product.ts';
import { type Kill, runPollStorm } from '../tests/workers/poll-storm.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    // So many, polled so seldom, that what a killed poller holds for a minute is a small part.
    feeds: { type: 'string', default: '600' },
    interval: { type: 'string', default: '15s' },
  },
});
if (databaseUrl === undefined || redisUrl === undefined) throw new Error('set DATABASE_URL and REDIS_URL to servers');

const [database, redis] = await Promise.all([openDatabase(databaseUrl, migrate), openTestRedis()]);
const engines = { DATABASE_URL: database.url, REDIS_URL: redis.url };
const ends: (() => unknown)[] = [];
const t = { after: (end: unknown) => void (typeof end === 'function' && ends.push(() => end())) };
const tell = ({ stored, requests, transactions, leases }: Kill) =>
  console.log(
    `killed after ${String(stored).padStart(5)} documents: ${requests} requests and ${transactions} transactions under way, ${leases} feeds held`,
  );

const { differences, kills, ...figures } = await runPollStorm(
  {
    ...{ sql: database.sql, redis: redis.redis, random: Math.random, onKill: tell },
    start: (environment) => startProduct(t, { ...engines, ...environment }),
  },
  { feeds: Number(values.feeds), kills: Number(values.kills), interval: values.interval, areLeasesWaitedFor: true },
);
for (const end of ends) await end();
await Promise.all([database.close(), redis.close()]);

const count = (is: (kill: Kill) => boolean) => kills.filter(is).length;
console.table({
  kills: kills.length,
  'amid requests': count(({ requests }) => requests > 0),
  'amid transactions': count(({ transactions }) => transactions > 0),
  'between both, with feeds held': count(
    ({ requests, transactions, leases }) => requests + transactions === 0 && leases > 0,
  ),
  'between polls': count(({ requests, transactions, leases }) => requests + transactions + leases === 0),
  ...{ ...figures, seconds: Math.round(figures.seconds) },
});
for (const difference of differences.slice(0, 20)) console.log(difference);
console.log(
  differences.length === 0 ? 'pass: nothing lost, nothing doubled' : `FAIL: ${differences.length} differences`,
);
process.exitCode = differences.length === 0 ? 0 : 1;
