import type { ArticleId, CategorySlug } from '../ids.ts';
import type { Channel } from './view-class.ts';

/** One view as it was reported, not yet believed. */
export interface ViewReport {
  readonly article?: string;
  readonly url?: string;
  /** `box`: our own box led the reader there; counts a quarter in popular lists. */
  readonly ref?: 'box';
  /** Only from trusted reporters. */
  readonly visitor?: string;
  readonly at?: Date;
}

/** Who reported: never stored, never logged; only hashes of it reach Redis. */
export interface Reporter {
  readonly address: string;
  readonly userAgent: string;
  /** The request says that nobody looks at the page yet (Purpose, Sec-Purpose). */
  readonly isPrefetch: boolean;
  /** Came with the ingest token: may name visitors and times, and is neither limited nor damped. */
  readonly isTrusted: boolean;
  /** How it came in; undefined: as a page posts it. */
  readonly channel?: Channel;
}

export const DROP_REASONS = [
  'bot',
  'prefetch',
  'duplicate',
  'unknown-article',
  'rate-limited',
  'invalid',
  'overload',
] as const;

/** Why a view did not become a read. */
export type DropReason = (typeof DROP_REASONS)[number];

/** What became of reported views: reads, and refusals by reason. */
export interface Collected {
  readonly accepted: number;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
}

/** What counting needs to know of an article. */
export interface CountedArticle {
  readonly id: ArticleId;
  readonly categories: readonly CategorySlug[];
}
