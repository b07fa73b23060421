import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStorage } from '../../src/engines/storage.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';

test('what the engines hold is known, partitions as one table', async (t) => {
  const [{ sql, close }, store] = await Promise.all([openTestSql(), openTestRedis()]);
  t.after(close);
  t.after(store.close);
  const { database, tables, redis } = await readStorage(sql, store.redis);
  assert.ok(database > 1_000_000 && redis > 100_000);
  assert.ok(tables.length > 0 && tables.every(({ bytes }) => bytes >= 0));
  assert.deepEqual(
    tables.map(({ bytes }) => bytes),
    tables.map(({ bytes }) => bytes).sort((one, other) => other - one),
  );
  assert.ok(!tables.some(({ name }) => /^read_counts_/.test(name)));
});
