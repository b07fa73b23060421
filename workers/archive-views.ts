import { type Clock, MINUTE, SECOND } from '../src/clock.ts';
import type { RedisClient } from '../src/engines/redis.ts';
import type { Sql } from '../src/engines/sql.ts';
import type { Metrics } from '../src/metrics.ts';
import { type ClosedSite, closePeriods } from '../src/ranking/closed.ts';
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

/**
 * Writes new counts to PostgreSQL, lets counts follow articles that changed, and takes what is past out of the sliding
 * windows. A Redis that lost its memory is filled again first: that costs one look at each shard's marker otherwise.
 */
export function archiveViews({ sql, redis, clock, metrics, site }: Tools) {
  let archivedAt = clock();
  let closedAt = Number.NEGATIVE_INFINITY;
  metrics.onScrape(async () => metrics.archiveLag.set((clock().getTime() - archivedAt.getTime()) / SECOND));
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
      await closePeriods(sql, site, startedAt);
      closedAt = startedAt.getTime();
    }
    return { archived, recounted, rolled, restored };
  };
}
