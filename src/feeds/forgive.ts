import type { Sql } from '../engines/sql.ts';
import type { FeedId } from '../ids.ts';
import { OWN_OUTAGE_WAIT_SECONDS } from './schedule.ts';

/** What the outage watch takes for failures of our own side, as it is stored. */
const OUTCOMES = ['failed:dns', 'failed:connect', 'failed:tls', 'failed:timeout'];

/**
 * Takes back one failure of each of these feeds, which were blamed before the outage was recognised, and has them polled
 * as soon as those that were not. A feed that has answered since is left alone.
 */
export async function forgiveFeeds(
  sql: Sql,
  feeds: readonly FeedId[],
  minSeconds: number,
  now: Date,
  random: () => number,
): Promise<void> {
  if (feeds.length === 0) return;
  const wait = Math.max(OWN_OUTAGE_WAIT_SECONDS, minSeconds);
  await sql.query(
    `update feeds set
       failures = failures - 1,
       next_poll_at = least(next_poll_at, $3::timestamptz + make_interval(secs => $4 * (1 + given.spread)))
     from (
       select locked.id, chosen.spread
       from unnest($1::bigint[], $5::double precision[]) as chosen (id, spread)
       join feeds locked on locked.id = chosen.id
       where locked.failures > 0 and locked.last_outcome = any ($2::text[])
       order by locked.id for no key update of locked
     ) as given
     where feeds.id = given.id`,
    [feeds, OUTCOMES, now, wait, feeds.map(() => random())],
  );
}
