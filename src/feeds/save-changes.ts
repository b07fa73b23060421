import type { Sql } from '../engines/sql.ts';
import type { Poll, PollTarget } from './feed.ts';
import type { FeedSchedule } from './schedule.ts';

/**
 * Writes what hardly any poll changes: validators that lied, a feed that goes missing. Apart from the rest, so that the one
 * statement that every poll pays for stays small.
 */
export async function saveChanges(
  sql: Sql,
  target: PollTarget,
  { hasLied }: Poll,
  inserted: number,
  schedule: FeedSchedule,
): Promise<void> {
  // A new article is the proof: words that differ each time (a counter, an advertisement) are what a validator may hide.
  if (hasLied === true && inserted > 0) {
    await sql.query('update feeds set trusts_validators = false where id = $1', [target.id]);
  }
  if (schedule.missingSince?.getTime() !== target.missingSince?.getTime()) {
    await sql.query('update feeds set missing_since = $2 where id = $1', [target.id, schedule.missingSince]);
  }
}
