import type { Job, Queue } from 'bullmq';
import { type Clock, SECOND } from '../src/clock.ts';
import type { Sql } from '../src/engines/sql.ts';
import { countFeedsByState, countOverdue, FEED_HEALTHS } from '../src/feeds/count.ts';
import { countSubscriptions } from '../src/feeds/websub/store.ts';
import type { Metrics } from '../src/metrics.ts';

interface Tools {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly queues: readonly ObservedQueue[];
}

type ObservedQueue = Pick<Queue, 'name' | 'getJobCounts' | 'getJobs'>;

const JOB_STATES = ['waiting', 'active', 'delayed', 'failed'] as const;

/** Brings what concerns the whole installation up to date whenever metrics are read. */
export function observeInstallation({ sql, clock, metrics, queues }: Tools): void {
  metrics.onScrape(async () => {
    const states = await countFeedsByState(sql);
    for (const state of FEED_HEALTHS) metrics.feeds.set({ state }, states[state] ?? 0);
    metrics.feedsOverdue.set(await countOverdue(sql, clock()));
    metrics.subscriptions.reset();
    for (const [state, count] of Object.entries(await countSubscriptions(sql))) {
      metrics.subscriptions.set({ state }, count);
    }
  });
  metrics.onScrape(async () => {
    const observe = async (queue: ObservedQueue) => {
      const [counts, [oldest]] = await Promise.all([
        queue.getJobCounts(...JOB_STATES),
        queue.getJobs(['waiting'], 0, 0, true),
      ]);
      for (const state of JOB_STATES) metrics.queueJobs.set({ queue: queue.name, state }, counts[state] ?? 0);
      const waited = oldest === undefined ? 0 : clock().getTime() - waitsSince(oldest);
      metrics.queueOldestJobAge.set({ queue: queue.name }, Math.max(0, waited) / SECOND);
    };
    await Promise.all(queues.map(observe));
  });
}

/** When the job's turn came (ms): a tick is made an interval before. */
const waitsSince = ({ timestamp, opts }: Pick<Job, 'timestamp' | 'opts'>) => timestamp + (opts.delay ?? 0);
