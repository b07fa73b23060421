import { findArticles } from '../articles/store.ts';
import type { RedisClient } from '../engines/redis.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';
import { type ListItem, type ListKey, listRedisKey, type Snapshot, slidingWindow, spanOf } from './list.ts';
import { listedArticle } from './listed-article.ts';
import { type ListNames, listTitle } from './title.ts';

/** A snapshot as PostgreSQL keeps it: articles by id, so that a minute of a list is small and its titles never old. */
export interface StoredSnapshot extends Omit<Snapshot, 'items'> {
  readonly items: readonly StoredItem[];
}

interface StoredItem extends Omit<ListItem, 'article'> {
  readonly article: ArticleId;
}

/** The list as last published, or undefined where none ever was. */
export async function readSnapshot(redis: RedisClient, sql: Sql, key: ListKey): Promise<Snapshot | undefined> {
  return (await readSnapshots(redis, sql, [key]))[0];
}

/**
 * The lists as last published, in the order of `keys`: from Redis, one read each; where Redis is empty or does not
 * answer, the last ones that PostgreSQL has (at most a minute older), all in one query.
 */
export async function readSnapshots(
  redis: RedisClient,
  sql: Sql,
  keys: readonly ListKey[],
): Promise<(Snapshot | undefined)[]> {
  const ready = await Promise.all(keys.map((key) => readReady(redis, key)));
  const missing = keys.filter((_, index) => ready[index] === undefined);
  if (missing.length === 0) return ready;
  const kept = await readKept(sql, missing, 'infinity');
  return keys.map((key, index) => ready[index] ?? kept.get(listRedisKey(key)));
}

/** The list as it stood at `at`, or undefined where there was none yet. Articles that are gone since are left out. */
export async function readSnapshotAt(sql: Sql, key: ListKey, at: Date): Promise<Snapshot | undefined> {
  return (await readKept(sql, [key], at)).get(listRedisKey(key));
}

/**
 * The list cut to `limit` items, ranks as published. With `exclude`, as in a box beside that article, the article is
 * dropped and those after it move up a place, so that the box counts from 1 without a gap.
 */
export function present(
  snapshot: Snapshot,
  { limit, exclude }: { readonly limit: number; readonly exclude?: ArticleId },
): Snapshot {
  const others = snapshot.items.filter((item) => item.article.id !== exclude);
  const isComplete = others.length === snapshot.items.length;
  const items = others.slice(0, limit);
  return { ...snapshot, items: isComplete ? items : items.map((item, index) => ({ ...item, rank: index + 1 })) };
}

/** A list without items, for a scope that exists but has no list yet. */
export function emptySnapshot(key: ListKey, names: ListNames, now: Date): Snapshot {
  return {
    list: key.kind,
    scope: key.scope,
    title: listTitle(key, names),
    window: slidingWindow(key.window, now),
    asOf: now.toISOString(),
    version: 'empty',
    confidence: 'empty',
    items: [],
  };
}

/** Removes what was published before, save the newest snapshot of each list; gives how many went. */
export async function removeOldSnapshots(sql: Sql, before: Date): Promise<number> {
  const { count } = await sql.query(
    `delete from list_snapshots old
      where as_of < $1 and exists (
        select from list_snapshots newer
         where newer.kind = old.kind and newer.scope = old.scope and newer.span = old.span and newer.as_of > old.as_of)`,
    [before],
  );
  return count;
}

/** Of what was published between the times, keeps the first snapshot of each list in every ten minutes. */
export async function thinSnapshots(sql: Sql, from: Date, to: Date): Promise<number> {
  const { count } = await sql.query(
    `delete from list_snapshots old
      where as_of >= $1 and as_of < $2 and exists (
        select from list_snapshots earlier
         where earlier.kind = old.kind and earlier.scope = old.scope and earlier.span = old.span
           and earlier.as_of < old.as_of and earlier.as_of >= date_bin('10 minutes', old.as_of, 'epoch'))`,
    [from, to],
  );
  return count;
}

async function readReady(redis: RedisClient, key: ListKey): Promise<Snapshot | undefined> {
  try {
    const text = await redis.get(listRedisKey(key));
    return text === null ? undefined : (JSON.parse(text) as Snapshot);
  } catch {
    // Redis away is expected here: the health check and the client's error handler tell of it.
    return undefined;
  }
}

async function readKept(sql: Sql, keys: readonly ListKey[], at: Date | 'infinity'): Promise<Map<string, Snapshot>> {
  const { rows } = await sql.query<{ body: StoredSnapshot }>(
    `select kept.body
       from unnest($1::text[], $2::text[], $3::text[]) as wanted(kind, scope, span)
      cross join lateral (
        select body from list_snapshots s
         where s.kind = wanted.kind and s.scope = wanted.scope and s.span = wanted.span and s.as_of <= $4::timestamptz
         order by s.as_of desc limit 1) as kept`,
    [keys.map((key) => key.kind), keys.map((key) => key.scope), keys.map(spanOf), at],
  );
  const ids = new Set(rows.flatMap((row) => row.body.items.map((item) => item.article)));
  const articles = await findArticles(sql, [...ids]);
  return new Map(
    rows.map(({ body }) => {
      const items = body.items.flatMap((item) => {
        const article = articles.get(item.article);
        return article === undefined ? [] : [{ ...item, article: listedArticle(article) }];
      });
      const key = { kind: body.list, scope: body.scope, window: body.window?.id ?? null };
      return [listRedisKey(key), { ...body, items }];
    }),
  );
}
