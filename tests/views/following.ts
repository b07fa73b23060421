import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { removeArticles } from '../../src/articles/clean-up.ts';
import { noteCountChanges } from '../../src/articles/count-changes.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { type ArticleId, type CategorySlug, newArticleId, shardOf } from '../../src/ids.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { holdArchives } from '../../src/views/archive-lock.ts';
import { ALL_SHARDS, keysOf, UNCATEGORISED, type WindowId } from '../../src/views/keys.ts';
import { moveReads } from '../../src/views/move-reads.ts';
import { countPending } from '../../src/views/pending.ts';
import { recordReads } from '../../src/views/record.ts';
import { recountChanges } from '../../src/views/recount.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import type { CountedArticle } from '../../src/views/view.ts';

/** Six articles of one category, and what happens to them. */
export const START = new Date('2026-03-01T10:07:00Z');
export const CATEGORIES = ['politics', 'world', 'arts-life'] as CategorySlug[];
export const HOME: readonly CategorySlug[] = CATEGORIES.slice(0, 1);
export const ARTICLES = Array.from({ length: 6 }, (_, i) => newArticleId(new Date('2026-02-01'), i));
export const [FIRST, NEXT, THIRD] = ARTICLES as [ArticleId, ArticleId, ArticleId];

export interface CountEngines {
  readonly sql: Sql;
  readonly redis: Redis;
}

/** Everything as it is at first, at START. */
export async function reset({ sql, redis }: CountEngines): Promise<void> {
  await redis.flushdb();
  await sql.script(`
    delete from articles; delete from categories;
    truncate read_counts, archive_batches, count_changes, recounts, article_successors`);
  await sql.query('insert into categories (slug, name) select c, c from unnest($1::text[]) c', [CATEGORIES]);
  await addArticles(sql, ARTICLES);
  await restoreCounts(sql, redis, START);
}

export async function addArticles(sql: Sql, ids: readonly ArticleId[]): Promise<void> {
  await sql.query(
    `insert into articles (id, title, published_at, published_from, first_seen_at, updated_at, content_hash)
     select id, id, '2026-02-01', 'feed', now(), now(), '' from unnest($1::text[]) as id`,
    [ids],
  );
  await sql.query('insert into article_categories select unnest($1::text[]), $2', [ids, HOME[0]]);
}

/** Reads each of its own visitor, as a collector counts them that takes the article for `counted`. */
export async function readAs(
  redis: Redis,
  counted: CountedArticle,
  now: Date,
  times = 1,
  at = now,
  isBox = false,
): Promise<void> {
  const read = () => ({
    ...{ article: counted.id, categories: counted.categories, at, isTimeNamed: true, isBox },
    ...{ visitor: randomBytes(8).readBigInt64BE().toString(), visitorBefore: undefined },
  });
  await recordReads(redis, shardOf(counted.id), now, Array.from({ length: times }, read));
}

/** All members of all sets of one kind, as `article category`. */
export async function places(redis: Redis, window: WindowId): Promise<Record<string, number>> {
  const all = ALL_SHARDS.flatMap((shard) => [...CATEGORIES, UNCATEGORISED].map((category) => ({ shard, category })));
  await countPending(redis);
  const found = await Promise.all(
    all.map(async ({ shard, category }) => {
      const reply = await redis.zrange(keysOf(shard).window(window, category), '0', '-1', 'WITHSCORES');
      return pairsOf(reply).map(([id, reads]) => [`${id} ${category}`, reads] as const);
    }),
  );
  return Object.fromEntries(found.flat());
}

/** Members with their scores, as Redis lists them in turn. */
export function pairsOf(reply: readonly string[]): [string, number][] {
  return reply.flatMap((member, i): [string, number][] => (i % 2 === 0 ? [[member, Number(reply[i + 1])]] : []));
}

/** Makes it a copy, or an article of its own. */
export async function link(sql: Sql, id: ArticleId, original: ArticleId | null): Promise<void> {
  await sql.query('update articles set original_id = $2 where id = $1', [id, original]);
}

export async function merge(sql: Sql, copy: ArticleId, original: ArticleId, now: Date): Promise<void> {
  await sql.transaction(async (tx) => {
    await link(tx, copy, original);
    await noteCountChanges(tx, [copy, original], now);
  });
}

export async function remove(sql: Sql, ids: readonly ArticleId[], now: Date): Promise<void> {
  await sql.transaction(async (tx) => {
    await holdArchives(tx);
    const { successors } = await removeArticles(tx, ids, now);
    await moveReads(tx, successors, now);
  });
}

/** What the counter does at each tick. */
export async function tick({ sql, redis }: CountEngines, now: Date): Promise<void> {
  await restoreCounts(sql, redis, now);
  await archiveCounts(sql, redis, now);
  await recountChanges(sql, redis, now);
}

/** All counts of all shards, without the marks that every recount leaves. */
export async function dump(redis: Redis): Promise<Record<string, unknown>> {
  const keys = (await redis.keys('{r*')).sort();
  const held = keys.map(async (key): Promise<[string, unknown]> => {
    if (key.endsWith(':marks')) return [key, { ...(await redis.hgetall(key)), recounting: '' }];
    return [key, (await redis.type(key)) === 'zset' ? await redis.zrange(key, '0', '-1', 'WITHSCORES') : undefined];
  });
  return Object.fromEntries((await Promise.all(held)).filter(([, value]) => value !== undefined));
}
