import type { Sql } from '../engines/sql.ts';
import { beginMerger, finishMerger, type Merger } from '../feeds/merge-feeds.ts';
import type { ArticleId, FeedId } from '../ids.ts';
import { canonicalUrl } from './canonical-url.ts';
import { closeGate } from './gate.ts';
import { type AliasKey, entryKey, guidKey } from './keys.ts';
import { refileArticles } from './refile.ts';

interface Source {
  readonly key: AliasKey;
  readonly article: ArticleId;
  readonly guid: string;
  readonly url: string | null;
  readonly title: string;
}

/**
 * Merges a feed into the one that has the URL to which it moved for good; the id of that, undefined where nothing was to
 * do. Call it after the transaction of a poll of the feed. No article is lost, and none comes in again: the keys under which
 * the feed's articles were known are written for the other feed too.
 *
 * Behind the gate: it has both feeds before it moves their articles, and a poll or push of either the other way round.
 */
export async function mergeMovedFeed(sql: Sql, id: FeedId, now: Date): Promise<FeedId | undefined> {
  // A feed may be redirected for ever, and is not to stop everybody at each poll.
  if ((await beginMerger(sql, id, now)) === undefined) return undefined;
  return await sql.transaction(async (tx) => {
    await closeGate(tx);
    const merger = await beginMerger(tx, id, now);
    if (merger === undefined) return undefined;
    const sources = await readSources(tx, merger);
    await copySharedKeys(tx, merger, sources);
    await moveSources(tx, merger, sources);
    await finishMerger(tx, merger);
    await refileArticles(tx, [merger.owner.id], [], now);
    return merger.owner.id;
  });
}

async function readSources(sql: Sql, { feed }: Merger): Promise<readonly Source[]> {
  const { rows } = await sql.query<Source>(
    `select encode(source.guid_hash, 'hex') as key, source.article_id as article, source.guid, source.url, article.title
     from sources source join articles article on article.id = source.article_id
     where source.feed_id = $1 order by source.guid_hash`,
    [feed.id],
  );
  return rows;
}

async function moveSources(sql: Sql, merger: Merger, sources: readonly Source[]): Promise<void> {
  const { feed, owner } = merger;
  const keys = sources.flatMap((source) => {
    const to = keyForOwner(source, merger);
    return to === undefined ? [] : [{ from: source.key, to, article: source.article }];
  });
  const given = JSON.stringify(keys);
  await sql.query(
    `insert into article_aliases (key, article_id)
     select decode("to", 'hex'), article from json_to_recordset($1::json) as given ("to" text, article text)
     order by 1 on conflict do nothing`,
    [given],
  );
  // Where both feeds carried an article under one key, one source is enough; the first sight of both counts.
  await sql.query(
    `with gone as (
       delete from sources using json_to_recordset($1::json) as given ("from" text, "to" text), sources kept
       where sources.feed_id = $2 and sources.guid_hash = decode(given."from", 'hex')
         and kept.feed_id = $3 and kept.guid_hash = decode(given."to", 'hex')
         and kept.article_id = sources.article_id
       returning kept.guid_hash, sources.first_seen_at
     )
     update sources set first_seen_at = least(sources.first_seen_at, gone.first_seen_at)
     from gone where sources.feed_id = $3 and sources.guid_hash = gone.guid_hash`,
    [given, feed.id, owner.id],
  );
  // A key that the owner gave to another article stays that one's: the source keeps its old key, which is nobody else's.
  await sql.query(
    `update sources set feed_id = $3, guid_hash = coalesce(
       (select decode(given."to", 'hex') from json_to_recordset($1::json) as given ("from" text, "to" text)
        where given."from" = encode(sources.guid_hash, 'hex') and not exists (
          select 1 from sources other where other.feed_id = $3 and other.guid_hash = decode(given."to", 'hex')
        )),
       guid_hash
     )
     where feed_id = $2`,
    [given, feed.id, owner.id],
  );
}

/** Links and guids that several entries of the feed had in common tell nothing of the owner's either, now that it has those. */
async function copySharedKeys(sql: Sql, { feed, owner }: Merger, sources: readonly Source[]): Promise<void> {
  const guids = [...new Set(sources.map(({ guid }) => guid))];
  const keys = guids.map((guid) => ({ from: guidKey(feed.id, guid), to: guidKey(owner.id, guid) }));
  await sql.query(
    `insert into shared_keys (feed_id, key)
     select distinct $2::bigint, coalesce(decode(given."to", 'hex'), shared.key)
     from shared_keys shared
     left join json_to_recordset($3::json) as given ("from" text, "to" text) on shared.key = decode(given."from", 'hex')
     where shared.feed_id = $1 order by 2 on conflict do nothing`,
    [feed.id, owner.id, JSON.stringify(keys)],
  );
}

/** The source's key as the owner of the URL would make it; undefined where the words it was made of were cut. */
function keyForOwner({ key, guid, url, title }: Source, { feed, owner }: Merger): AliasKey | undefined {
  if (guidKey(feed.id, guid) === key) return guidKey(owner.id, guid);
  if (entryKey(feed.id, guid, placeOf(url, title, feed.host)) !== key) return undefined;
  return entryKey(owner.id, guid, placeOf(url, title, owner.host));
}

function placeOf(url: string | null, title: string, host: string): string {
  const canonical = url === null ? null : canonicalUrl(url, host);
  return url === null || canonical === null ? title : canonical + new URL(url).hash;
}
