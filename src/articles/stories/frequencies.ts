/**
 * In how many articles each term occurred of late: counts that fade with a half-life, one row a term, so that a word of
 * last month's news is rare again and the cost of asking does not grow with the archive.
 */
import { DAY } from '../../clock.ts';
import { PREPARED, type Sql, UNASKED } from '../../engines/sql.ts';
import type { StoryId } from '../../ids.ts';
import type { Terms } from './terms.ts';

const HALF_LIFE = 7 * DAY;
/**
 * Articles taken for granted that had none of the terms: else the words that two of the first ten articles share would
 * count for little, although they are all that tells these two from the rest.
 */
const PRIOR = 500;
/** What was counted once is worth less than a fiftieth by then. */
const FORGOTTEN_AFTER = 6 * HALF_LIFE;

/**
 * Half-lives after which nothing is left of a count. PostgreSQL takes a number that is too small for a failure: after some
 * years, or where a clock began in 1970, no article would be matched any more.
 */
const NOTHING_LEFT = 60;

/** Decides on stories one after the other; ends with the transaction. The numbers must only not be used elsewhere. */
const DECIDER = '1852143218, 3';

export interface Frequencies {
  /** Articles with this term, the given ones included. */
  of(term: string): number;
  /** Whether earlier articles had it: only then there may be a story that has it. */
  isKnown(term: string): boolean;
  /** How much a term tells: high for the rare, 0 for what stands everywhere. */
  idf(term: string): number;
}

export interface Counted extends Frequencies {
  /** As many as there are articles, each of which may begin a story: handed out here, or they would have to be asked for. */
  readonly ids: readonly StoryId[];
}

/** The row that counts the articles of a term's language. */
const totalOf = (term: string) => term.slice(0, term.indexOf(':') + 1);

/**
 * Adds the articles with these terms to the counts, and answers the counts of all of these terms. Until the end of the
 * transaction nobody else does, and nobody else decides on stories: the lock comes with the statement, before its rows.
 */
export async function countTerms(sql: Sql, articles: readonly Terms[], now: Date): Promise<Counted> {
  const added = new Map<string, number>();
  const add = (term: string) => added.set(term, (added.get(term) ?? 0) + 1);
  for (const terms of articles) {
    let total = '';
    for (const term of terms.keys()) {
      add(term);
      total = totalOf(term);
    }
    if (total !== '') add(total);
  }
  // In the order of the terms: two that count at once lock rows in the same order.
  const sorted = [...added.keys()].sort();
  // The counts come in the order in which the terms were given. As one object by term they would be dear: nothing is dearer
  // to make than an object of other keys each time.
  const { rows } = await sql.query<{ counts: number[] | null; ids: StoryId[] }>(
    `with counted as (
       insert into term_frequencies as known (term, articles, counted_at)
       select term, articles, $3 from unnest($1::text[], $2::real[]) as given (term, articles)
       where (select pg_advisory_xact_lock(${DECIDER})) is not null
       on conflict (term) do update set
         articles = excluded.articles + known.articles
           * power(2, -least($6::double precision, greatest(0, date_part('epoch', excluded.counted_at - known.counted_at)) / $4::double precision)),
         counted_at = greatest(excluded.counted_at, known.counted_at)
       returning articles
     )
     select
       json_agg(articles) as counts,
       array(select nextval('stories_id_seq') from generate_series(1, $5::int)) as ids
     from counted`,
    [sorted, sorted.map((term) => added.get(term) ?? 0), now, HALF_LIFE / 1000, articles.length, NOTHING_LEFT],
    PREPARED,
  );
  const [row] = rows;
  const counts = new Map(sorted.map((term, index) => [term, row?.counts?.[index] ?? 0]));
  const of = (term: string) => counts.get(term) ?? 0;
  return {
    ids: row?.ids ?? [],
    of,
    isKnown: (term) => of(term) > (added.get(term) ?? 0),
    idf: (term) => Math.log((of(totalOf(term)) + PRIOR) / (of(term) + 0.5)),
  };
}

/** Takes that lock by itself, where articles are to be written to before. */
export async function decideOnStories(sql: Sql): Promise<void> {
  await sql.query(`select pg_advisory_xact_lock(${DECIDER})`, [], UNASKED);
}

/** Forgets terms that no article has used for weeks; answers how many. */
export async function forgetTerms(sql: Sql, now: Date): Promise<number> {
  const { count } = await sql.query('delete from term_frequencies where counted_at < $1', [
    new Date(now.getTime() - FORGOTTEN_AFTER),
  ]);
  return count;
}
