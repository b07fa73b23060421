/** The stories that may still grow, in PostgreSQL: their centroids, and an index of terms. */
import { readFileSync } from 'node:fs';
import { type Sql, UNASKED } from '../../engines/sql.ts';
import type { StoryId } from '../../ids.ts';
import { current, STORY_WINDOW, type Story } from './cluster.ts';
import { HALF_LIFE } from './frequencies.ts';

const [SAVE_STORIES, MERGE_STORIES, CLOSE_STORIES] = [
  './save-stories.sql',
  './merge-stories.sql',
  './close-stories.sql',
].map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')) as [string, string, string];

const CLOSED_WITH = 100;

/** What articles changed. */
export interface Changes {
  readonly changed: readonly Story[];
  readonly merged: readonly Story[];
  /** For those that are new. */
  readonly ids: readonly StoryId[];
  /** The terms of the articles, and how many have each. */
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * Writes stories that changed, gives those that have none the next of `ids`, leads the ids of those that merged to where
 * they went, and counts terms. Answers the ids that are new.
 */
export async function saveStories(sql: Sql, { changed, merged, ids, counts }: Changes, now: Date): Promise<StoryId[]> {
  const opened = changed.filter(({ id }) => id === undefined);
  for (const [index, story] of opened.entries()) story.id = ids[index];
  const isNew = new Set(opened);
  const rows = changed.map((story) => ({
    story: story.id,
    isNew: isNew.has(story),
    centroid: Object.fromEntries([...story.centroid].map(([term, weight]) => [term, Math.round(weight * 1e4) / 1e4])),
    barred: [...story.barred],
    size: story.size,
    firstAt: new Date(story.firstAt),
    lastAt: new Date(story.lastAt),
  }));
  const postings = [...changed.flatMap(postingsOf), ...merged.flatMap(withoutPostings)];
  // In the order of the terms: whoever locks several rows does so in one order.
  const terms = [...counts.keys()].sort();
  await sql.query(
    SAVE_STORIES,
    [
      ...[JSON.stringify(rows), JSON.stringify(postings), now],
      ...[terms, terms.map((term) => counts.get(term)), HALF_LIFE / 1000],
    ],
    UNASKED,
  );
  if (merged.length > 0) {
    const kept = merged.map((story) => current(story).id);
    await sql.query(MERGE_STORIES, [merged.map(({ id }) => id), kept], UNASKED);
  }
  return opened.flatMap(({ id }) => id ?? []);
}

function postingsOf({ id, centroid, indexed }: Story) {
  const before = new Set(indexed);
  return [
    ...indexed.filter((term) => !centroid.has(term)).map((term) => ({ story: id, term, kept: false })),
    ...[...centroid.keys()].filter((term) => !before.has(term)).map((term) => ({ story: id, term, kept: true })),
  ];
}

const withoutPostings = ({ id, indexed }: Story) => indexed.map((term) => ({ story: id, term, kept: false }));

/**
 * Closes stories that were not added to within the window: with each hundredth that is opened, so that it costs a single
 * article nothing, and more than were opened, so that none are left behind.
 */
export async function closeStories(sql: Sql, opened: readonly number[], now: Date): Promise<void> {
  if (!opened.some((id) => id % CLOSED_WITH === 0)) return;
  const limit = 2 * Math.max(opened.length, CLOSED_WITH);
  await sql.query(CLOSE_STORIES, [new Date(now.getTime() - STORY_WINDOW), limit]);
}
