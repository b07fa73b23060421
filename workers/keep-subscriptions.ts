import type { Clock } from '../src/clock.ts';
import type { Sql } from '../src/engines/sql.ts';
import type { PollTools } from '../src/feeds/poll.ts';
import { type AskedHubs, askDueHubs } from '../src/feeds/websub/ask-due.ts';
import { matchSubscriptions } from '../src/feeds/websub/store.ts';
import type { Metrics } from '../src/metrics.ts';

interface Tools {
  readonly sql: Sql;
  readonly fetching: Pick<PollTools, 'client' | 'budget'>;
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly metrics: Metrics;
}

/**
 * To look at 100,000 subscriptions took 0.8 s of the database (300,000 feeds): after a look the next one rests so many
 * times as long, which keeps it under a hundredth of the load. Requests that are due do not wait for it.
 */
const REST = 100;

/** Asks hubs to push what is new, to go on doing so, or to stop. */
export function keepSubscriptionsJob({ sql, fetching, publicUrl, clock, random, metrics }: Tools) {
  let lookAt = 0;
  return async (): Promise<AskedHubs & { readonly added: number }> => {
    const startedAt = clock().getTime();
    let added = 0;
    if (startedAt >= lookAt) {
      ({ added } = await matchSubscriptions(sql, publicUrl, clock()));
      lookAt = startedAt + REST * (clock().getTime() - startedAt);
    }
    const { client, budget } = fetching;
    const asked = await askDueHubs({ sql, client, budget, clock, random });
    for (const result of ['accepted', 'failed', 'deferred'] as const) {
      metrics.subscriptionRequests.inc({ result }, asked[result]);
    }
    return { added, ...asked };
  };
}
