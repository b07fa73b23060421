import { type Clock, HOUR, MINUTE, SECOND } from '../src/clock.ts';
import type { RedisClient } from '../src/engines/redis.ts';
import type { Sql } from '../src/engines/sql.ts';
import type { Metrics } from '../src/metrics.ts';
import { closePeriods } from '../src/ranking/closed.ts';
import type { ClosedSite } from '../src/ranking/closed-list.ts';
import { keepHalfLives } from '../src/ranking/half-lives.ts';
import { archiveCounts } from '../src/views/archive.ts';
import { recountChanges } from '../src/views/recount.ts';
import { restoreCounts } from '../src/views/restore.ts';
import { rollWindows } from '../src/views/roll.ts';

interface Tools {
  readonly sql: Sql;
  readonly redis: RedisClient;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Whose finished periods get their lists. */
  readonly site: ClosedSite;
}

/** How often periods that have ended are looked for. */
const CLOSE_EVERY = MINUTE;
/** A second's work or two, for which counts wait. */
const CLOSED_AT_ONCE = 100;

/** Half-lives of popular lists are decided once a day; an hour after that nobody reads what stood there before. */
const HALF_LIVES_EVERY = HOUR;

/**
 * Writes new counts to PostgreSQL, lets counts follow articles that changed, and takes what is past out of the sliding
 * windows. A Redis that lost its memory is filled again first: that costs one look at each shard's marker otherwise.
 */
export function archiveViews({ sql, redis, clock, metrics, site }: Tools) {
  let archivedAt = clock();
  let closedAt = Number.NEGATIVE_INFINITY;
  let halfLivesAt = Number.NEGATIVE_INFINITY;
  const openedAt = archivedAt.getTime();
  const list = 'closed';
  const since = (then: number): number => (clock().getTime() - then) / SECOND;
  metrics.onScrape(async () => {
    metrics.archiveLag.set(since(archivedAt.getTime()));
    metrics.rankingAge.set({ list }, since(Math.max(closedAt, openedAt)));
  });
  return async (): Promise<{ archived: number; recounted: number; rolled: number; restored: number }> => {
    const restored = await restoreCounts(sql, redis, clock());
    const startedAt = clock();
    const archived = await archiveCounts(sql, redis, startedAt);
    const recounted = await recountChanges(sql, redis, clock());
    metrics.recounts.inc(recounted);
    const rolled = await rollWindows(redis, clock());
    metrics.archiveRows.inc(archived);
    archivedAt = clock();
    if (Math.abs(startedAt.getTime() - closedAt) >= CLOSE_EVERY) {
      const stop = metrics.rankingBuild.startTimer({ list });
      const closed = await closePeriods(sql, site, startedAt, CLOSED_AT_ONCE);
      stop();
      // Of years of imported history there is more to do: at the next tick.
      if (closed < CLOSED_AT_ONCE) closedAt = startedAt.getTime();
    }
    if (Math.abs(startedAt.getTime() - halfLivesAt) >= HALF_LIVES_EVERY) {
      await keepHalfLives(sql, redis, startedAt);
      halfLivesAt = startedAt.getTime();
    }
    return { archived, recounted, rolled, restored };
  };
}
