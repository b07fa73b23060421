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

export function unmatchedOf(row: UnmatchedRow, text: Comparable, keys: readonly number[]): Unmatched {
  const { id, title, summary, language, original_id, story_id, content_hash, site, feeds } = row;
  const isNew = row.known_since === null;
  const published_at = new Date(row.published_at);
  return {
    id,
    title,
    summary,
    language,
    published_at,
    original_id,
    story_id,
    content_hash,
    site,
    feeds,
    isNew,
    text,
    keys,
  };
}
