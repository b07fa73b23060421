import { type ArticleQuery, listArticles } from '../articles/list.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import { type CategorySlug, feedId } from '../ids.ts';
import { nameOfCategory } from './find-list.ts';
import type { Lists } from './lists.ts';
import { type ArticlesQuery, DEFAULT_PAGE } from './schemas/article.ts';
import { parseTimeOrDate } from './time.ts';

/** The page of articles that a request asks for. Throws `category-unknown`, `cursor-invalid` or `request-invalid`. */
export async function findArticlePage(sql: Sql, lists: Pick<Lists, 'categoryName'>, query: ArticlesQuery) {
  if (query.category) await nameOfCategory(lists, query.category);
  return await listArticles(sql, asked(query));
}

function asked({ category, source, language, from, to, q, cursor, ...rest }: ArticlesQuery): ArticleQuery {
  return {
    limit: DEFAULT_PAGE,
    ...rest,
    ...(category && { category: category as CategorySlug }),
    ...(source && { source: feedId(Number(source)) }),
    ...(language && { language }),
    ...(from && { from: timeOf('from', from) }),
    ...(to && { to: timeOf('to', to) }),
    ...(q?.trim() && { q: q.trim() }),
    ...(cursor && { cursor }),
  };
}

function timeOf(name: string, text: string): Date {
  const time = parseTimeOrDate(text);
  if (time === undefined) {
    throw new CodedError('request-invalid', `"${name}" must be a time such as 2026-01-31T09:00:00Z, or a date.`);
  }
  return time;
}
