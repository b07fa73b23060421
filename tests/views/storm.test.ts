import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrate } from '../../src/schema/migrate.ts';
import { databaseUrl, openDatabase, openTestRedis, skipWithoutPostgres, skipWithoutRedis } from '../support/engines.ts';
import { startProduct } from '../support/product.ts';
import { runStorm } from './storm.ts';

const TOKEN = 'a-token-of-this-test-no-secret-at-all';

// The long version is bench/exactness.ts.
test('acknowledged = counted = archived, whatever is killed', {
  skip: skipWithoutPostgres || skipWithoutRedis,
}, async (t) => {
  const [database, redis] = await Promise.all([openDatabase(String(databaseUrl), migrate), openTestRedis()]);
  t.after(async () => {
    await Promise.all([database.close(), redis.close()]);
  });
  const environment = {
    ...{ DATABASE_URL: database.url, REDIS_URL: redis.url, INGEST_TOKEN: TOKEN },
    ...{ ARCHIVE_INTERVAL: '100ms', FEEDS_FILE: 'bench/no-feeds.opml' },
  };
  const tools = { sql: database.sql, redis: redis.redis, token: TOKEN, random: Math.random };
  const start = (roles: string) => startProduct(t, environment, ['start', '--roles', roles]);
  const result = await runStorm({ ...tools, start }, { views: 20_000, kills: 4, batch: 50, senders: 8, processes: 1 });
  const { reads, counted, archived, acknowledged, differences, faults } = result;
  assert.ok(faults.every(({ underWay }) => underWay > 0));
  assert.deepEqual(differences, []);
  assert.deepEqual([counted, archived], [reads, reads]);
  assert.ok(acknowledged >= 20_000 && reads < acknowledged, 'there were replays');
});
