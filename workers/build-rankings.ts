import { type Clock, SECOND } from '../src/clock.ts';
import type { Metrics } from '../src/metrics.ts';
import type { Built, Rankings } from '../src/ranking/build.ts';

interface Tools {
  readonly rankings: Rankings;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** Rebuilds and publishes the lists whose counts changed. */
export function buildRankings({ rankings, clock, metrics }: Tools) {
  let builtAt = clock();
  const list = 'current';
  metrics.onScrape(async () => metrics.rankingAge.set({ list }, (clock().getTime() - builtAt.getTime()) / SECOND));
  return async (): Promise<Built> => {
    const stop = metrics.rankingBuild.startTimer({ list });
    const result = await rankings.tick(clock());
    stop();
    metrics.rankingsPublished.inc(result.published);
    if (result.isWaiting) return result;
    builtAt = clock();
    for (const [kind, entries] of rankings.entries) metrics.rankingEntries.set({ list: kind }, entries);
    return result;
  };
}
