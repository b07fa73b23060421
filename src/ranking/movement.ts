import type { ArticleId } from '../ids.ts';
import type { ListItem, Movement } from './list.ts';

/** Ranks by article, as a list stood at some time. */
export type Ranks = ReadonlyMap<ArticleId, number>;

export function ranksOf(articles: readonly ArticleId[]): Ranks {
  return new Map(articles.map((article, index) => [article, index + 1]));
}

/** Where the article stands now against where it stood in `before`; new when it was not there at all. */
export function movementOf(
  article: ArticleId,
  rank: number,
  before: Ranks,
): { previousRank: number | null; movement: Movement } {
  const previousRank = before.get(article);
  if (previousRank === undefined) return { previousRank: null, movement: 'new' };
  if (previousRank === rank) return { previousRank, movement: 'same' };
  return { previousRank, movement: rank < previousRank ? 'up' : 'down' };
}

/** Since when the article is on the list without a break, and its best rank in that time; `last` is the list just before. */
export function tenureOf(
  rank: number,
  last: Pick<ListItem, 'since' | 'peakRank'> | undefined,
  now: Date,
): { since: string; peakRank: number } {
  if (last === undefined) return { since: now.toISOString(), peakRank: rank };
  return { since: last.since, peakRank: Math.min(last.peakRank, rank) };
}
