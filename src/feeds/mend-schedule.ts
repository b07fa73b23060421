import { readFileSync } from 'node:fs';
import { type Clock, SECOND } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';

const MEND = readFileSync(new URL('./mend-schedule.sql', import.meta.url), 'utf8');

/** Clocks of several machines differ a little, and are corrected a little, all the time. */
const STEP_MS = 5 * SECOND;
/** Twice what a claim's or a poll's lease is. */
const LONGEST_LEASE_SECONDS = 120;

/**
 * Makes feeds due as they would be if the clock had never been ahead: those polled meanwhile would else rest until the
 * time comes that the clock showed. Gives how many there were. Reads the whole table: not for each tick.
 */
export async function mendSchedule(sql: Sql, now: Date): Promise<number> {
  // What other machines wrote a moment ago may be a little later than now here.
  const { count } = await sql.query(MEND, [new Date(now.getTime() + STEP_MS), LONGEST_LEASE_SECONDS]);
  return count;
}

/** Whether the clock went back since it was asked last; at first it is taken for having done so. */
export function watchClock(clock: Clock): () => boolean {
  let latest = Number.POSITIVE_INFINITY;
  return () => {
    const now = clock().getTime();
    const isBack = now < latest - STEP_MS;
    latest = now;
    return isBack;
  };
}
