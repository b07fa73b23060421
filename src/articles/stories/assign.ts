import type { Sql } from '../../engines/sql.ts';
import type { ArticleId, StoryId } from '../../ids.ts';
import {
  current,
  type Draft,
  emptyShelf,
  mergeWithNearest,
  place,
  probesOf,
  type Shelf,
  type Story,
  shelve,
} from './cluster.ts';
import { countTerms, type Frequencies } from './frequencies.ts';
import { closeStories, findCandidates, type Probe, saveStories } from './open-stories.ts';
import { distinguish } from './patterns.ts';
import { type Terms, termsOf, type Wording } from './terms.ts';
import { unit } from './vector.ts';

export interface StoryArticle extends Wording {
  readonly id: ArticleId;
  readonly publishedAt: Date;
  /** Other titles of the feeds that carried it, by which those are known that are made from one pattern. */
  readonly siblings?: readonly string[];
}

/** Rarest terms of an article, or heaviest of a story, by which others are looked for. */
const PROBES = 8;
/**
 * A term of more articles than this of late is no probe. Counts fade over ten days, stories stay open for three: so it
 * stands in about 300 open stories.
 */
const MAX_ARTICLES = 1000;
/** The rarer terms found this many articles already: commoner ones would find more that are further away. */
const ENOUGH_ARTICLES = 600;
const LEAST_PROBES = 3;

/**
 * Finds for each of the articles the story that it is to have for life: that of the articles about the same event, or a new
 * one. They must be originals without a story, and not known here yet. Part of the transaction in which the caller writes
 * the stories down; until its end nobody else decides. The same few statements, however many articles.
 */
export async function assignStories(
  sql: Sql,
  given: readonly StoryArticle[],
  now: Date,
): Promise<Map<ArticleId, StoryId>> {
  if (given.length === 0) return new Map();
  const articles = [...given].sort(byPublication);
  const terms = articles.map(termsOf);
  const frequencies = await countTerms(sql, terms, now);
  const drafts = articles.map((article, index) => draftOf(article, terms[index] ?? new Map(), frequencies));
  const asked = drafts.flatMap(({ probes, vector }, asker) => {
    const known = probes.filter(frequencies.isKnown);
    // A story that has but one of them is not found (find-candidates.sql).
    return known.length < 2 ? [] : known.map((term): Probe => ({ asker, term, weight: vector.get(term) ?? 0 }));
  });
  const shelf = emptyShelf();
  for (const story of await findCandidates(sql, asked)) shelve(shelf, story);
  const loaded = [...shelf.stories];
  const placed: Placed[] = [];
  const doubled = new Set<Story>();
  for (const [index, draft] of drafts.entries()) {
    const article = articles[index];
    if (article === undefined) continue;
    const story = place(shelf, draft);
    placed.push({ article: article.id, story });
    if (isPowerOfTwo(story.size)) doubled.add(story);
  }
  loaded.push(...(await mergeDoubled(sql, shelf, doubled)));
  const changed = [...shelf.stories].filter(({ isChanged }) => isChanged);
  const merged = loaded.filter(({ mergedInto }) => mergedInto !== undefined);
  await closeStories(sql, await saveStories(sql, changed, merged, frequencies.ids, now), now);
  return new Map(placed.map(({ article, story }) => [article, current(story).id as StoryId]));
}

/** In order of publication, whatever the order in which feeds were polled. */
function byPublication(one: StoryArticle, other: StoryArticle): number {
  return one.publishedAt.getTime() - other.publishedAt.getTime() || (one.id < other.id ? -1 : 1);
}

interface Placed {
  readonly article: ArticleId;
  readonly story: Story;
}

function draftOf(article: StoryArticle, terms: Terms, frequencies: Frequencies): Draft {
  return {
    vector: unit(weigh(terms, frequencies)),
    probes: rarest(terms, frequencies),
    publishedAt: article.publishedAt.getTime(),
    ...distinguish(article, article.siblings ?? []),
  };
}

function weigh(terms: Terms, { idf }: Frequencies): Map<string, number> {
  return new Map([...terms].map(([term, count]) => [term, count * idf(term)]));
}

function rarest(terms: Terms, { of }: Frequencies): string[] {
  const sorted = [...terms.keys()]
    .filter((term) => of(term) <= MAX_ARTICLES)
    .sort((one, other) => of(one) - of(other) || (one < other ? -1 : 1))
    .slice(0, PROBES);
  let articles = 0;
  return sorted.filter((term, index) => {
    articles += of(term);
    return index < LEAST_PROBES || articles <= ENOUGH_ARTICLES;
  });
}

const isPowerOfTwo = (size: number) => size > 1 && (size & (size - 1)) === 0;

/**
 * Two stories that began apart may have grown alike: looked for each time a story has doubled, which costs an article no
 * more than one look-up on average. Answers the stories that it loaded.
 */
async function mergeDoubled(sql: Sql, shelf: Shelf, doubled: ReadonlySet<Story>): Promise<Story[]> {
  const askers = [...doubled].map((story) => ({ story, probes: probesOf(story, PROBES) }));
  const asked = askers.flatMap(({ story, probes }, asker) =>
    probes.map((term): Probe => ({ asker, term, weight: story.centroid.get(term) ?? 0 })),
  );
  const known = new Set([...shelf.stories].map(({ id }) => id));
  const found = (await findCandidates(sql, asked)).filter(({ id }) => !known.has(id));
  for (const story of found) shelve(shelf, story);
  for (const { story, probes } of askers) if (story.mergedInto === undefined) mergeWithNearest(shelf, story, probes);
  return found;
}
