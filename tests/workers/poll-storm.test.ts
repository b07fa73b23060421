import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrate } from '../../src/schema/migrate.ts';
import { databaseUrl, openDatabase, openTestRedis, skipWithoutPostgres, skipWithoutRedis } from '../support/engines.ts';
import { startProduct } from '../support/product.ts';
import { runPollStorm } from './poll-storm.ts';

// The long version is bench/killed-polls.ts.
test('pollers that are killed, and poll jobs that all run twice, lose nothing and double nothing', {
  skip: skipWithoutPostgres || skipWithoutRedis,
}, async (t) => {
  const [database, redis] = await Promise.all([openDatabase(String(databaseUrl), migrate), openTestRedis()]);
  t.after(async () => {
    await Promise.all([database.close(), redis.close()]);
  });
  const engines = { DATABASE_URL: database.url, REDIS_URL: redis.url };
  const tools = { sql: database.sql, redis: redis.redis, random: Math.random };
  const start = (environment: Record<string, string>) => startProduct(t, { ...engines, ...environment });
  const plan = { feeds: 16, kills: 4, interval: '1s', areLeasesWaitedFor: false };
  const { differences, kills, jobs, documents } = await runPollStorm({ ...tools, start }, plan);
  assert.deepEqual(differences, []);
  // How many documents there are in so short a life is up to the machine: on a busy one hardly more than the first.
  assert.ok(
    kills.length === 4 && jobs > 0 && documents > 16,
    `${kills.length} kills, ${jobs} jobs, ${documents} documents`,
  );
});
