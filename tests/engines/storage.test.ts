import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RedisClient } from '../../src/engines/redis.ts';
import { readDatabaseSize, readRedisMemory, readStorage } from '../../src/engines/storage.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';

test('what the engines hold is known, partitions as one table', async (t) => {
  const [{ sql, close }, store] = await Promise.all([openTestSql(), openTestRedis()]);
  t.after(close);
  t.after(store.close);
  const { database, tables, redis, redisFullest } = await readStorage(sql, store.redis);
  assert.ok(redisFullest === null || (redisFullest > 0 && redisFullest < 1));
  assert.ok(database > 1_000_000 && redis > 100_000);
  assert.ok(tables.length > 0 && tables.every(({ bytes }) => bytes >= 0));
  assert.deepEqual(
    tables.map(({ bytes }) => bytes),
    tables.map(({ bytes }) => bytes).sort((one, other) => other - one),
  );
  assert.ok((await readDatabaseSize(sql)) > 1_000_000);
  assert.ok(!tables.some(({ name }) => /^read_counts_/.test(name)));
});

test('the fullest server is told, and no limit where one has none', async () => {
  const clusterOf = (...servers: readonly (readonly [number, number])[]) =>
    ({
      nodes: () =>
        servers.map(([used, most]) => ({ info: async () => `used_memory:${used}\r\nmaxmemory:${most}\r\n` })),
    }) as unknown as RedisClient;
  assert.deepEqual(await readRedisMemory(clusterOf([10, 100], [90, 100], [20, 100])), {
    used: 120,
    limit: 300,
    fullest: 0.9,
  });
  assert.deepEqual(await readRedisMemory(clusterOf([10, 0], [90, 100])), { used: 100, limit: null, fullest: 0.9 });
  assert.deepEqual(await readRedisMemory(clusterOf([10, 0])), { used: 10, limit: null, fullest: null });
});
