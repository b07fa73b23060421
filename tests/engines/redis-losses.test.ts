import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RedisClient } from '../../src/engines/redis.ts';
import { findLosses } from '../../src/engines/redis-losses.ts';

const clusterOf = (info: (part: string) => Promise<string>) => ({ nodes: () => [{ info }] }) as unknown as RedisClient;

const server = (memory: string, persistence: string): RedisClient =>
  clusterOf(async (part) => (part === 'memory' ? memory : persistence));

test('a server that evicts or keeps no file is told apart from one that loses nothing', async () => {
  const [kept, lost] = ['# Persistence\r\naof_enabled:1\r\n', '# Persistence\r\naof_enabled:0\r\n'];
  const [full, evicting] = ['maxmemory_policy:noeviction\r\n', 'used:1\r\nmaxmemory_policy:allkeys-lru\r\n'];
  assert.deepEqual(await findLosses(server(full, kept)), { evicts: undefined, forgets: undefined, isTold: true });
  const { evicts, forgets } = await findLosses(server(evicting, lost));
  assert.match(evicts ?? '', /\(allkeys-lru\): set maxmemory-policy/);
  assert.match(forgets ?? '', /Set appendonly yes/);
});

test('a server that tells nothing is not blamed, and not praised', async () => {
  const silent = clusterOf(async () => Promise.reject(new Error('NOPERM')));
  assert.deepEqual(await findLosses(silent), { evicts: undefined, forgets: undefined, isTold: false });
});
