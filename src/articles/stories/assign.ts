import { type Sql, UNASKED } from '../../engines/sql.ts';
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
import { countTerms, idfOf } from './frequencies.ts';
import { findStories, type LookUp, lookUpTerms, PROBES } from './look-up.ts';
import { closeStories, saveStories } from './open-stories.ts';
import { distinguish } from './patterns.ts';
import { type Terms, termsOf, type Wording } from './terms.ts';
import { unit } from './vector.ts';

export interface StoryArticle extends Wording {
  readonly id: ArticleId;
  readonly publishedAt: Date;
  /** Other titles of the feeds that carried it, by which those are known that are made from one pattern. */
  readonly siblings?: readonly string[];
}

/** Articles that may be given stories, with what was looked up for them. */
export interface Prospects extends LookUp {
  /** In the order in which they are given stories. */
  readonly articles: readonly { readonly article: StoryArticle; readonly terms: Terms }[];
}

/** Decides on stories one after the other; ends with the transaction. The numbers must only not be used elsewhere. */
const BECOME_DECIDER = 'select pg_advisory_xact_lock(1852143218, 3)';

/**
 * Looks up what articles without a story need to be given one, of which some may yet turn out to be copies. Until the end
 * of the transaction nobody else decides on stories.
 */
export async function lookUpStories(sql: Sql, given: readonly StoryArticle[], now: Date): Promise<Prospects> {
  if (given.length === 0) return { articles: [], counts: new Map(), probes: [], stories: [], ids: [] };
  const articles = [...given].sort(byPublication).map((article) => ({ article, terms: termsOf(article) }));
  await sql.query(BECOME_DECIDER, [], UNASKED);
  const lookUp = await lookUpTerms(
    sql,
    articles.map(({ terms }) => terms),
    now,
  );
  return { ...lookUp, articles };
}

/**
 * Finds for each of the `originals` among these articles the story that it is to have for life: that of the articles about
 * the same event, or a new one. Part of the transaction in which the caller writes the stories down. One statement, as a
 * rule, however many articles.
 */
export async function assignStories(
  sql: Sql,
  prospects: Prospects,
  originals: ReadonlySet<ArticleId>,
  now: Date,
): Promise<Map<ArticleId, StoryId>> {
  const drafts = draftsOf(prospects, originals);
  if (drafts.length === 0) return new Map();
  const shelf = emptyShelf();
  for (const story of prospects.stories) shelve(shelf, story);
  const loaded = [...shelf.stories];
  const placed: Placed[] = [];
  const doubled = new Set<Story>();
  for (const { id, draft } of drafts) {
    const story = place(shelf, draft);
    placed.push({ article: id, story });
    if (isPowerOfTwo(story.size)) doubled.add(story);
  }
  loaded.push(...(await mergeDoubled(sql, shelf, doubled, now)));
  const changes = {
    changed: [...shelf.stories].filter(({ isChanged }) => isChanged),
    merged: loaded.filter(({ mergedInto }) => mergedInto !== undefined),
    ids: prospects.ids,
    counts: countTerms(drafts.map(({ terms }) => terms)),
  };
  await closeStories(sql, await saveStories(sql, changes, now), now);
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

interface Drafted {
  readonly id: ArticleId;
  readonly terms: Terms;
  readonly draft: Draft;
}

/** The originals, their terms weighed by how many articles had them before, and have them among these. */
function draftsOf({ articles, counts, probes }: Prospects, originals: ReadonlySet<ArticleId>): Drafted[] {
  const chosen = articles
    .map((one, index) => ({ ...one, probes: probes[index] ?? [] }))
    .filter(({ article }) => originals.has(article.id));
  const added = countTerms(chosen.map(({ terms }) => terms));
  const idf = idfOf((term) => (counts.get(term) ?? 0) + (added.get(term) ?? 0));
  return chosen.map(({ article, terms, probes: own }) => ({
    id: article.id,
    terms,
    draft: {
      vector: unit(new Map([...terms].map(([term, count]) => [term, count * idf(term)]))),
      probes: own,
      publishedAt: article.publishedAt.getTime(),
      ...distinguish(article, article.siblings ?? []),
    },
  }));
}

const isPowerOfTwo = (size: number) => size > 1 && (size & (size - 1)) === 0;

/**
 * Two stories that began apart may have grown alike: looked for each time a story has doubled, which costs an article no
 * more than one look-up on average. Answers the stories that it loaded.
 */
async function mergeDoubled(sql: Sql, shelf: Shelf, doubled: ReadonlySet<Story>, now: Date): Promise<Story[]> {
  const askers = [...doubled].map((story) => ({ story, probes: probesOf(story, PROBES) }));
  const asked = askers.map(({ story, probes }) => new Map(probes.map((term) => [term, story.centroid.get(term) ?? 0])));
  const known = new Set([...shelf.stories].map(({ id }) => id));
  const found = (await findStories(sql, asked, now)).filter(({ id }) => !known.has(id));
  for (const story of found) shelve(shelf, story);
  for (const { story, probes } of askers) if (story.mergedInto === undefined) mergeWithNearest(shelf, story, probes);
  return found;
}
