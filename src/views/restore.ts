import { HOUR } from '../clock.ts';
import type { RedisClient } from '../engines/redis.ts';
import type { Sql } from '../engines/sql.ts';
import { type ArticleId, shardOf } from '../ids.ts';
import { holdArchives } from './archive-lock.ts';
import { ALL_SHARDS, keysOf, SLOT_SECONDS } from './keys.ts';
import { type ArchivedReads, archivedSince, readArchived } from './read-archived.ts';
import { type CountedReads, RESTORE_DONE, restoreReads } from './restore-reads.ts';

/**
 * Fills the shards of an empty Redis from PostgreSQL, each exactly once, while new reads are counted in them.
 *
 * The invariant: a shard's counts = what PostgreSQL held when the shard was empty + what was recorded in it since. It
 * holds because
 * - a shard whose marks lack `restored` archives nothing (set-aside.lua), so its rows in PostgreSQL stand still and hold
 *   none of the reads that came meanwhile;
 * - a batch of the Redis before it, still on its way, is committed before the first row is read here, or never: each
 *   archive transaction holds ARCHIVE_LOCK and sees whether its batch still exists, and a restore waits for that lock once;
 * - rows are added article by article, in the order of ids, and the id reached stands in the shard's marks, moved by the
 *   same script that adds. So a second restorer, or the one after a crash, goes on from there.
 * What PostgreSQL never got is lost: the reads of one archive interval.
 *
 * A copy's reads lie in another shard, where archiving may go on, and an article may become a copy meanwhile. Both are
 * noted in count_changes, and put right by a recount once the shard is restored (recount.ts).
 */

/** Articles that one query reads. */
const PAGE = 200;
/** Rows that one script call adds; an article is never split, and has about 1,000 at most. */
const MAX_ROWS = 500;
/** Sorts after every id: this run has nothing more to do for the shard. */
const FINISHED = '~';

interface ArticleCounts {
  readonly id: ArticleId;
  readonly counts: readonly CountedReads[];
}

/**
 * Restores the shards that need it; gives the number of counts added. Costs 16 look-ups where none does. Safe to run by
 * several at once and to be cut off anywhere.
 */
export async function restoreCounts(sql: Sql, redis: RedisClient, now: Date): Promise<number> {
  const progress = await readProgress(redis);
  if (progress.size === 0) return 0;
  await sql.transaction(holdArchives);
  let added = 0;
  let after = [...progress.values()].sort()[0];
  while (after !== undefined) {
    const page = await readPage(sql, after, now);
    added += await addPage(redis, now, page, progress);
    after = page.at(-1)?.id;
  }
  for (const [shard, expected] of progress) {
    if (expected === FINISHED) continue;
    await restoreReads(redis, shard, now, { expected, next: RESTORE_DONE }, []);
  }
  return added;
}

/** The id that each shard has reached, '' at first; shards that are restored are left out. */
async function readProgress(redis: RedisClient): Promise<Map<number, string>> {
  const progress = new Map<number, string>();
  await Promise.all(
    ALL_SHARDS.map(async (shard) => {
      const [restored, reached] = await redis.hmget(keysOf(shard).marks, 'restored', 'restoring');
      if (typeof restored !== 'string') progress.set(shard, reached ?? '');
    }),
  );
  return progress;
}

async function addPage(
  redis: RedisClient,
  now: Date,
  page: readonly ArticleCounts[],
  progress: Map<number, string>,
): Promise<number> {
  let added = 0;
  for (const [shard, articles] of byShard(page, progress)) {
    for (const chunk of chunks(articles)) added += await addChunk(redis, shard, now, chunk, progress);
  }
  return added;
}

async function addChunk(
  redis: RedisClient,
  shard: number,
  now: Date,
  chunk: readonly ArticleCounts[],
  progress: Map<number, string>,
): Promise<number> {
  const expected = progress.get(shard) ?? FINISHED;
  const left = chunk.filter(({ id }) => id > expected);
  const next = left.at(-1)?.id;
  if (next === undefined) return 0;
  const counts = left.flatMap((article) => article.counts);
  const reached = await restoreReads(redis, shard, now, { expected, next }, counts);
  // Behind where it was: Redis was emptied once more, and the next run begins anew.
  const isOver = reached === RESTORE_DONE || reached < expected;
  progress.set(shard, isOver ? FINISHED : reached);
  if (reached === next) return counts.length;
  // Another restorer was here: what it left of this chunk is still to be added.
  return await addChunk(redis, shard, now, chunk, progress);
}

function byShard(page: readonly ArticleCounts[], progress: ReadonlyMap<number, string>): Map<number, ArticleCounts[]> {
  const shards = new Map<number, ArticleCounts[]>();
  for (const article of page) {
    const shard = shardOf(article.id);
    if (!progress.has(shard)) continue;
    const articles = shards.get(shard) ?? [];
    shards.set(shard, articles);
    articles.push(article);
  }
  return shards;
}

function chunks(articles: readonly ArticleCounts[]): ArticleCounts[][] {
  const all: ArticleCounts[][] = [];
  let rows = Number.POSITIVE_INFINITY;
  for (const article of articles) {
    if (rows + article.counts.length > MAX_ROWS) {
      all.push([]);
      rows = 0;
    }
    all.at(-1)?.push(article);
    rows += article.counts.length;
  }
  return all;
}

/** The counts of the next articles after the id `after`, each with those of its copies. */
async function readPage(sql: Sql, after: string, now: Date): Promise<ArticleCounts[]> {
  const { rows } = await sql.query<{ id: ArticleId }>(
    `select id from articles article
     where id > $1 and original_id is null and (
       exists (select from read_counts where article_id = article.id and slot >= $2)
       or exists (
         select from articles copy join read_counts on article_id = copy.id
         where copy.original_id = article.id and slot >= $2
       )
     )
     order by id limit ${PAGE}`,
    [after, archivedSince(now)],
  );
  const archived = await readArchived(
    sql,
    rows.map(({ id }) => id),
    now,
  );
  return archived.map(({ id, categories, counts }) => ({
    id,
    counts: counts.map((count) => ({ ...count, article: id, categories, at: middleOf(count, now) })),
  }));
}

/** The decayed scores want a time within the slot or hour; its middle is right on average. */
function middleOf({ at, isFine }: ArchivedReads, now: Date): Date {
  const span = isFine ? SLOT_SECONDS * 1000 : HOUR;
  const middle = at.getTime() + span / 2;
  return new Date(Math.max(at.getTime(), Math.min(middle, now.getTime())));
}
