import type { Sql } from '../engines/sql.ts';
import type { Feed } from './feed.ts';
import { FEED_COLUMNS, type FeedRow, toFeed } from './rows.ts';

/** Feeds that somebody should look at: those that fail, were put aside, or are due for over a minute; the worst first. */
export async function listTroubled(sql: Sql, limit: number, now: Date): Promise<Feed[]> {
  const { rows } = await sql.query<FeedRow>(
    `select ${FEED_COLUMNS} from feeds
     where failures > 0 or state in ('quarantined', 'retired')
        or (state = 'active' and next_poll_at < $1::timestamptz - interval '1 minute'
            and (leased_until is null or leased_until <= $1::timestamptz))
     order by state = 'quarantined' desc, failures desc, next_poll_at, id limit $2`,
    [now, limit],
  );
  return rows.map(toFeed);
}
