import type { Sql } from '../../engines/sql.ts';
import type { ArticleId } from '../../ids.ts';
import type { WordQuery } from './query.ts';

export interface Ranked {
  readonly id: ArticleId;
  readonly rank: number;
}

/** How well articles match the words (title before summary before text, short before long), best first, then newest. */
export async function rankMatches(sql: Sql, query: WordQuery, ids: readonly ArticleId[]): Promise<Ranked[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql.query<Ranked>(
    `select article_id as id, ts_rank(words, $1::tsquery, 1)::float8 as rank
     from article_words where article_id = any ($2::text[])`,
    [query.text, ids],
  );
  return rows.sort(byRank);
}

/** Best first, the newer before the older. */
export function byRank(one: Ranked, other: Ranked): number {
  return other.rank - one.rank || (one.id < other.id ? 1 : one.id > other.id ? -1 : 0);
}
