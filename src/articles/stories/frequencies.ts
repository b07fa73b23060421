/**
 * In how many articles each term occurred of late: counts that fade with a half-life, one row a term, so that a word of
 * last month's news is rare again and the cost of asking does not grow with the archive.
 */
import { DAY } from '../../clock.ts';
import type { Sql } from '../../engines/sql.ts';
import type { Terms } from './terms.ts';

export const HALF_LIFE = 7 * DAY;
/**
 * Articles taken for granted that had none of the terms: else the words that two of the first ten articles share would
 * count for little, although they are all that tells these two from the rest.
 */
export const PRIOR = 500;
/** What was counted once is worth less than a fiftieth by then. */
const FORGOTTEN_AFTER = 6 * HALF_LIFE;

/** The row that counts the articles of a term's language. */
export const totalOf = (term: string) => term.slice(0, term.indexOf(':') + 1);

/** How many of the articles have each term, and how many each language. */
export function countTerms(articles: readonly Terms[]): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (term: string) => counts.set(term, (counts.get(term) ?? 0) + 1);
  for (const terms of articles) {
    let total = '';
    for (const term of terms.keys()) {
      add(term);
      total = totalOf(term);
    }
    if (total !== '') add(total);
  }
  return counts;
}

/** How much a term tells: high for the rare, 0 for what stands everywhere. */
export function idfOf(of: (term: string) => number): (term: string) => number {
  return (term) => Math.log((of(totalOf(term)) + PRIOR) / (of(term) + 0.5));
}

/** Forgets terms that no article has used for weeks; answers how many. */
export async function forgetTerms(sql: Sql, now: Date): Promise<number> {
  const { count } = await sql.query('delete from term_frequencies where counted_at < $1', [
    new Date(now.getTime() - FORGOTTEN_AFTER),
  ]);
  return count;
}
