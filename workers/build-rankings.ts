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
  metrics.onScrape(async () => metrics.rankingAge.set((clock().getTime() - builtAt.getTime()) / SECOND));
  return async (): Promise<Built> => {
    const stop = metrics.rankingBuild.startTimer();
    const result = await rankings.tick(clock());
    stop();
    metrics.rankingsPublished.inc(result.published);
    if (result.isWaiting) return result;
    builtAt = clock();
    for (const [list, entries] of rankings.entries) metrics.rankingEntries.set({ list }, entries);
    return result;
  };
}
