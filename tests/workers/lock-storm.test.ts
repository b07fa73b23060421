import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPool } from '../../src/engines/postgres.ts';
import { migrate } from '../../src/schema/migrate.ts';
import { databaseUrl, openDatabase, openTestRedis, skipWithoutPostgres, skipWithoutRedis } from '../support/engines.ts';
import { runLockStorm } from './lock-storm.ts';

/** What it looks for is rare: by hand, `STORM_SECONDS=120` looks longer. */
const SECONDS = Number(process.env['STORM_SECONDS'] ?? 5);

test('whatever writes at the same time, nothing is ended and nothing fails', {
  skip: skipWithoutPostgres || skipWithoutRedis,
}, async (t) => {
  const [database, server] = await Promise.all([openDatabase(String(databaseUrl), migrate), openTestRedis()]);
  // A connection for each, or most would wait for those instead of locks.
  const { sql, close } = openPool(database.url, undefined, { max: 50 });
  t.after(async () => {
    await close();
    await Promise.all([database.close(), server.close()]);
  });
  const { done, failures, deadlocks, longest } = await runLockStorm(sql, server.redis, SECONDS * 1000, Math.random);
  t.diagnostic(JSON.stringify({ done, longest }));
  assert.deepEqual([failures, deadlocks], [[], 0]);
});
