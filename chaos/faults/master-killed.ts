import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import { awaitRecovery } from '../recovery.ts';
import { openRedisCluster, type RedisCluster } from '../servers/redis-cluster.ts';
import { withWorld } from '../with-world.ts';

const WRITES_BACK_SECONDS = 15;
const BACK_SECONDS = 30;
/** Replication is asynchronous: what the master acknowledged last may be unknown to its replica. */
const LOST_READS = 500;

export const masterKilled: Fault = {
  name: 'master-killed',
  about: 'Redis Cluster of 3 + 3, a master killed −9',
  async run(trial, checks) {
    let cluster: RedisCluster | undefined;
    const openRedis = async (folder: string, log: string) => {
      cluster = await openRedisCluster(folder, log);
      return cluster;
    };
    const crew = ['api', 'counter', 'scheduler', 'poller', 'ranker'];
    await withWorld(trial, checks, { crew, openRedis }, async (world) => {
      await sleep(5000);
      const killedAt = Date.now();
      await cluster?.killMaster();
      const recovery = await awaitRecovery(world, 2 * BACK_SECONDS);
      await sleep(10_000);
      const failed = world.readers.attempts.filter(({ at, status }) => at >= killedAt && status !== 202);
      checks.hold('a master less was noticed', failed.length > 0);
      const last = failed.reduce((latest, { at, ms }) => Math.max(latest, at + ms), killedAt);
      checks.atMost('all writes back after s', (last - killedAt) / 1000, WRITES_BACK_SECONDS);
      checks.atMost(`all back after s (${recovery.last} last)`, recovery.seconds, BACK_SECONDS);
      return { lostReads: LOST_READS };
    });
  },
};
