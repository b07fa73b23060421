import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Redis } from 'ioredis';
import { describeRedis } from '../../src/cli/doctor-redis.ts';
import { openEmbeddedRedis } from '../support/engines.ts';
import { DEAD_PORT } from '../support/ports.ts';

/** On a Redis of its own: what it refuses, it refuses everybody. */
let redis: Redis;
let close: () => Promise<void>;
before(async () => {
  ({ redis, close } = await openEmbeddedRedis());
});
after(() => close());

const STATES: readonly (readonly [begin: string, end: string, told: RegExp])[] = [
  ['config set maxmemory 1', 'config set maxmemory 0', /raise its maxmemory.* \(it says: OOM /],
  [`replicaof 127.0.0.1 ${DEAD_PORT}`, 'replicaof no one', /replica: name the master in REDIS_URL.* READONLY /],
  ['config set min-replicas-to-write 1', 'config set min-replicas-to-write 0', /start them.* NOREPLICAS /],
  ['acl setuser default -eval', 'acl setuser default +@all', /user needs all commands.* NOPERM /],
  ['acl setuser default -set', 'acl setuser default +@all', /it takes no writes: |user needs all commands/],
  ['config set maxmemory-policy allkeys-lru', 'config set maxmemory-policy noeviction', /set maxmemory-policy to noev/],
];

test('a Redis that takes no writes, or loses counts in silence, is told with what helps', async () => {
  const say = (command: string) => redis.call(...(command.split(' ') as [string, ...string[]]));
  for (const [begin, end, told] of STATES) {
    await say(begin);
    await assert.rejects(describeRedis(redis), told, begin);
    await say(end);
  }
  assert.match(await describeRedis(redis), /append-only file|does not say/, 'what a restart loses may be meant');
  assert.ok((await redis.pttl('{r0}:doctor')) <= 1000, 'it leaves nothing behind');
});

test('one that is too old is told, of a cluster any', async () => {
  const clusterOf = (...versions: readonly string[]) =>
    ({
      nodes: () => versions.map((version) => ({ info: async () => `redis_version:${version}\r\n` })),
    }) as unknown as Redis;
  for (const version of ['5.0.14', '6.0.16']) {
    const told = new RegExp(`It is ${version}: newsrank needs Redis 6\\.2 or Valkey 7\\.2`);
    await assert.rejects(describeRedis(clusterOf('7.2.4', version)), told);
  }
  // These are old enough to go on to what comes next, for which they are no servers.
  for (const version of ['6.2.0', '7.0.15', '10.0.0']) {
    await assert.rejects(
      describeRedis(clusterOf(version)),
      (error: Error) => !/newsrank needs Redis/.test(error.message),
    );
  }
});
