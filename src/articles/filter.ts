import type { ArticleId, CategorySlug, FeedId } from '../ids.ts';
import { earliestIdAt } from '../ids.ts';

/** Which articles: all conditions that are given must hold. */
export interface ArticleFilter {
  readonly category?: CategorySlug;
  readonly source?: FeedId;
  /** `en` means `en-GB` as well. */
  readonly language?: string;
  /** Published then or later. */
  readonly from?: Date;
  /** Published before. */
  readonly to?: Date;
  /** Also those that are copies of others. */
  readonly copies?: boolean;
}

/** Takes a value and answers its place in the statement, as `$3`. */
export type Parameter = (value: unknown) => string;

/** Collects the values of a statement. */
export function openParameters(...first: unknown[]): { readonly values: unknown[]; readonly parameter: Parameter } {
  const values = [...first];
  return { values, parameter: (value) => `$${values.push(value)}` };
}

/** The language of `article` without its region, as it is indexed. */
export const LANGUAGE = `lower(split_part(translate(article.language, '_', '-'), '-', 1))`;

/**
 * The articles of a filter as a `from … where …`, and the column that holds their ids in the order of an index. Ids sort by
 * first publication, so newest first is the highest id first: each table that names articles has that order in an index,
 * without a copy of their dates. Articles of one second come in the order in which they were stored, and those before
 * 1970 at the end, in that order too.
 */
export function selectionOf(filter: ArticleFilter, before: ArticleId | undefined, parameter: Parameter) {
  const { category, source, ...others } = filter;
  if (source !== undefined) {
    return walked(filter, before, parameter, {
      id: 'carried.article_id',
      from: 'sources carried',
      // A feed whose guids changed carried an article more than once.
      where: `carried.feed_id = ${parameter(source)} and not exists (
        select from sources other
        where other.feed_id = carried.feed_id and other.article_id = carried.article_id
          and other.guid_hash < carried.guid_hash
      )`,
      conditions: conditionsOf({ ...others, ...(category !== undefined && { category }) }, parameter),
    });
  }
  if (category !== undefined) {
    return walked(filter, before, parameter, {
      id: 'filed.article_id',
      from: 'article_categories filed',
      where: `filed.category = ${parameter(category)}`,
      conditions: conditionsOf(others, parameter),
    });
  }
  const where = [...conditionsOf(others, parameter), ...boundsOf('article.id', filter, before, parameter)];
  return { id: 'article.id', fromWhere: `from articles article where ${where.join(' and ') || 'true'}` };
}

interface Walk {
  readonly id: string;
  readonly from: string;
  readonly where: string;
  /** Of the article. */
  readonly conditions: readonly string[];
}

/** `offset 0` keeps the articles out of the planner's reach: it would join all of them and sort. */
function walked(filter: ArticleFilter, before: ArticleId | undefined, parameter: Parameter, walk: Walk) {
  const { id, from, where, conditions } = walk;
  const all = [where, ...boundsOf(id, filter, before, parameter)].join(' and ');
  const kept = [`article.id = ${id}`, ...conditions].join(' and ');
  return {
    id,
    fromWhere: `from ${from} cross join lateral (select from articles article where ${kept} offset 0) kept where ${all}`,
  };
}

/** The filter as conditions on `article`. */
export function conditionsOf(filter: ArticleFilter, parameter: Parameter): string[] {
  const { category, source, language, from, to, copies } = filter;
  const conditions: string[] = copies ? [] : ['article.original_id is null'];
  if (category !== undefined) {
    conditions.push(`exists (
      select from article_categories filed where filed.article_id = article.id and filed.category = ${parameter(category)}
    )`);
  }
  if (source !== undefined) {
    conditions.push(`exists (
      select from sources carried where carried.article_id = article.id and carried.feed_id = ${parameter(source)}
    )`);
  }
  if (language !== undefined) {
    const [primary = ''] = language.toLowerCase().split(/[-_]/);
    conditions.push(`${LANGUAGE} = ${parameter(primary)}`);
  }
  if (from !== undefined) conditions.push(`article.published_at >= ${parameter(from)}::timestamptz`);
  if (to !== undefined) conditions.push(`article.published_at < ${parameter(to)}::timestamptz`);
  return conditions;
}

/** What the filter says of ids, for the index. */
function boundsOf(id: string, filter: ArticleFilter, before: ArticleId | undefined, parameter: Parameter): string[] {
  const { from, to } = boundIds(filter, before);
  return [
    ...(from === undefined ? [] : [`${id} >= ${parameter(from)}`]),
    ...(to === undefined ? [] : [`${id} < ${parameter(to)}`]),
  ];
}

/** The ids between which the articles lie: from one, to below the other. */
export function boundIds(filter: ArticleFilter, before: ArticleId | undefined): { from?: ArticleId; to?: ArticleId } {
  // Ids know seconds: the one that `from` lies in counts as a whole here.
  const from = filter.from && earliestIdAt(new Date(Math.floor(filter.from.getTime() / 1000) * 1000));
  // What is older than 1970 has ids of its first second.
  const end = filter.to && earliestIdAt(new Date(Math.max(1000, filter.to.getTime())));
  const to = end === undefined || (before !== undefined && before < end) ? before : end;
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}
