import { HOUR } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import { WINDOW_SECONDS } from './keys.ts';

/** Archived reads of one article, of a slot of five minutes or of an hour. */
export interface ArchivedReads {
  readonly at: Date;
  /** A slot; hours suffice for what is older than a day. */
  readonly isFine: boolean;
  readonly reads: number;
  readonly boxReads: number;
}

export interface ArchivedArticle {
  readonly id: ArticleId;
  readonly categories: readonly CategorySlug[];
  /** In order of time. */
  readonly counts: readonly ArchivedReads[];
}

/** By then the roller has carried slots into hours, even when it is an hour late. */
const FINE = 26 * HOUR;

/** Since when reads are in any window: six hours more than the longest, which moves by six hours. */
export const archivedSince = (now: Date): Date => new Date(now.getTime() - WINDOW_SECONDS['30d'] * 1000 - 6 * HOUR);

interface Row {
  readonly id: ArticleId;
  readonly categories: CategorySlug[];
  readonly at: Date | null;
  readonly is_fine: boolean;
  readonly reads: number;
  readonly box_reads: number;
}

/** What PostgreSQL holds of these articles and their copies, in order of ids. Copies, and what is gone, are left out. */
export async function readArchived(sql: Sql, ids: readonly ArticleId[], now: Date): Promise<ArchivedArticle[]> {
  const { rows } = await sql.query<Row>(
    `with counted as (
       select article.id, array(
         select category from article_categories filed where filed.article_id = article.id order by category
       ) as categories
       from articles article where article.id = any ($1::text[]) and article.original_id is null
     ), family as (
       select id as member, id as original from counted
       union all
       select copy.id, copy.original_id from articles copy join counted on copy.original_id = counted.id
     ), archived as (
       select original, case when slot >= $3 then slot else date_trunc('hour', slot, 'UTC') end as at,
              slot >= $3 as is_fine, sum(reads)::int as reads, sum(box_reads)::int as box_reads
       from family join read_counts on article_id = member
       where slot >= $2
       group by 1, 2, 3
     )
     select id, categories, at, is_fine, reads, box_reads
     from counted left join archived on original = id
     order by id, at`,
    [ids, archivedSince(now), new Date(now.getTime() - FINE)],
  );
  const articles = new Map<ArticleId, ArchivedArticle & { counts: ArchivedReads[] }>();
  for (const { id, categories, at, is_fine: isFine, reads, box_reads: boxReads } of rows) {
    const article = articles.get(id) ?? { id, categories, counts: [] };
    articles.set(id, article);
    if (at !== null) article.counts.push({ at, isFine, reads, boxReads });
  }
  return [...articles.values()];
}
