/**
 * Which story an article belongs to, decided as articles come in (single-pass clustering with centroids). Nothing here
 * touches the database: the shelf holds the stories that may be meant, and notes what became of them.
 */
import { HOUR } from '../../clock.ts';
import type { StoryId } from '../../ids.ts';
import { isNumber } from './terms.ts';
import { cosine, heaviest, sum, unit, type Vector } from './vector.ts';

/** Terms kept of a story. With all of them a long story would be about everything. */
const CENTROID_TERMS = 24;
const JOIN_AT = 0.35;
const MERGE_AT = 0.4;
/** News about an event fade: at two days' distance, words must agree 1.6 times as well. */
const SIGMA = 48 * HOUR;
/**
 * One rare word, or a word and a number, make short headlines alike that have nothing to do with each other: "The 100 best
 * one-hit wonders" and "$100 phone hits the U.S.".
 */
const LEAST_WORDS = 2;
/** Beyond this distance it is another event. */
export const STORY_WINDOW = 72 * HOUR;

export interface Story {
  /** Undefined until it is stored. */
  id: StoryId | undefined;
  /** Sum of its articles' vectors, heaviest terms only. */
  centroid: Vector;
  /** Terms of which none may join: they stand for others in the patterns that titles of its articles are made from. */
  barred: ReadonlySet<string>;
  /** The terms under which it is in the index. */
  readonly indexed: readonly string[];
  size: number;
  /** Publication of its first and last article, milliseconds. */
  firstAt: number;
  lastAt: number;
  isChanged: boolean;
  mergedInto: Story | undefined;
}

/** The stories that an article may belong to, by the terms that are looked for. */
export interface Shelf {
  readonly stories: Set<Story>;
  readonly byTerm: Map<string, Set<Story>>;
}

export interface Draft {
  /** Of length 1. */
  readonly vector: Vector;
  /** Its rarest terms: a story without any of them is not looked at. */
  readonly probes: readonly string[];
  readonly publishedAt: number;
  /** Where the title is made from a pattern: a story has one of these terms, or is another's. Undefined where it is not. */
  readonly own: ReadonlySet<string> | undefined;
  /** What titles of the same pattern have in the place of these. */
  readonly barred: ReadonlySet<string>;
}

export const emptyShelf = (): Shelf => ({ stories: new Set(), byTerm: new Map() });

export function shelve(shelf: Shelf, story: Story): void {
  shelf.stories.add(story);
  for (const term of story.centroid.keys()) index(shelf, term, story);
}

function index(shelf: Shelf, term: string, story: Story): void {
  const stories = shelf.byTerm.get(term);
  if (stories === undefined) shelf.byTerm.set(term, new Set([story]));
  else stories.add(story);
}

/** Where a merged story is now. */
export function current(story: Story): Story {
  let at = story;
  while (at.mergedInto !== undefined) at = at.mergedInto;
  return at;
}

/** The story that the article joins, or a new one of its own. */
export function place(shelf: Shelf, { vector, probes, publishedAt, own, barred }: Draft): Story {
  const span = { firstAt: publishedAt, lastAt: publishedAt };
  const mayJoin = (story: Story) =>
    (own === undefined || hasAny(story.centroid, own)) && areFree(story.centroid, story.barred, vector, barred);
  const story = nearest(shelf, vector, probes, span, JOIN_AT, mayJoin);
  if (story !== undefined) {
    grow(shelf, story, { centroid: vector, barred }, 1, span);
    return story;
  }
  const opened: Story = {
    id: undefined,
    centroid: sum(new Map(), vector, CENTROID_TERMS),
    barred,
    indexed: [],
    size: 1,
    firstAt: publishedAt,
    lastAt: publishedAt,
    isChanged: true,
    mergedInto: undefined,
  };
  shelve(shelf, opened);
  return opened;
}

/** Merges the story with the one that is about the same, if there is one; the smaller joins the larger, then the older. */
export function mergeWithNearest(shelf: Shelf, story: Story, probes: readonly string[]): void {
  const mayJoin = (other: Story) =>
    other !== story && areFree(story.centroid, story.barred, other.centroid, other.barred);
  const other = nearest(shelf, unit(story.centroid), probes, story, MERGE_AT, mayJoin);
  if (other === undefined) return;
  const isKept = story.size > other.size || (story.size === other.size && ageOf(story) <= ageOf(other));
  const [kept, gone] = isKept ? [story, other] : [other, story];
  grow(shelf, kept, gone, gone.size, gone);
  gone.mergedInto = kept;
  shelf.stories.delete(gone);
  for (const term of gone.centroid.keys()) shelf.byTerm.get(term)?.delete(gone);
}

const ageOf = ({ id }: Story) => id ?? Number.POSITIVE_INFINITY;

/** The terms by which stories like this one are looked for. */
export const probesOf = ({ centroid }: Story, count: number) => heaviest(centroid, count);

type Span = Pick<Story, 'firstAt' | 'lastAt'>;

function nearest(
  shelf: Shelf,
  vector: Vector,
  probes: readonly string[],
  span: Span,
  least: number,
  mayJoin: (story: Story) => boolean,
): Story | undefined {
  let best: Story | undefined;
  let bestScore = least;
  for (const story of sharing(shelf, probes)) {
    const score = likeness(story, vector, span);
    const isBetter = score > bestScore || (score === bestScore && best !== undefined && ageOf(story) < ageOf(best));
    if (isBetter && mayJoin(story)) {
      best = story;
      bestScore = score;
    }
  }
  return best;
}

/** The stories with any of these terms, each once. */
function sharing(shelf: Shelf, terms: readonly string[]): Set<Story> {
  return new Set(terms.flatMap((term) => [...(shelf.byTerm.get(term) ?? [])]));
}

function likeness(story: Story, vector: Vector, span: Span): number {
  const distance = Math.max(0, story.firstAt - span.lastAt, span.firstAt - story.lastAt);
  if (distance > STORY_WINDOW || wordsInCommon(story.centroid, vector) < LEAST_WORDS) return 0;
  return cosine(vector, story.centroid) * Math.exp(-(distance ** 2) / (2 * SIGMA ** 2));
}

function hasAny(vector: Vector, terms: ReadonlySet<string>): boolean {
  for (const term of terms) if (vector.has(term)) return true;
  return false;
}

/** Neither has what the other bars. */
function areFree(a: Vector, barredByA: ReadonlySet<string>, b: Vector, barredByB: ReadonlySet<string>): boolean {
  return !hasAny(a, barredByB) && !hasAny(b, barredByA);
}

function wordsInCommon(one: Vector, other: Vector): number {
  let words = 0;
  for (const term of other.keys()) if (one.has(term) && !isNumber(term)) words += 1;
  return words;
}

/** A feed may make all of its titles from one pattern: those of the last days are enough. */
const MAX_BARRED = 60;

function grow(
  shelf: Shelf,
  story: Story,
  more: Pick<Story, 'centroid' | 'barred'>,
  articles: number,
  span: Span,
): void {
  const before = story.centroid;
  story.centroid = sum(before, more.centroid, CENTROID_TERMS);
  if (more.barred.size > 0) story.barred = new Set([...story.barred, ...more.barred].slice(-MAX_BARRED));
  story.size += articles;
  story.firstAt = Math.min(story.firstAt, span.firstAt);
  story.lastAt = Math.max(story.lastAt, span.lastAt);
  story.isChanged = true;
  for (const term of story.centroid.keys()) if (!before.has(term)) index(shelf, term, story);
  for (const term of before.keys()) if (!story.centroid.has(term)) shelf.byTerm.get(term)?.delete(story);
}
