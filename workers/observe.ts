import type { Queue } from 'bullmq';
import { type Clock, SECOND } from '../src/clock.ts';
import type { Sql } from '../src/engines/sql.ts';
import { countFeedsByState, countOverdue } from '../src/feeds/count.ts';
import { countSubscriptions } from '../src/feeds/websub/store.ts';
import type { Metrics } from '../src/metrics.ts';

interface Tools {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly queues: readonly Pick<Queue, 'name' | 'getJobCounts' | 'getJobs'>[];
}

const JOB_STATES = ['waiting', 'active', 'delayed', 'failed'] as const;

/** Brings what concerns the whole installation up to date whenever metrics are read. */
export function observeInstallation({ sql, clock, metrics, queues }: Tools): void {
  metrics.onScrape(async () => {
    const states = await countFeedsByState(sql);
    metrics.feeds.reset();
    for (const [state, count] of Object.entries(states)) metrics.feeds.set({ state }, count);
    metrics.feedsOverdue.set(await countOverdue(sql, clock()));
    metrics.subscriptions.reset();
    for (const [state, count] of Object.entries(await countSubscriptions(sql))) {
      metrics.subscriptions.set({ state }, count);
    }
  });
  metrics.onScrape(async () => {
    for (const queue of queues) {
      const counts = await queue.getJobCounts(...JOB_STATES);
      for (const state of JOB_STATES) metrics.queueJobs.set({ queue: queue.name, state }, counts[state] ?? 0);
      const [oldest] = await queue.getJobs(['waiting'], 0, 0, true);
      const age = oldest === undefined ? 0 : Math.max(0, clock().getTime() - oldest.timestamp) / SECOND;
      metrics.queueOldestJobAge.set({ queue: queue.name }, age);
    }
  });
}
