import { readFileSync } from 'node:fs';
import { findOriginals } from '../articles/store.ts';
import { HOUR } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import type { ClosedSnapshot } from './closed-list.ts';
import { LIST_ITEMS, type ListedArticle, type ListItem, type Scope } from './list.ts';
import { listedArticle } from './listed-article.ts';
import { movementOf, type Ranks, ranksOf } from './movement.ts';
import type { Period, Span } from './periods.ts';

const CLOSE = readFileSync(new URL('./close.sql', import.meta.url), 'utf8');

/** An article's reads in a period, as a closed list orders them. */
export interface PeriodReads {
  readonly article: ListedArticle;
  readonly reads: number;
}

/** The most read articles of the period, by scope, from the archive as it is now. */
export async function readPeriod(sql: Sql, period: Period, span: Span): Promise<Map<Scope, readonly PeriodReads[]>> {
  const { rows } = await sql.query<{ scope: Scope; id: ArticleId; reads: number }>(CLOSE, [
    span.start,
    span.end,
    LIST_ITEMS,
    grainsOf(period, span),
  ]);
  const articles = await findOriginals(sql, [...new Set(rows.map((row) => row.id))]);
  const lists = new Map<Scope, PeriodReads[]>();
  for (const { scope, id, reads } of rows) {
    const article = articles.get(id);
    if (article === undefined) continue;
    const list = lists.get(scope) ?? [];
    lists.set(scope, list);
    list.push({ article: listedArticle(article), reads });
  }
  return lists;
}

/** A row of a day is no hour's, and one of an hour of UTC none of a zone whose hours begin at half past. */
function grainsOf(period: Period, { start }: Span): readonly string[] {
  if (period !== 'hour') return ['slot', 'hour', 'day'];
  return start.getTime() % HOUR === 0 ? ['slot', 'hour'] : ['slot'];
}

/** The items of a list; their movement is told against the period before, or where there is none, against themselves. */
export function closedItems(found: readonly PeriodReads[], scope: Scope, before: RanksBefore, span: Span): ListItem[] {
  const ranks = before.get(scope) ?? (before.size > 0 ? new Map() : ranksOf(found.map(({ article }) => article.id)));
  return found.map(({ reads, article }, index): ListItem => {
    const rank = index + 1;
    const moved = movementOf(article.id, rank, ranks);
    return { rank, ...moved, peakRank: rank, since: span.start.toISOString(), reads, fill: null, article };
  });
}

export type RanksBefore = ReadonlyMap<Scope, Ranks>;

/** The ranks of the period that ended then, by scope, as its lists stand now. */
export async function readRanksBefore(sql: Sql, period: Period, end: Date): Promise<RanksBefore> {
  const { rows } = await sql.query<{ scope: Scope; articles: ArticleId[] }>(
    `select distinct on (scope) scope, jsonb_path_query_array(body, '$.items[*].article.id') as articles
       from closed_lists join closed_periods using (period, start_at) where period = $1 and end_at = $2
      order by scope, revision desc`,
    [period, end],
  );
  return new Map(rows.map(({ scope, articles }) => [scope, ranksOf(articles)]));
}

export async function readCategoryNames(sql: Sql): Promise<ReadonlyMap<Scope, string>> {
  const { rows } = await sql.query<{ slug: CategorySlug; name: string }>('select slug, name from categories');
  return new Map<Scope, string>(rows.map(({ slug, name }) => [slug, name]));
}

/** Stores lists that are not there yet. */
export async function storeClosed(sql: Sql, period: Period, span: Span, lists: readonly ClosedSnapshot[]) {
  if (lists.length === 0) return;
  await sql.query(
    `insert into closed_lists (period, start_at, scope, revision, body)
     select $1, $2, * from unnest($3::text[], $4::int[], $5::jsonb[])`,
    [
      period,
      span.start,
      lists.map((list) => list.scope),
      lists.map((list) => list.revision ?? 1),
      lists.map((list) => JSON.stringify(list)),
    ],
  );
}
