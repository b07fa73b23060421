import type { Sql } from '../engines/sql.ts';
import { type FeedId, feedId } from '../ids.ts';
import { isSureMove } from './moves.ts';
import { readPollTarget } from './store.ts';

/** A feed that moved for good to the URL of another feed: both are one. */
export interface Merger {
  readonly feed: { readonly id: FeedId; readonly host: string };
  readonly owner: { readonly id: FeedId; readonly host: string };
}

/**
 * The merger that a feed's moves ask for, with both feeds locked; undefined where they ask for none, or where one of the
 * two is being polled or in other hands just now (the next poll asks again) or is not active: its news would end with the
 * merger.
 */
export async function beginMerger(sql: Sql, id: FeedId, now: Date): Promise<Merger | undefined> {
  const feed = await readPollTarget(sql, id);
  if (feed === undefined || feed.state !== 'active' || !isSureMove(feed, now)) return undefined;
  const { rows } = await sql.query<{ id: number; host: string }>(
    `select id, host from feeds
     where id in ($2, coalesce(
         (select id from feeds where url = $1),
         (select feed_id from feed_aliases where url = $1)
       ))
       and state = 'active' and (leased_until is null or leased_until <= $3)
     for update skip locked`,
    [feed.movedTo, id, now],
  );
  const owner = rows.find((row) => row.id !== id);
  if (owner === undefined || rows.length < 2) return undefined;
  return { feed, owner: { id: feedId(owner.id), host: owner.host } };
}

/**
 * Gives the owner of the URL what the other feed had, and removes that: its categories, its URLs, its name where the
 * owner has none. Not its headers and secrets, which were meant for another origin. Move its articles before.
 */
export async function finishMerger(sql: Sql, { feed, owner }: Merger): Promise<void> {
  await sql.query(
    `insert into feed_categories (feed_id, category) select $2, category from feed_categories where feed_id = $1
     on conflict do nothing`,
    [feed.id, owner.id],
  );
  await sql.query(
    `update feeds set
       title = coalesce(nullif(feeds.title, ''), other.title),
       default_zone = coalesce(feeds.default_zone, other.default_zone)
     from feeds other where feeds.id = $2 and other.id = $1`,
    [feed.id, owner.id],
  );
  await sql.query('update feed_aliases set feed_id = $2 where feed_id = $1', [feed.id, owner.id]);
  await sql.query(
    `with removed as (delete from feeds where id = $1 returning url)
     insert into feed_aliases (url, feed_id) select url, $2 from removed
     on conflict (url) do update set feed_id = excluded.feed_id`,
    [feed.id, owner.id],
  );
}
