import type { Queue } from 'bullmq';
import { type Clock, MINUTE } from '../src/clock.ts';
import type { RedisClient } from '../src/engines/redis.ts';
import { findLosses } from '../src/engines/redis-losses.ts';
import type { Sql } from '../src/engines/sql.ts';
import { readDatabaseSize, readRedisMemory } from '../src/engines/storage.ts';
import { countFeedsByState, countOverdue, FEED_HEALTHS } from '../src/feeds/count.ts';
import { countSubscriptions } from '../src/feeds/websub/store.ts';
import type { Metrics } from '../src/metrics.ts';
import { JOB_STATES, readQueueState } from '../src/queues/queue-state.ts';
import { sharedFor } from '../src/web/shared.ts';

interface Tools {
  readonly sql: Sql;
  readonly redis: RedisClient;
  /** Redis is part of this process, and made to forget. */
  readonly isRedisEphemeral: boolean;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly queues: readonly Pick<Queue, 'name' | 'getJobCounts' | 'getJobs'>[];
}

/** How often PostgreSQL is asked for its size, for which it looks at all of its files. */
const SIZE_EVERY = MINUTE;

/** Brings what concerns the whole installation up to date whenever metrics are read. */
export function observeInstallation({ sql, redis, isRedisEphemeral, clock, metrics, queues }: Tools): void {
  const databaseSize = sharedFor(clock, SIZE_EVERY, () => readDatabaseSize(sql));
  metrics.onScrape(async () => {
    const states = await countFeedsByState(sql);
    for (const state of FEED_HEALTHS) metrics.feeds.set({ state }, states[state] ?? 0);
    const { all, heldByHost } = await countOverdue(sql, clock());
    metrics.feedsOverdue.set(all);
    metrics.feedsHeldByHost.set(heldByHost);
    metrics.subscriptions.reset();
    for (const [state, count] of Object.entries(await countSubscriptions(sql))) {
      metrics.subscriptions.set({ state }, count);
    }
    metrics.databaseSize.set(await databaseSize());
  });
  metrics.onScrape(async () => {
    const { used, limit, fullest } = await readRedisMemory(redis);
    metrics.redisMemory.set({ kind: 'used' }, used);
    // Taken away where it was: what has no limit is never full.
    if (limit === null) metrics.redisMemory.remove({ kind: 'limit' });
    else metrics.redisMemory.set({ kind: 'limit' }, limit);
    if (fullest === null) metrics.redisFullness.remove();
    else metrics.redisFullness.set(fullest);
    if (isRedisEphemeral) return;
    const { evicts, forgets, isTold } = await findLosses(redis);
    if (!isTold) return;
    metrics.redisMisset.set({ setting: 'maxmemory-policy' }, evicts === undefined ? 0 : 1);
    metrics.redisMisset.set({ setting: 'appendonly' }, forgets === undefined ? 0 : 1);
  });
  metrics.onScrape(async () => {
    const observe = async (queue: (typeof queues)[number]) => {
      const { name, counts, oldest } = await readQueueState(queue, clock());
      for (const state of JOB_STATES) metrics.queueJobs.set({ queue: name, state }, counts[state]);
      metrics.queueOldestJobAge.set({ queue: name }, oldest);
    };
    await Promise.all(queues.map(observe));
  });
}
