import type { ArticleId, FeedId, StoryId } from '../../ids.ts';
import type { Comparable } from './comparable.ts';

/** Summaries are compared by their beginning only; more is not read. */
export const SUMMARY_READ = 1200;

/** An article that waits to be matched, as it is stored. */
export interface UnmatchedRow {
  readonly id: ArticleId;
  readonly title: string;
  readonly summary: string;
  readonly language: string | null;
  readonly published_at: Date;
  readonly original_id: ArticleId | null;
  readonly story_id: StoryId | null;
  readonly content_hash: string;
  readonly site: string | null;
  readonly feeds: readonly FeedId[];
  /** When it was matched first; null where it is new. */
  readonly known_since: Date | null;
}

export interface Unmatched extends UnmatchedRow {
  readonly text: Comparable;
  readonly keys: readonly number[];
}
