import type { ArticleId, CategorySlug } from '../ids.ts';
import type { WindowId } from '../views/keys.ts';

export type ListKind = 'access' | 'popular';
export const LIST_KINDS: readonly ListKind[] = ['access', 'popular'];

/** The whole site, or a category. */
export type Scope = 'site' | CategorySlug;

export type Movement = 'up' | 'down' | 'same' | 'new';

/** Which list: popular has no window. */
export interface ListKey {
  readonly kind: ListKind;
  readonly scope: Scope;
  readonly window: WindowId | null;
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
  readonly items: readonly ListItem[];
}

export interface ListItem {
  readonly rank: number;
  readonly previousRank: number | null;
  readonly movement: Movement;
  readonly peakRank: number;
  readonly since: string;
  readonly reads: number;
  /** Where a thin list was filled from: a wider window's id or `site`; null for its own reads. */
  readonly fill: string | null;
  readonly article: ListedArticle;
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
