import type { Sql } from '../engines/sql.ts';
import type { PollTarget } from './feed.ts';
import { hostOf } from './url.ts';

const UNIQUE_VIOLATION = '23505';

/**
 * Gives a feed the URL that it has moved to for good; whether it is there from now on. The poll that began at `pollAt` is noted
 * as the one that did it. Where another feed has the new URL, this one stays at its own until it can be merged with that.
 * Secrets and headers that were meant for one origin do not come along to another: it has answered without them three times.
 *
 * Call it after the transaction of the poll. A row whose URL changes is locked against those too who only refer to it: whoever
 * stores what the feed was pushed at the same time would wait for this one, and this one for the articles of that one.
 */
export async function moveFeed(
  sql: Sql,
  target: Pick<PollTarget, 'id' | 'url'>,
  newUrl: string,
  pollAt: Date,
): Promise<boolean> {
  try {
    return await giveUrl(sql, target, newUrl, pollAt);
  } catch (error) {
    // Another feed got it in this very moment.
    if ((error as { code?: string }).code === UNIQUE_VIOLATION) return false;
    throw error;
  }
}

async function giveUrl(
  sql: Sql,
  { id, url }: Pick<PollTarget, 'id' | 'url'>,
  newUrl: string,
  pollAt: Date,
): Promise<boolean> {
  const isOtherOrigin = new URL(newUrl).origin !== new URL(url).origin;
  const { count } = await sql.query(
    `with moved as (
       update feeds set
         url = $2, host = $3, moved_to = null, moved_since = null, moved_polls = 0, last_outcome = 'moved',
         basic_auth = case when $4::boolean then null else basic_auth end,
         request_headers = case when $4::boolean then '{}' else request_headers end
       where id = $1 and url = $5 and moved_to = $2 and not exists (select 1 from feeds where url = $2)
         and not exists (select 1 from feed_aliases where url = $2 and feed_id <> $1)
       returning id
     ), noted as (
       update polls set outcome = 'moved' from moved where polls.feed_id = moved.id and polls.started_at = $6
     ), came_back as (
       delete from feed_aliases using moved where feed_aliases.feed_id = moved.id and feed_aliases.url = $2
     )
     insert into feed_aliases (url, feed_id) select $5, moved.id from moved
     on conflict (url) do update set feed_id = excluded.feed_id`,
    [id, newUrl, hostOf(new URL(newUrl)), isOtherOrigin, url, pollAt],
  );
  return count > 0;
}
