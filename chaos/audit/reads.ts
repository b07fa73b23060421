import type { RedisClient } from '../../src/engines/redis.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import { readCounts } from '../../src/views/counts.ts';

/** Acknowledged views against what is stored, article by article. */
export interface ReadAudit {
  readonly acknowledged: number;
  readonly archived: number;
  /** Reads that PostgreSQL lacks, and has too many. */
  readonly lost: number;
  readonly doubled: number;
  /** Articles of which Redis counts another number in 24 hours than PostgreSQL. */
  readonly uneven: number;
}

export async function auditReads(
  sql: Sql,
  redis: RedisClient,
  acknowledged: ReadonlyMap<string, number>,
): Promise<ReadAudit> {
  const { rows } = await sql.query<{ article: string; categories: string[]; reads: number }>(
    `select articles.id as article, coalesce((select sum(reads) from read_counts where article_id = articles.id), 0) as reads,
            array(select category from article_categories where article_id = articles.id) as categories
     from articles`,
  );
  let [lost, doubled, uneven, archived] = [0, 0, 0, 0];
  const stored = new Set(rows.map(({ article }) => article));
  // Of an article that is gone, its reads are as well.
  for (const [article, count] of acknowledged) if (!stored.has(article)) lost += count;
  for (const { article, categories, reads } of rows) {
    const difference = reads - (acknowledged.get(article) ?? 0);
    archived += reads;
    lost += Math.max(0, -difference);
    doubled += Math.max(0, difference);
    if (reads === 0) continue;
    const counted = (await readCounts(redis, article as ArticleId, categories as CategorySlug[]))['24h'];
    if (counted !== reads) uneven++;
  }
  return {
    acknowledged: [...acknowledged.values()].reduce((sum, one) => sum + one, 0),
    archived,
    lost,
    doubled,
    uneven,
  };
}

/** The first places of the site's access list of 24 hours by plain SQL: reads, and among equals the newer first. */
export async function topBySql(sql: Sql, places: number): Promise<string[]> {
  const { rows } = await sql.query<{ line: string }>(
    `select article_id || ' ' || sum(reads) as line from read_counts
     where slot > now() - interval '24 hours' group by article_id order by sum(reads) desc, article_id desc limit $1`,
    [places],
  );
  return rows.map(({ line }) => line);
}
