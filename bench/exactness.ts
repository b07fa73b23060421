/**
 * Views that are acknowledged = counted in Redis = archived in PostgreSQL, whatever dies meanwhile. Random views with
 * replays go into two APIs; two counters archive; they are killed (-9) and restarted at random points. Unanswered requests
 * are sent again until they are answered. Then each number is compared with a plain model of what was acknowledged: exits
 * 1 on any difference.
 *
 *     DATABASE_URL=postgres://… REDIS_URL=redis://… node --import tsx bench/exactness.ts [--views 1000000] [--kills 60]
 *         [--batch 200] [--senders 8]
 *
 * Takes a database of its own on each server.
 */
import { parseArgs } from 'node:util';
import { migrate } from '../src/schema/migrate.ts';
import { databaseUrl, openDatabase, openTestRedis, redisUrl } from '../tests/support/engines.ts';
import { startProduct } from '../tests/support/product.ts';
import { type Fault, runStorm } from '../tests/views/storm.ts';

const { values } = parseArgs({
  options: {
    views: { type: 'string', default: '1000000' },
    kills: { type: 'string', default: '60' },
    batch: { type: 'string', default: '200' },
    senders: { type: 'string', default: '8' },
  },
});
if (databaseUrl === undefined || redisUrl === undefined) throw new Error('set DATABASE_URL and REDIS_URL to servers');

const token = 'a-token-of-the-benchmark-no-secret-at-all';
const [database, redis] = await Promise.all([openDatabase(databaseUrl, migrate), openTestRedis()]);
const environment = {
  ...{ DATABASE_URL: database.url, REDIS_URL: redis.url, INGEST_TOKEN: token },
  ...{ ARCHIVE_INTERVAL: '100ms', FEEDS_FILE: 'bench/no-feeds.opml' },
};
const ends: (() => unknown)[] = [];
const t = { after: (end: unknown) => void (typeof end === 'function' && ends.push(() => end())) };

const tell = ({ kind, acknowledged, underWay, archiving }: Fault) =>
  console.log(
    `${String(acknowledged).padStart(9)} views  ${kind.padEnd(18)} ${underWay} requests under way, ${archiving} shards being archived`,
  );
const plan = {
  ...{ views: Number(values.views), kills: Number(values.kills) },
  ...{ batch: Number(values.batch), senders: Number(values.senders), processes: 2 },
};
const result = await runStorm(
  {
    ...{ sql: database.sql, redis: redis.redis, token, random: Math.random, onFault: tell },
    start: (roles) => startProduct(t, environment, ['start', '--roles', roles]),
  },
  plan,
);
for (const end of ends) await end();
await Promise.all([database.close(), redis.close()]);

const { faults, differences, ...figures } = result;
console.table(
  [...new Set(faults.map(({ kind }) => kind))].map((kind) => {
    const struck = faults.filter((fault) => fault.kind === kind);
    return {
      ...{ fault: kind, times: struck.length },
      'requests under way': struck.reduce((sum, { underWay }) => sum + underWay, 0),
      'shards being archived': struck.reduce((sum, { archiving }) => sum + archiving, 0),
    };
  }),
);
console.table({ ...figures, seconds: Math.round(figures.seconds), faults: faults.length });
for (const difference of differences.slice(0, 20)) console.log(difference);
const difference = Math.abs(figures.reads - figures.counted) + Math.abs(figures.reads - figures.archived);
const isExact = difference === 0 && differences.length === 0;
console.log(isExact ? 'pass: difference 0' : `FAIL: difference ${difference}, ${differences.length} numbers are wrong`);
process.exitCode = isExact ? 0 : 1;
