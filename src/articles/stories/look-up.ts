/** What is stored about the terms of new articles, and the open stories that have them, in one statement. */
import { readFileSync } from 'node:fs';
import { PREPARED, type Sql } from '../../engines/sql.ts';
import type { StoryId } from '../../ids.ts';
import type { Story } from './cluster.ts';
import { HALF_LIFE, PRIOR, totalOf } from './frequencies.ts';
import type { Terms } from './terms.ts';
import type { Vector } from './vector.ts';

const LOOK_UP = readFileSync(new URL('./look-up.sql', import.meta.url), 'utf8');

/** Rarest terms of an article, or heaviest of a story, by which others are looked for. */
export const PROBES = 8;
/**
 * A term of more articles than this of late is no probe. Counts fade over ten days, stories stay open for three: so it
 * stands in about 300 open stories.
 */
const MAX_ARTICLES = 1000;
/** The rarer terms found this many articles already: commoner ones would find more that are further away. */
const ENOUGH_ARTICLES = 600;
const LEAST_PROBES = 3;
const MAX_POSTINGS = 300;
/** Of a few dozen stories that share a rare term, the right one shares several. */
const CANDIDATES = 16;

export interface LookUp {
  /** In how many articles each term stood, as of now, these not among them. */
  readonly counts: ReadonlyMap<string, number>;
  /** For each article the terms by which it was looked for. */
  readonly probes: readonly (readonly string[])[];
  /** The stories that share most of these terms, the oldest first. */
  readonly stories: readonly Story[];
  /** As many as there are articles, each of which may begin a story: handed out here, or they would have to be asked for. */
  readonly ids: readonly StoryId[];
}

interface Row {
  readonly counts: Readonly<Record<string, number>> | null;
  readonly probes: readonly (readonly [asker: number, term: string])[] | null;
  readonly stories: readonly StoryRow[] | null;
  readonly ids: readonly StoryId[];
}

interface StoryRow {
  readonly story_id: StoryId;
  readonly centroid: Readonly<Record<string, number>>;
  readonly barred: readonly string[];
  readonly size: number;
  readonly first_at: string;
  readonly last_at: string;
}

/** For articles with these terms. */
export async function lookUpTerms(sql: Sql, articles: readonly Terms[], now: Date): Promise<LookUp> {
  const given = articles.flatMap((terms, asker) => {
    const asked = [...terms].map(([term, times]): Asked => [asker, term, times]);
    const [first] = terms.keys();
    return first === undefined ? [] : [...asked, [asker, totalOf(first), 0] as const];
  });
  const row = await ask(sql, given, false, now, articles.length);
  const probes: string[][] = articles.map(() => []);
  for (const [asker, term] of row.probes ?? []) probes[asker]?.push(term);
  return {
    counts: new Map(Object.entries(row.counts ?? {})),
    probes,
    stories: (row.stories ?? []).map(storyOf),
    ids: row.ids,
  };
}

/** The open stories that share most of the probes of one of these askers, given with their weights. */
export async function findStories(sql: Sql, askers: readonly Vector[], now: Date): Promise<Story[]> {
  const given = askers.flatMap((probes, asker) => [...probes].map(([term, weight]): Asked => [asker, term, weight]));
  if (given.length === 0) return [];
  const { stories } = await ask(sql, given, true, now, 0);
  return (stories ?? []).map(storyOf);
}

type Asked = readonly [asker: number, term: string, weight: number];

async function ask(sql: Sql, given: readonly Asked[], areProbes: boolean, now: Date, ids: number): Promise<Row> {
  const { rows } = await sql.query<Row>(
    LOOK_UP,
    [
      ...[given.map(([asker]) => asker), given.map(([, term]) => term), given.map(([, , weight]) => weight)],
      ...[areProbes, now, HALF_LIFE / 1000, PRIOR],
      ...[PROBES, MAX_ARTICLES, LEAST_PROBES, ENOUGH_ARTICLES, MAX_POSTINGS, CANDIDATES, ids],
    ],
    PREPARED,
  );
  return rows[0] ?? { counts: null, probes: null, stories: null, ids: [] };
}

function storyOf(row: StoryRow): Story {
  return {
    id: row.story_id,
    centroid: new Map(Object.entries(row.centroid)),
    barred: new Set(row.barred),
    indexed: Object.keys(row.centroid),
    size: row.size,
    firstAt: Date.parse(row.first_at),
    lastAt: Date.parse(row.last_at),
    isChanged: false,
    mergedInto: undefined,
  };
}
