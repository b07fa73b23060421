import type { ArticleId, FeedId, StoryId } from '../../ids.ts';
import type { Comparable } from './comparable.ts';

/** Summaries are compared by their beginning only; more is not read. */
export const SUMMARY_READ = 1200;

/** An article that waits to be matched, as it is read. */
export interface UnmatchedRow {
  readonly id: ArticleId;
  readonly title: string;
  readonly summary: string;
  readonly language: string | null;
  readonly published_at: string;
  readonly original_id: ArticleId | null;
  readonly story_id: StoryId | null;
  readonly content_hash: string;
  readonly site: string | null;
  readonly feeds: readonly FeedId[];
  /** When it was matched first; null where it is new. */
  readonly known_since: string | null;
}

export interface Unmatched extends Omit<UnmatchedRow, 'published_at' | 'known_since'> {
  readonly published_at: Date;
  readonly isNew: boolean;
  readonly text: Comparable;
  readonly keys: readonly number[];
}

export function unmatchedOf(
  { published_at, known_since, ...row }: UnmatchedRow,
  text: Comparable,
  keys: readonly number[],
): Unmatched {
  return { ...row, published_at: new Date(published_at), isNew: known_since === null, text, keys };
}
