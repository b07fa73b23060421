/**
 * The newest articles that hold certain words. No single plan is quick for all words: down the newest articles, each looked
 * at, is right for frequent words and hopeless for rare ones; the index of words is right for rare ones, and gives half a
 * million places, in no order, for frequent ones. Estimates do not decide it either: they know nothing of words that were
 * frequent two years ago, and the embedded engine has none. So each step costs little whatever the word, and says whether
 * the next is needed: the newest few hundred articles; then the index, as long as it gives few; then the index for spans of
 * days, each long enough to hold a few (docs/search.md has the figures).
 */
import type { Sql } from '../../engines/sql.ts';
import type { ArticleId } from '../../ids.ts';
import { type ArticleFilter, boundIds, conditionsOf, openParameters, selectionOf } from '../filter.ts';
import { dayOf, daysQuery, firstIdOf, MAX_SPAN } from './days.ts';
import type { WordQuery } from './query.ts';

/** Newest articles that are looked at one by one. */
const WALK = 400;
/** As many where a filter leaves few: of what the index gives for a frequent word, it might throw away nearly all. */
const MAX_WALK = 25_600;
/** Articles that the index may give at once, before any other condition. */
const MAX_HITS = 2000;
const GROWTH = 4;
const HIGHEST = 'zzzzzzzzzzzz' as ArticleId;

interface Walked {
  readonly ids: ArticleId[];
  /** Where the walk ended; undefined where it saw all there are. */
  readonly end: ArticleId | undefined;
}

/** Ids of the newest articles below `before` that match query and filter: at most `limit`, highest first. */
export async function findMatches(
  sql: Sql,
  query: WordQuery,
  filter: ArticleFilter,
  before: ArticleId | undefined,
  limit: number,
): Promise<ArticleId[]> {
  const ids: ArticleId[] = [];
  let end = before;
  for (let size = WALK; size <= longestWalk(query, filter); size *= GROWTH) {
    const walked = await walk(sql, query, filter, end, size, limit - ids.length);
    ids.push(...walked.ids);
    end = walked.end;
    if (end === undefined || ids.length >= limit) return ids;
    // A word that was found here and there is too frequent to ask the index for all of it.
    const isRare = size === WALK && ids.length === 0 && !query.isOpen;
    const all = isRare ? await readIndex(sql, query, filter, boundIds(filter, end), limit, MAX_HITS) : undefined;
    if (all !== undefined) return all;
  }
  return [...ids, ...(await findBySpans(sql, query, filter, boundIds(filter, end), limit - ids.length))];
}

function longestWalk({ isOpen }: WordQuery, { category, source, language }: ArticleFilter): number {
  // What no index of words can answer is answered by nearly all articles.
  if (isOpen) return Number.POSITIVE_INFINITY;
  return (category ?? source ?? language) === undefined ? WALK : MAX_WALK;
}

async function walk(
  sql: Sql,
  query: WordQuery,
  filter: ArticleFilter,
  before: ArticleId | undefined,
  size: number,
  limit: number,
): Promise<Walked> {
  const { values, parameter } = openParameters(query.text);
  const { id, fromWhere } = selectionOf(filter, before, parameter);
  // The match is no condition but a column: as a condition the planner might take it to the index of words.
  const { rows } = await sql.query<{ walked: number; last: ArticleId | null; ids: ArticleId[] }>(
    `with walked as materialized (select ${id} as id ${fromWhere} order by ${id} desc limit ${size})
     select
       (select count(*) from walked) as walked,
       (select min(id) from walked) as last,
       array(
         select walked.id from walked cross join lateral (
           select article_words.words @@ $1::tsquery as is_match
           from article_words where article_words.article_id = walked.id offset 0
         ) found
         where found.is_match order by walked.id desc limit ${limit}
       ) as ids`,
    values,
  );
  const { walked = 0, last = null, ids = [] } = rows[0] ?? {};
  return { ids, end: walked < size || last === null ? undefined : last };
}

/** Ids that the articles lie between: from one, to below the other. */
interface Bounds {
  readonly from?: ArticleId;
  readonly to?: ArticleId;
}

/** What to ask the index for: nothing from outside of these days, unless they are very many. */
function looseWithin({ loose }: WordQuery, { from, to }: Bounds): string {
  if (from === undefined || to === undefined) return loose;
  const [first, end] = [dayOf(from), dayOf(to)];
  const last = to === firstIdOf(end) ? end - 1 : end;
  return last - first > MAX_SPAN ? loose : `(${loose}) & (${daysQuery(first, Math.max(first, last))})`;
}

/** What the index of words gives, highest first; undefined where that would be more than `maxHits`. */
async function readIndex(
  sql: Sql,
  query: WordQuery,
  filter: ArticleFilter,
  bounds: Bounds,
  limit: number,
  maxHits: number | null,
): Promise<ArticleId[] | undefined> {
  const { values, parameter } = openParameters(query.text, looseWithin(query, bounds), maxHits);
  const conditions = ['article.id = hit.id', ...conditionsOf(filter, parameter)].join(' and ');
  const { rows } = await sql.query<{ ids: ArticleId[] | null }>(
    `with hits as materialized (
       select id collate "C" as id, is_match from articles_by_words($2::tsquery, $1::tsquery, $3::bigint + 1)
     )
     select case when $3::bigint is null or (select count(*) from hits) <= $3::bigint then array(
       select hit.id
       from (
         select id from hits where is_match and id >= ${parameter(bounds.from ?? '')} and id < ${parameter(bounds.to ?? HIGHEST)}
         order by id desc offset 0
       ) hit
       cross join lateral (select from articles article where ${conditions} offset 0) kept
       order by hit.id desc
       limit ${limit}
     ) end as ids`,
    values,
  );
  return rows[0]?.ids ?? undefined;
}

/** Goes back in spans of days, longer ones while they give little and shorter ones where they give too much. */
async function findBySpans(
  sql: Sql,
  query: WordQuery,
  filter: ArticleFilter,
  { from = firstIdOf(0), to = HIGHEST }: Bounds,
  limit: number,
): Promise<ArticleId[]> {
  const ids: ArticleId[] = [];
  const firstDay = dayOf(from);
  let lastDay = dayOf(to);
  let span = 1;
  let crowded = Number.POSITIVE_INFINITY;
  while (lastDay >= firstDay && ids.length < limit) {
    const start = Math.max(firstDay, lastDay - span + 1);
    const bounds = { from: maxOf(firstIdOf(start), from), to: minOf(firstIdOf(lastDay + 1), to) };
    // A day is the shortest span: it is read whole, however much it gives.
    const maxHits = span === 1 ? null : MAX_HITS;
    const found = await readIndex(sql, query, filter, bounds, limit - ids.length, maxHits);
    if (found === undefined) {
      span = Math.ceil(span / GROWTH);
      crowded = start;
      continue;
    }
    ids.push(...found);
    lastDay = start - 1;
    // What was too much at once lies ahead still.
    if (lastDay < crowded) span = Math.min(span * GROWTH, MAX_SPAN);
  }
  return ids;
}

const maxOf = (one: ArticleId, other: ArticleId) => (one > other ? one : other);
const minOf = (one: ArticleId, other: ArticleId) => (one < other ? one : other);
