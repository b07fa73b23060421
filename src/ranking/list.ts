import { SECOND } from '../clock.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import { WINDOW_SECONDS, WINDOWS, type WindowId } from '../views/keys.ts';

export type ListKind = 'access' | 'popular' | 'rising';
export const LIST_KINDS: readonly ListKind[] = ['access', 'popular', 'rising'];

/** The whole site, or a category. */
export type Scope = 'site' | CategorySlug;

export type Movement = 'up' | 'down' | 'same' | 'new';

/** Which list: only access has a window. */
export interface ListKey {
  readonly kind: ListKind;
  readonly scope: Scope;
  readonly window: WindowId | null;
}

/** Items that a published list holds at most; the API serves no more. */
export const LIST_ITEMS = 50;

/** The lists that each scope has. */
export const SCOPE_LISTS: readonly Omit<ListKey, 'scope'>[] = [
  ...WINDOWS.map((window) => ({ kind: 'access' as const, window })),
  { kind: 'popular', window: null },
  { kind: 'rising', window: null },
];

/** The Redis key under which the published list lies, ready to serve. */
export function listRedisKey(key: ListKey): string {
  return `list:${key.kind}:${key.scope}:${spanOf(key)}`;
}

/** The list's window as stored: `-` for a list without one. */
export function spanOf(key: Pick<ListKey, 'window'>): WindowId | '-' {
  return key.window ?? '-';
}

/** The span of a sliding window at `now`, as a list says it. */
export function slidingWindow(window: WindowId | null, now: Date): Snapshot['window'] {
  if (window === null) return null;
  const from = new Date(now.getTime() - WINDOW_SECONDS[window] * SECOND);
  return { id: window, from: from.toISOString(), to: now.toISOString(), final: false };
}

/** A list as published, in the very shape that the API serves; dates are RFC 3339 in UTC. */
export interface Snapshot {
  readonly list: ListKind;
  readonly scope: Scope;
  readonly title: string;
  readonly window: {
    readonly id: WindowId;
    readonly from: string;
    readonly to: string;
    readonly final: boolean;
  } | null;
  readonly asOf: string;
  /** The same as long as the items are the same. */
  readonly version: string;
  readonly confidence: 'ok' | 'thin' | 'empty';
  /** What editors did to the list; absent where they left it alone. */
  readonly curation?: {
    /** Articles that they hold at a place. */
    readonly pinned: number;
    /** Articles that they left out, of those that would be in it. */
    readonly excluded: number;
  };
  readonly items: readonly ListItem[];
}

export interface ListItem {
  readonly rank: number;
  readonly previousRank: number | null;
  readonly movement: Movement;
  readonly peakRank: number;
  readonly since: string;
  /**
   * Access: reads in the window, or in the window that the item was filled from. Popular: reads of the last 24 hours,
   * unweighted, since a decayed sum means nothing to a reader; the order comes from the sum. Rising: of the last hour.
   */
  readonly reads: number;
  /** Where a thin list was filled from: a wider window's id or `site`; null for its own reads. */
  readonly fill: string | null;
  /** An editor holds it where it stands; absent otherwise. */
  readonly pinned?: true;
  /** Where it stood a day ago; in access lists of 24 hours which are older than that. */
  readonly dayAgo?: { readonly rank: number | null; readonly movement: Movement };
  readonly article: ListedArticle;
  /** Reads in each of 24 steps until now, the last one under way (sparklines.ts); absent while they are not known. */
  readonly sparkline?: readonly number[];
}

export interface ListedArticle {
  readonly id: ArticleId;
  readonly title: string;
  readonly url: string | null;
  readonly source: string;
  readonly publishedAt: string;
  readonly updatedAt: string;
  readonly categories: readonly CategorySlug[];
  readonly image: string | null;
}
