import { noteCountChanges } from '../articles/count-changes.ts';
import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';
import type { Sql } from '../engines/sql.ts';
import { type ArticleId, type CategorySlug, shardOf } from '../ids.ts';
import { holdArchives } from './archive-lock.ts';
import { ALL_SHARDS, keysOf, WINDOWS } from './keys.ts';
import { countPending } from './pending.ts';
import { archivedSince } from './read-archived.ts';
import { type Comparison, compareCounts } from './recount.ts';

/**
 * The books are checked: what every article has in every bucket, window and category of Redis against what PostgreSQL
 * holds of it and its copies and what is not archived yet. There should never be a difference; where something outside
 * made one (a hand in Redis, a failover that lost writes), it is found, told and put right.
 *
 * Article by article under the archive lock, as a recount does it and with its script, so that reads which come meanwhile
 * do no harm. What is repaired is noted in count_changes as well: two minutes later it is counted once more.
 */
export interface Audit {
  /** Articles that were compared. */
  readonly articles: number;
  /** Those that were left out, because a recount or the restore of their shard is still to come. */
  readonly waiting: number;
  /** Those whose counts were wrong. */
  readonly wrong: readonly ArticleId[];
  /** Sums of categories that were wrong, over all shards. */
  readonly wrongTotals: number;
}

/** Of one transaction, during which nothing is archived: some tens of ms. */
const MAX_ARTICLES = 25;
const SCAN_COUNT = 500;

const totalsScript = readScript(new URL('./audit-totals.lua', import.meta.url));

/** Compares all counts; with `repair` also puts right what is wrong. Safe to be cut off anywhere. */
export async function auditCounts(sql: Sql, redis: RedisClient, comparison: Comparison, now: Date): Promise<Audit> {
  const archived = await listArchived(sql, now);
  const wrong: ArticleId[] = [];
  let [articles, waiting] = [0, 0];
  for (const shard of ALL_SHARDS) {
    const own = archived.filter((id) => shardOf(id) === shard);
    const ids = [...new Set([...own, ...(await listCounted(redis, shard))])];
    for (let i = 0; i < ids.length; i += MAX_ARTICLES) {
      const page = ids.slice(i, i + MAX_ARTICLES);
      const found = await sql.transaction(async (tx) => {
        await holdArchives(tx);
        const found = await compareCounts(tx, redis, page, comparison, now);
        if (comparison === 'repair') await noteCountChanges(tx, found.wrong, now);
        return found;
      });
      articles += found.looked.length;
      waiting += page.length - found.looked.length;
      wrong.push(...found.wrong);
    }
  }
  return { articles, waiting, wrong, wrongTotals: await auditTotals(redis, comparison) };
}

/** The originals with reads that any window may hold. */
async function listArchived(sql: Sql, now: Date): Promise<ArticleId[]> {
  const { rows } = await sql.query<{ id: ArticleId }>(
    `select distinct coalesce(original_id, article_id) as id
     from read_counts left join articles on articles.id = article_id where slot >= $1`,
    [archivedSince(now)],
  );
  return rows.map(({ id }) => id);
}

/** What the windows of a shard hold. */
async function listCounted(redis: RedisClient, shard: number): Promise<ArticleId[]> {
  await countPending(redis, [shard]);
  const keys = keysOf(shard);
  const found = new Set<string>();
  for (const category of (await redis.smembers(keys.categories)) as CategorySlug[]) {
    for (const window of WINDOWS) {
      let cursor = '0';
      do {
        const [next, members] = await redis.zscan(keys.window(window, category), cursor, 'COUNT', SCAN_COUNT);
        for (let i = 0; i < members.length; i += 2) found.add(members[i] ?? '');
        cursor = next;
      } while (cursor !== '0');
    }
  }
  return [...found] as ArticleId[];
}

async function auditTotals(redis: RedisClient, comparison: Comparison): Promise<number> {
  let wrong = 0;
  for (const shard of ALL_SHARDS) {
    const { scripted, categories } = keysOf(shard);
    for (const category of await redis.smembers(categories)) {
      const set = comparison === 'repair' ? '1' : '';
      wrong += Number(await runScript(redis, totalsScript, scripted, [category, set]));
    }
  }
  return wrong;
}
