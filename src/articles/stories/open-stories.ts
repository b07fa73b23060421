/** The stories that may still grow, in PostgreSQL: their centroids, and an index of terms. */
import { readFileSync } from 'node:fs';
import { PREPARED, type Sql, UNASKED } from '../../engines/sql.ts';
import type { StoryId } from '../../ids.ts';
import { holdArticles } from '../article-lock.ts';
import { current, STORY_WINDOW, type Story } from './cluster.ts';

const [FIND_CANDIDATES, SAVE_STORIES, MERGE_STORIES, CLOSE_STORIES] = [
  './find-candidates.sql',
  './save-stories.sql',
  './merge-stories.sql',
  './close-stories.sql',
].map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')) as [string, string, string, string];

const MAX_POSTINGS = 300;
/** Of a few dozen stories that share a rare term, the right one shares several. */
const CANDIDATES = 16;
const CLOSED_WITH = 100;

/** A term by which an article (or a story), `asker`, looks for stories, and how much it means there. */
export interface Probe {
  readonly asker: number;
  readonly term: string;
  readonly weight: number;
}

/** Terms and weights as two arrays: an object of other keys for each story is ten times as dear to make and to read. */
interface Row {
  readonly story_id: StoryId;
  readonly terms: readonly string[];
  readonly weights: readonly number[];
  readonly barred: readonly string[];
  readonly size: number;
  readonly first_at: string;
  readonly last_at: string;
}

/** The open stories that share most of the askers' terms, the oldest first. */
export async function findCandidates(sql: Sql, probes: readonly Probe[]): Promise<Story[]> {
  if (probes.length === 0) return [];
  const { rows } = await sql.query<{ found: readonly Row[] | null }>(
    FIND_CANDIDATES,
    [
      ...[probes.map(({ asker }) => asker), probes.map(({ term }) => term), probes.map(({ weight }) => weight)],
      ...[MAX_POSTINGS, CANDIDATES],
    ],
    PREPARED,
  );
  return (rows[0]?.found ?? []).map((row) => ({
    id: row.story_id,
    centroid: new Map(row.terms.map((term, index) => [term, row.weights[index] ?? 0])),
    barred: new Set(row.barred),
    indexed: row.terms,
    size: row.size,
    firstAt: Date.parse(row.first_at),
    lastAt: Date.parse(row.last_at),
    isChanged: false,
    mergedInto: undefined,
  }));
}

/**
 * Writes stories that changed, gives those that have none the next of `ids`, and leads the ids of those that merged to
 * where they went. Answers the ids that are new.
 */
export async function saveStories(
  sql: Sql,
  changed: readonly Story[],
  merged: readonly Story[],
  ids: readonly StoryId[],
  now: Date,
): Promise<StoryId[]> {
  const opened = changed.filter(({ id }) => id === undefined);
  for (const [index, story] of opened.entries()) story.id = ids[index];
  const isNew = new Set(opened);
  const rows = changed.map((story) => ({
    story: story.id,
    isNew: isNew.has(story),
    terms: [...story.centroid.keys()],
    weights: [...story.centroid.values()].map((weight) => Math.round(weight * 1e4) / 1e4),
    barred: [...story.barred],
    size: story.size,
    firstAt: new Date(story.firstAt),
    lastAt: new Date(story.lastAt),
  }));
  const postings = [...changed.flatMap(postingsOf), ...merged.flatMap(withoutPostings)];
  await sql.query(
    SAVE_STORIES,
    [
      ...[JSON.stringify(rows), now],
      ...[postings.map(({ story }) => story), postings.map(({ term }) => term), postings.map(({ kept }) => kept)],
    ],
    UNASKED,
  );
  if (merged.length > 0) {
    const kept = merged.map((story) => current(story).id);
    await holdArticles(sql);
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
