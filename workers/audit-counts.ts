import type { Clock } from '../src/clock.ts';
import type { RedisClient } from '../src/engines/redis.ts';
import type { Sql } from '../src/engines/sql.ts';
import type { Log } from '../src/log.ts';
import type { Metrics } from '../src/metrics.ts';
import { auditCounts } from '../src/views/audit.ts';

interface Tools {
  readonly sql: Sql;
  readonly redis: RedisClient;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly zone: string;
}

/** When the fewest read. The job comes every hour. */
const AUDIT_HOUR = 4;
const NAMED = 20;

/** Compares all counts with PostgreSQL, once a night, puts right what is wrong, and says so. */
export function auditCountsJob({ sql, redis, clock, metrics, log, zone }: Tools) {
  return async (): Promise<{ compared: number; wrong: number }> => {
    const now = clock();
    if (hourIn(zone, now) !== AUDIT_HOUR) return { compared: 0, wrong: 0 };
    const { articles, waiting, wrong, wrongTotals } = await auditCounts(sql, redis, 'repair', now);
    const differences = wrong.length + wrongTotals;
    metrics.auditDifferences.inc(differences);
    if (differences === 0) log.info({ articles, waiting }, 'audit of counts: all are right');
    else {
      const found = { articles, waiting, wrong: wrong.length, wrongTotals, some: wrong.slice(0, NAMED) };
      log.warn(found, 'audit of counts: some were wrong, and were set right');
    }
    return { compared: articles, wrong: differences };
  };
}

function hourIn(zone: string, now: Date): number {
  return Number(new Intl.DateTimeFormat('en', { timeZone: zone, hour: 'numeric', hourCycle: 'h23' }).format(now));
}
