import type { Sql } from '../engines/sql.ts';
import type { Poll, PollTarget } from './feed.ts';
import type { FeedSchedule } from './schedule.ts';
import { hostOf } from './url.ts';

/**
 * Writes what hardly any poll changes: validators that lied, a feed that goes missing, a new URL. Apart from the rest, so
 * that the one statement that every poll pays for stays small. Whether the feed is at a new URL from now on.
 */
export async function saveChanges(
  sql: Sql,
  target: PollTarget,
  { hasLied, startedAt }: Poll,
  inserted: number,
  schedule: FeedSchedule,
): Promise<boolean> {
  // A new article is the proof: words that differ each time (a counter, an advertisement) are what a validator may hide.
  if (hasLied === true && inserted > 0) {
    await sql.query('update feeds set trusts_validators = false where id = $1', [target.id]);
  }
  if (schedule.missingSince?.getTime() !== target.missingSince?.getTime()) {
    await sql.query('update feeds set missing_since = $2 where id = $1', [target.id, schedule.missingSince]);
  }
  return schedule.newUrl !== null && (await moveFeed(sql, target, schedule.newUrl, startedAt));
}

/**
 * The poll that began at `pollAt` is noted as the one that did it. Where another feed has the new URL, this one stays at its own until it can be merged with that. Secrets and headers
 * that were meant for one origin do not come along to another: it has answered without them three times.
 */
async function moveFeed(
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
       where id = $1 and not exists (select 1 from feeds where url = $2)
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
