import { type ArticleId, type CategorySlug, parseArticleId } from '../ids.ts';
import { LIST_KINDS, type ListKey, type ListKind, type Scope } from '../ranking/list.ts';
import { WINDOWS, type WindowId } from '../views/keys.ts';

export const BOX_VIEWS = ['box', 'tabs', 'long'] as const;

/** A box of five, one with tabs for the windows of the access ranking, or a whole list with all that is known. */
export type BoxView = (typeof BOX_VIEWS)[number];

/** Which list a page shows, and how: all that is needed to fetch the same box again. */
export interface BoxSpec extends ListKey {
  readonly limit: number;
  /** The article being read, which its own page's boxes leave out. */
  readonly exclude: ArticleId | null;
  readonly view: BoxView;
}

export type Query = Readonly<Record<string, unknown>>;

const BOX_LENGTH = 5;
const LIST_LENGTH = 50;
export const DEFAULT_WINDOW: WindowId = '24h';

export const accessBox = (
  scope: Scope,
  window: WindowId,
  exclude: ArticleId | null,
  view: BoxView = 'box',
): BoxSpec => ({
  kind: 'access',
  scope,
  window,
  limit: view === 'long' ? LIST_LENGTH : BOX_LENGTH,
  exclude,
  view,
});

export const popularBox = (scope: Scope, exclude: ArticleId | null, view: BoxView = 'box'): BoxSpec =>
  windowless('popular', scope, exclude, view);

export const risingBox = (scope: Scope, exclude: ArticleId | null, view: BoxView = 'box'): BoxSpec =>
  windowless('rising', scope, exclude, view);

const windowless = (kind: ListKind, scope: Scope, exclude: ArticleId | null, view: BoxView): BoxSpec => ({
  kind,
  scope,
  window: null,
  limit: view === 'long' ? LIST_LENGTH : BOX_LENGTH,
  exclude,
  view,
});

/** The window that a query names; the usual one where it names none or nonsense, because a page is better than an error. */
export function windowIn(query: Query): WindowId {
  return WINDOWS.find((window) => window === query['window']) ?? DEFAULT_WINDOW;
}

export function kindIn(name: unknown): ListKind | undefined {
  return LIST_KINDS.find((kind) => kind === name);
}

export function textIn(query: Query, name: string): string {
  const value = query[name];
  return typeof value === 'string' ? value.trim() : '';
}

/** Where the box alone can be fetched, as HTML. */
export function boxUrl(spec: BoxSpec): string {
  const query = new URLSearchParams();
  if (spec.scope !== 'site') query.set('category', spec.scope);
  if (spec.window !== null) query.set('window', spec.window);
  if (spec.exclude !== null) query.set('exclude', spec.exclude);
  if (spec.view !== 'box') query.set('view', spec.view);
  const text = query.toString();
  return `/fragments/rankings/${spec.kind}${text === '' ? '' : `?${text}`}`;
}

/** The inverse of boxUrl. */
export function boxSpecIn(kind: ListKind, query: Query): BoxSpec {
  const scope = (textIn(query, 'category') || 'site') as 'site' | CategorySlug;
  const exclude = parseArticleId(textIn(query, 'exclude')) ?? null;
  const view = BOX_VIEWS.find((candidate) => candidate === query['view']) ?? 'box';
  return kind === 'access' ? accessBox(scope, windowIn(query), exclude, view) : windowless(kind, scope, exclude, view);
}
