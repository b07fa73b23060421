import { type Clock, SECOND } from '../clock.ts';
import type { Closers } from '../closers.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Sql } from './sql.ts';

/** Clocks that are so far apart do no harm; more is a fault, and told of (NewsrankClockOff). */
const TOLERATED_MS = 15 * SECOND;
const MEASURE_EVERY_MS = 15 * SECOND;
/** An answer that took longer says too little of when it was given. */
const SLOW_MS = 2 * SECOND;

/** The two clocks of a machine: `monotonic` (ms) is never set, and tells how much time has passed. */
export interface OwnClocks {
  readonly clock: Clock;
  readonly monotonic: () => number;
}

/**
 * The time by which a process goes: that of its machine, and where this is far from PostgreSQL's, which all processes
 * share, that one. A read of an API two hours ahead would else weigh 256 times as much as others in rising lists, and stand
 * in windows two hours too long. Between two measurements the monotonic clock goes on from the last, so that a
 * clock that is set while the process runs is noticed at once.
 */
export async function openSharedClock(sql: Sql, own: OwnClocks, log: Log, closers: Closers): Promise<Clock> {
  const { clock, monotonic } = own;
  const first = await measure(sql, monotonic);
  // What PostgreSQL's time was when the monotonic clock began.
  let zero = first.zero;
  let isOff = false;
  let isMeasuring = false;

  const look = async () => {
    if (isMeasuring) return;
    isMeasuring = true;
    try {
      const { zero: measured, tookMs } = await measure(sql, monotonic);
      if (tookMs < SLOW_MS) zero = measured;
    } catch (error) {
      // PostgreSQL is away: the monotonic clock goes on.
      log.debug({ error: messageOf(error) }, 'the clock is not compared');
    } finally {
      isMeasuring = false;
    }
    tell();
  };

  function tell(): void {
    const aheadMs = clock().getTime() - zero - monotonic();
    const wasOff = isOff;
    isOff = Math.abs(aheadMs) > TOLERATED_MS;
    if (isOff === wasOff) return;
    const fields = { aheadSeconds: Math.round(aheadMs / SECOND) };
    if (isOff) log.warn(fields, "this machine's clock is wrong, or PostgreSQL's: going by PostgreSQL's");
    else log.info(fields, "this machine's clock is right again");
  }

  tell();
  const timer = setInterval(() => void look(), MEASURE_EVERY_MS);
  closers.add('clock', () => clearInterval(timer));
  return () => {
    const time = clock();
    const shared = zero + monotonic();
    return Math.abs(time.getTime() - shared) <= TOLERATED_MS ? time : new Date(shared);
  };
}

async function measure(sql: Sql, monotonic: () => number): Promise<{ zero: number; tookMs: number }> {
  const asked = monotonic();
  const { rows } = await sql.query<{ now: number }>(
    'select extract(epoch from clock_timestamp())::float8 * 1000 as now',
  );
  const answered = monotonic();
  return { zero: (rows[0]?.now ?? Number.NaN) - (asked + answered) / 2, tookMs: answered - asked };
}
