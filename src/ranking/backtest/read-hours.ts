import { DAY, HOUR } from '../../clock.ts';
import type { Sql } from '../../engines/sql.ts';
import type { ArticleId, CategorySlug } from '../../ids.ts';

/** What was read of an article in a slot of five minutes, or where that is all that is kept, in an hour. */
export interface ReplayRow {
  readonly id: ArticleId;
  /** The middle of the slot or hour. */
  readonly at: number;
  readonly reads: number;
  readonly boxReads: number;
}

export interface ReplayHour {
  readonly at: Date;
  /** Whether these are slots. */
  readonly isFine: boolean;
  readonly rows: readonly ReplayRow[];
  /** The categories of articles that were not there before. */
  readonly articles: ReadonlyMap<ArticleId, readonly CategorySlug[]>;
}

/** What lists of 30 days count, and decayed ones of 24 hours. */
const WARM_UP = 30 * DAY;

/** The first hour from which on no read is kept by the day only. */
export async function earliestHour(sql: Sql): Promise<Date | undefined> {
  const { rows } = await sql.query<{ at: Date | null }>(
    `select date_trunc('hour', min(slot)) as at from read_counts where grain <> 'day'`,
  );
  return rows[0]?.at ?? undefined;
}

/** All that is archived by the hour or finer, hour by hour, from 30 days before `from` on. Copies count for their originals. */
export async function* readReplay(sql: Sql, from: Date, to: Date): AsyncGenerator<ReplayHour> {
  const earliest = (await earliestHour(sql)) ?? from;
  const known = new Set<ArticleId>();
  const start = Math.max(earliest.getTime(), from.getTime() - WARM_UP);
  for (let day = start; day < to.getTime(); day += DAY) {
    const end = Math.min(day + DAY, to.getTime());
    const rows = await readRows(sql, new Date(day), new Date(end));
    const unknown = [...new Set(rows.map(({ id }) => id))].filter((id) => !known.has(id));
    const articles = await readCategories(sql, unknown);
    for (const id of unknown) known.add(id);
    let next = 0;
    for (let at = day; at < end; at += HOUR) {
      const first = next;
      while (next < rows.length && (rows[next]?.at ?? 0) < at + HOUR) next++;
      const own = rows.slice(first, next);
      yield { at: new Date(at), isFine: own.some(({ isFine }) => isFine), rows: own, articles };
    }
  }
}

async function readRows(sql: Sql, from: Date, to: Date): Promise<(ReplayRow & { readonly isFine: boolean })[]> {
  const { rows } = await sql.query<{ id: ArticleId; at: number; reads: number; box: number; is_fine: boolean }>(
    `select coalesce(article.original_id, article.id) as id, grain = 'slot' as is_fine,
            (extract(epoch from slot) + case grain when 'slot' then 150 else 1800 end)::float8 * 1000 as at,
            sum(reads)::float8 as reads, sum(box_reads)::float8 as box
       from read_counts join articles article on article.id = article_id
      where slot >= $1 and slot < $2 and grain in ('slot', 'hour')
      group by 1, 2, 3 order by 3`,
    [from, to],
  );
  return rows.map(({ id, at, reads, box, is_fine }) => ({ id, at, reads, boxReads: box, isFine: is_fine }));
}

async function readCategories(sql: Sql, ids: readonly ArticleId[]): Promise<Map<ArticleId, readonly CategorySlug[]>> {
  const { rows } = await sql.query<{ id: ArticleId; categories: CategorySlug[] }>(
    `select id, array_remove(array_agg(category), null) as categories
       from unnest($1::text[]) id left join article_categories on article_id = id group by id`,
    [ids],
  );
  return new Map(rows.map(({ id, categories }) => [id, categories]));
}
