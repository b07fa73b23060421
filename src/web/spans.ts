import { DAY, HOUR } from '../clock.ts';
import type { Scope } from '../ranking/list.ts';
import { WINDOWS, type WindowId } from '../views/keys.ts';
import { accessBox, type BoxSpec, popularBox, type Query, risingBox, windowIn } from './box-spec.ts';

/** What has no window stands beside the windows: popular is what is read at this moment, rising what is read ever more. */
export const SPANS = ['rising', 'now', ...WINDOWS] as const;
export type Span = (typeof SPANS)[number];

/** How far apart two lists are that are looked at one after the other. */
export const SPAN_STEPS: Readonly<Record<Span, number>> = {
  ...{ rising: HOUR, now: HOUR, '1h': HOUR, '24h': DAY, '7d': 7 * DAY, '30d': 30 * DAY },
};

export function spanIn(query: Query): Span {
  return SPANS.find((known) => known === query['window']) ?? windowIn(query);
}

export function spanOf({ kind, window }: Pick<BoxSpec, 'kind' | 'window'>): Span {
  if (kind === 'rising') return 'rising';
  return window ?? 'now';
}

/** Which time a list is of, and the ways to those before and after it. */
export interface Moment {
  /** In words; null for a list that goes on. */
  readonly text: string | null;
  readonly before: string | null;
  readonly after: string | null;
}

/** The whole list of the span. */
export function longBox(scope: Scope, span: Span): BoxSpec {
  if (span === 'now') return popularBox(scope, null, 'long');
  return span === 'rising' ? risingBox(scope, null, 'long') : accessBox(scope, span, null, 'long');
}

/** The page of a list: a current one, with `at` a past one. */
export function rankingHref({ scope, span, at }: { scope: Scope; span: Span; at?: string }): string {
  return hrefOf(scope, { window: span, ...(at !== undefined && { at }) });
}

/** The page of a finished period; the last one without `start`. */
export function closedHref({ scope, period, start }: { scope: Scope; period: string; start?: string }): string {
  return hrefOf(scope, { period, ...(start !== undefined && { start }) });
}

function hrefOf(scope: Scope, fields: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(fields);
  if (scope !== 'site') query.set('category', scope);
  return `/ranking?${query.toString().replaceAll('%3A', ':')}`;
}

/** Where the list is as a feed, in the API. */
export function feedHref({ kind, scope, window }: Pick<BoxSpec, 'kind' | 'scope' | 'window'>): string {
  const query = new URLSearchParams();
  if (scope !== 'site') query.set('category', scope);
  if (window !== null) query.set('window', window satisfies WindowId);
  const text = query.toString();
  return `/v1/rankings/${kind}.atom${text === '' ? '' : `?${text}`}`;
}
