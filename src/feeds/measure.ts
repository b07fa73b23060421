import type { Clock } from '../clock.ts';
import type { Metrics } from '../metrics.ts';
import { FETCH_PHASES, type NotePhase } from './http-client.ts';
import type { OutageWatch } from './outage.ts';
import { KILLED_BY, type NoteRead } from './reader.ts';

/** What the client and the reader tell, as metrics. Label values are looked up once: a poll notes two phases at least. */
export function measureFetching(metrics: Pick<Metrics, 'fetchDuration' | 'parseDuration' | 'parseKills'>): {
  readonly notePhase: NotePhase;
  readonly onRead: NoteRead;
} {
  const phases = new Map(FETCH_PHASES.map((phase) => [phase, metrics.fetchDuration.labels({ phase })]));
  for (const reason of KILLED_BY) metrics.parseKills.inc({ reason }, 0);
  return {
    notePhase: (phase, ms) => phases.get(phase)?.observe(ms / 1000),
    onRead(ms, killedBy) {
      metrics.parseDuration.observe(ms / 1000);
      if (killedBy !== undefined) metrics.parseKills.inc({ reason: killedBy });
    },
  };
}

/** Whether there is an outage of our own, whenever somebody asks: where nothing is polled any more, it is over all the same. */
export function measureOutage(
  metrics: Pick<Metrics, 'ownOutage' | 'onScrape'>,
  { isOwnOutage }: Pick<OutageWatch, 'isOwnOutage'>,
  clock: Clock,
): void {
  metrics.onScrape(async () => metrics.ownOutage.set(isOwnOutage(clock()) ? 1 : 0));
}
