import type { ArticleQuery } from '../articles/list.ts';
import { type CategorySlug, feedId } from '../ids.ts';
import { type Query, textIn } from './box-spec.ts';
import type { Calendar } from './calendar.ts';

/** The fields of the search form, as the reader filled them in; empty where not. */
export interface SearchForm {
  readonly q: string;
  readonly category: string;
  readonly language: string;
  /** Id of a feed: there is no field for it, but what leads here may name one. */
  readonly source: string;
  /** Dates in the site's time zone, both included. */
  readonly from: string;
  readonly to: string;
  readonly sort: string;
}

export const NO_FORM: SearchForm = { q: '', category: '', language: '', source: '', from: '', to: '', sort: '' };

const QUERY_LENGTH = 200;

/** What the form says. What cannot be meant is left out, because a page is better than an error. */
export function searchFormIn(query: Query, calendar: Calendar): SearchForm {
  const matching = (name: string, pattern: RegExp) => pattern.exec(textIn(query, name))?.[0] ?? '';
  const day = (name: string) => (calendar.midnight(textIn(query, name)) === undefined ? '' : textIn(query, name));
  return {
    q: textIn(query, 'q').trim().slice(0, QUERY_LENGTH),
    category: matching('category', /^[\p{L}\p{N}\p{M}-]{1,64}$/u),
    language: matching('language', /^[a-zA-Z]{2,8}$/).toLowerCase(),
    source: matching('source', /^[1-9][0-9]{0,14}$/),
    from: day('from'),
    to: day('to'),
    sort: matching('sort', /^relevance$/),
  };
}

/** The filled-in fields only: what a link to these results says. */
export function searchUrl(form: SearchForm, cursor?: string): string {
  const fields = Object.entries(form).filter(([, value]) => value !== '');
  return `/search?${new URLSearchParams([...fields, ...(cursor === undefined ? [] : [['cursor', cursor]])] as [string, string][])}`;
}

/** What to list for the form; undefined where nothing was asked for. */
export function queryOf(form: SearchForm, calendar: Calendar): Omit<ArticleQuery, 'limit'> | undefined {
  const { q, category, language, source, from, to, sort } = form;
  if ([q, category, language, source, from, to].every((value) => value === '')) return undefined;
  const [start, end] = [calendar.midnight(from), calendar.midnight(to, 1)];
  return {
    ...(q !== '' && { q }),
    ...(category !== '' && { category: category as CategorySlug }),
    ...(language !== '' && { language }),
    ...(source !== '' && { source: feedId(Number(source)) }),
    ...(start !== undefined && { from: start }),
    ...(end !== undefined && { to: end }),
    ...(sort === 'relevance' && { sort }),
  };
}
