import { MINUTE } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { Feed, FeedState } from './feed.ts';

/** From so many failures in a row a feed counts as failing, which is hours of trying; before, as backing off. */
const FAILING_FROM = 5;

/** A feed's state; of active ones, whether their last polls failed. */
export type FeedHealth = FeedState | 'backoff' | 'failing';

export const FEED_HEALTHS = [
  ...(['active', 'backoff', 'failing', 'retired', 'quarantined', 'paused'] as const),
] satisfies FeedHealth[];

export function healthOf({ state, failures }: Pick<Feed, 'state' | 'failures'>): FeedHealth {
  if (state !== 'active' || failures === 0) return state;
  return failures < FAILING_FROM ? 'backoff' : 'failing';
}

/** Feeds by state, of the whole installation. */
export async function countFeedsByState(sql: Sql): Promise<Partial<Record<FeedHealth, number>>> {
  const { rows } = await sql.query<{ state: FeedHealth; count: number }>(
    `select case
       when state <> 'active' or failures = 0 then state
       when failures < $1 then 'backoff'
       else 'failing'
     end as state, count(*) as count
     from feeds group by 1 order by 1`,
    [FAILING_FROM],
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

/** A poll that was begun in time has ended by then. */
const OVERDUE_AFTER = MINUTE;

export interface Overdue {
  readonly all: number;
  /** Of these, those in the line of a host that has more of them due than it may be asked for at once. */
  readonly heldByHost: number;
}

/**
 * Feeds that have been due for over a minute, claimed or not: where nobody polls, each is claimed again as soon as a lease
 * ends.
 */
export async function countOverdue(sql: Sql, now: Date): Promise<Overdue> {
  // Line by line (claim.sql), so that each is counted by its index.
  const inLine = (condition: string) => `(
    select count(*) from feeds
    where state in ('active', 'quarantined', 'retired') and ${condition} and next_poll_at < $1
  )`;
  const { rows } = await sql.query<{ common: number; held: number }>(
    `select ${inLine('not waits_by_host')} as common, ${inLine('waits_by_host')} as held`,
    [new Date(now.getTime() - OVERDUE_AFTER)],
  );
  const { common, held } = rows[0] ?? { common: 0, held: 0 };
  return { all: common + held, heldByHost: held };
}
