import type { Sql } from '../../engines/sql.ts';
import type { ArticleId } from '../../ids.ts';
import { current, emptyShelf, mergeWithNearest, place, probesOf, type Shelf, type Story, shelve } from './cluster.ts';
import { countTerms, type Frequencies } from './frequencies.ts';
import { addStories, closeStories, findCandidates, type Probe, saveStories } from './open-stories.ts';
import { type Terms, termsOf, type Wording } from './terms.ts';
import { unit } from './vector.ts';

export interface StoryArticle extends Wording {
  readonly id: ArticleId;
  readonly publishedAt: Date;
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

/** Decides on stories one after the other; ends with the transaction. The numbers must only not be used elsewhere. */
const DECIDER = '1852143218, 3';

/**
 * Gives each of the articles its story, for life: that of the articles about the same event, or a new one. Articles that
 * have one, are copies or are gone are left alone, so that running it again changes nothing. A dozen statements, however
 * many articles.
 */
export async function assignStories(sql: Sql, articles: readonly StoryArticle[], now: Date): Promise<void> {
  if (articles.length === 0) return;
  await sql.transaction(async (within) => {
    await within.query(`select pg_advisory_xact_lock(${DECIDER})`);
    const fresh = await withoutStory(within, articles);
    if (fresh.length > 0) await assign(within, fresh, now);
  });
}

/** In order of publication, whatever the order in which feeds were polled. */
async function withoutStory(sql: Sql, articles: readonly StoryArticle[]): Promise<StoryArticle[]> {
  const { rows } = await sql.query<{ id: ArticleId }>(
    `select id from articles where id = any ($1::text[]) and story_id is null and original_id is null
     order by id for no key update`,
    [articles.map(({ id }) => id)],
  );
  const byId = new Map(articles.map((article) => [article.id, article]));
  return rows
    .map(({ id }) => byId.get(id))
    .filter((article) => article !== undefined)
    .sort((one, other) => one.publishedAt.getTime() - other.publishedAt.getTime() || (one.id < other.id ? -1 : 1));
}

interface Placed {
  readonly article: ArticleId;
  readonly story: Story;
}

async function assign(sql: Sql, articles: readonly StoryArticle[], now: Date): Promise<void> {
  const terms = articles.map(termsOf);
  const frequencies = await countTerms(sql, terms, now);
  const drafts = articles.map((article, index) => ({
    vector: unit(weigh(terms[index] ?? new Map(), frequencies)),
    probes: rarest(terms[index] ?? new Map(), frequencies),
    publishedAt: article.publishedAt.getTime(),
  }));
  const asked = drafts.flatMap(({ probes, vector }, asker) =>
    probes.map((term): Probe => ({ asker, term, weight: vector.get(term) ?? 0 })),
  );
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
  await save(sql, shelf, loaded, placed, now);
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

async function save(
  sql: Sql,
  shelf: Shelf,
  loaded: readonly Story[],
  placed: readonly Placed[],
  now: Date,
): Promise<void> {
  const changed = [...shelf.stories].filter(({ isChanged }) => isChanged);
  const opened = await addStories(sql, changed);
  const merged = loaded.filter(({ mergedInto }) => mergedInto !== undefined);
  await saveStories(sql, changed, merged, now);
  await closeStories(sql, opened, now);
  await sql.query(
    `update articles set story_id = given.story from unnest($1::text[], $2::bigint[]) as given (article, story)
     where id = given.article`,
    [placed.map(({ article }) => article), placed.map(({ story }) => current(story).id)],
  );
}
