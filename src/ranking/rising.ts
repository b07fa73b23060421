import { MINUTE } from '../clock.ts';
import { type ArticleId, publishedAtOf } from '../ids.ts';
import type { Movement } from './list.ts';
import { byPlace, type Entry } from './top.ts';

/** Half-lives of what an article is read now, and of what it was read before. */
const FAST_MINUTES = 15;
const SLOW_MINUTES = 60;

/** What an article needs to be listed: so many fast reads, and so many standard deviations more than was to be expected. */
export const LEAST_FAST = 8;
export const LEAST_Z = 3;

/** Younger articles are marked as new: they had no past to rise from. */
const NEW_AGE = 90 * MINUTE;

/** Sums of the same reads in another order are still equal. */
const TOLERANCE = 1e-9;

/** Decayed reads: with a half-life of 15 minutes, and of 60 minutes. */
export interface Activity {
  readonly fast: number;
  readonly slow: number;
}

/** An article that may be rising. */
export interface Candidate extends Activity {
  readonly id: ArticleId;
  /** Of the last hour. */
  readonly reads: number;
}

/** What is read in a category. */
export interface Crowd {
  readonly slow: number;
  /** Its articles that were read in the last hours: of which as much is left as of one read after four hours. */
  readonly articles: number;
}
export const LEAST_SLOW = 1 / 16;

/** Slow reads of an article of the category, in the mean. */
export function meanOf({ slow, articles }: Crowd): number {
  return articles > 0 ? slow / articles : 0;
}

const fastRate = (fast: number) => (fast * Math.LN2) / FAST_MINUTES;
const slowRate = (slow: number) => (slow * Math.LN2) / SLOW_MINUTES;

/** What the reads come to when nobody reads for `ms` milliseconds. */
export function fadedBy<Reads extends Activity>(reads: Reads, ms: number): Reads {
  const minutes = ms / MINUTE;
  return {
    ...reads,
    fast: reads.fast * 2 ** (-minutes / FAST_MINUTES),
    slow: reads.slow * 2 ** (-minutes / SLOW_MINUTES),
  };
}

/** How much faster the whole site is read than before: 1 at a steady rate. A morning's rush is no article's rise. */
export function driftOf(site: Activity): number {
  return site.slow > 0 ? fastRate(site.fast) / slowRate(site.slow) : 0;
}

/** The rate that is significant where `expected` is: reads come at random, and are counted over some 2 × 15 minutes. */
function significantRate(expected: number): number {
  return expected + LEAST_Z * Math.sqrt((expected * Math.LN2) / (2 * FAST_MINUTES));
}

/** How steeply an article of the category rises: what the list goes by. */
export interface Rise {
  /** Reads a minute now, and those that were to be expected. */
  readonly rate: number;
  readonly expected: number;
  /** The one through the other; 0 where nothing can be expected yet. */
  readonly growth: number;
  /** How many standard deviations the one lies above the other. */
  readonly z: number;
  readonly isSignificant: boolean;
}

/** An article's rise against its own rate of the last hours, or the category's mean where that is higher. */
export function riseOf({ fast, slow }: Activity, mean: number, drift: number): Rise {
  const [rate, expected] = [fastRate(fast), drift * slowRate(Math.max(slow, mean))];
  const isSignificant = expected > 0 && fast >= LEAST_FAST - TOLERANCE && rate >= significantRate(expected) - TOLERANCE;
  const growth = expected > 0 ? Math.round(rate / expected / TOLERANCE) * TOLERANCE : 0;
  const z = expected > 0 ? (rate - expected) / Math.sqrt((expected * Math.LN2) / (2 * FAST_MINUTES)) : 0;
  return { rate, expected, growth, z, isSignificant };
}

/**
 * The articles that are read significantly more than before, the steepest rise first. An article is held against its own
 * rate of the last hours, or the category's mean where that is higher, each moved by the site's drift.
 */
export function risingEntries(candidates: readonly Candidate[], mean: number, drift: number): readonly Entry[] {
  const entries = candidates.flatMap(({ id, fast, slow, reads }): Entry[] => {
    const { growth, isSignificant } = riseOf({ fast, slow }, mean, drift);
    return isSignificant ? [{ id, score: growth, reads }] : [];
  });
  return entries.sort(byPlace);
}

/** On a rising list `new` says that the article is young; an older one that was not listed an hour ago came up. */
export function risingMovement(
  article: ArticleId,
  told: { readonly previousRank: number | null; readonly movement: Movement },
  now: Date,
): { readonly previousRank: number | null; readonly movement: Movement } {
  if (now.getTime() - publishedAtOf(article).getTime() < NEW_AGE) return { previousRank: null, movement: 'new' };
  return told.movement === 'new' ? { previousRank: null, movement: 'up' } : told;
}
