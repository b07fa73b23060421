/**
 * Whether two articles carry the same text: decided exactly, on the shingles themselves. docs/copies.md says what was
 * measured. The order of the rules matters: what speaks against comes first.
 */
import { HOUR } from '../../clock.ts';
import type { Comparable } from './comparable.ts';
import { type Difference, differenceOf } from './difference.ts';
import { isCjk } from './plain.ts';
import { containment, jaccard } from './shingles.ts';

/** Copies are published within so long of each other. */
export const WINDOW = 72 * HOUR;
/** What has only its title to be known by, or an update's longer title, is published sooner after. */
const NEAR = 24 * HOUR;

export interface Candidate {
  readonly text: Comparable;
  readonly publishedAt: Date;
  /** Registrable domain; undefined where it is not known. */
  readonly site?: string | undefined;
  /** The title is one that its feed uses again and again ("Market report"), or the summary one that a site always has. */
  readonly isTemplate?: boolean;
}

/** Their likeness, 0 to 1, where the articles are copies; undefined where they are not. */
export function likeness(a: Candidate, b: Candidate): number | undefined {
  const apart = Math.abs(a.publishedAt.getTime() - b.publishedAt.getTime());
  if (apart > WINDOW) return undefined;
  const title = jaccard(a.text.titleShingles, b.text.titleShingles);
  const pair: Pair = { a, b, apart, title, hasNumbersApart: areApart(a.text.numbers, b.text.numbers, 1) };
  const areSummarised = a.text.lead !== '' && b.text.lead !== '';
  return areSummarised ? likenessOfBoth(pair) : likenessOfTitles(pair);
}

interface Pair {
  readonly a: Candidate;
  readonly b: Candidate;
  readonly apart: number;
  readonly title: number;
  readonly hasNumbersApart: boolean;
}

/** Each has so many numbers that the other has not: another day, another result. */
function areApart(a: ReadonlySet<string>, b: ReadonlySet<string>, least: number): boolean {
  const only = (own: ReadonlySet<string>, other: ReadonlySet<string>) =>
    [...own].filter((one) => !other.has(one)).length;
  return only(a, b) >= least && only(b, a) >= least;
}

/** In an update a toll may differ; where more does, it is one form filled in twice: "earnings of $1.20, estimated $1.05". */
const FORM_NUMBERS = 2;

function likenessOfBoth(pair: Pair): number | undefined {
  const { a, b, title } = pair;
  const summary = jaccard(a.text.leadShingles, b.text.leadShingles);
  const score = (title + 2 * summary) / 3;
  if (areDifferent(pair, summary)) return undefined;
  if (score >= 0.55 || saysTheSame(a.text, b.text, summary)) return score;
  if (title >= 0.9 && summary >= 0.25) return score;
  if (pair.hasNumbersApart || a.isTemplate || b.isTemplate || pair.apart > NEAR) return undefined;
  const isLike = title >= 0.9 && isTelling(a.text) && isTelling(b.text);
  return isLike || isPrefix(a.text, b.text) ? score : undefined;
}

function areDifferent({ a, b, title, hasNumbersApart }: Pair, summary: number): boolean {
  if (hasNumbersApart && title < 0.9 && summary < 0.8) return true;
  const isForm = areApart(a.text.leadNumbers, b.text.leadNumbers, FORM_NUMBERS);
  return (isForm && title < 0.75 && summary < 0.8) || title < leastTitle(a, b);
}

/** How like titles must be at least: else the summary may be one that a site writes under everything. */
function leastTitle(a: Candidate, b: Candidate): number {
  if (a.isTemplate || b.isTemplate) return 0.6;
  if (a.site !== undefined && a.site === b.site) return 0.5;
  return isAboutIt(a.text) && isAboutIt(b.text) ? 0.05 : 0.15;
}

/** The summary has words of the title, as no standing text has. */
function isAboutIt({ titleShingles, leadShingles }: Comparable): boolean {
  return containment(titleShingles, leadShingles) >= 0.25;
}

/** Enough of it that it is no phrase: a dozen words. */
const LEAST_LEAD = { latin: 60, cjk: 25 };

function saysTheSame(a: Comparable, b: Comparable, summary: number): boolean {
  const shorter = a.lead.length <= b.lead.length ? a.lead : b.lead;
  if (shorter.length < (isCjk(shorter) ? LEAST_LEAD.cjk : LEAST_LEAD.latin)) return false;
  return summary >= 0.7 || containment(a.leadShingles, b.leadShingles) >= 0.85;
}

function likenessOfTitles(pair: Pair): number | undefined {
  const { a, b, title } = pair;
  if (pair.hasNumbersApart || a.isTemplate || b.isTemplate) return undefined;
  if (!isTelling(a.text) || !isTelling(b.text)) return undefined;
  return title >= 0.999 || isSameHeadline(pair) ? title : undefined;
}

function isSameHeadline({ a, b, apart, title }: Pair): boolean {
  const isNear = apart <= NEAR;
  if (title < 0.4) return isNear && isPrefix(a.text, b.text);
  const difference = differenceOf(a.text, b.text);
  if (difference.isOpposed) return false;
  if (isReworded(title, difference)) return true;
  return isNear && (isPrefix(a.text, b.text) || isExtended(a.text, b.text, title, difference));
}

function isReworded(title: number, { swaps, nameSwaps }: Difference): boolean {
  if (nameSwaps > 0) return title >= 0.9;
  return title >= (swaps === 0 ? 0.7 : 0.75);
}

/** The one has all words of the other, in their order, and some more. */
function isExtended(a: Comparable, b: Comparable, title: number, { swaps, added }: Difference): boolean {
  const shorter = Math.min(a.content.size, b.content.size);
  return swaps === 0 && title >= 0.5 && shorter >= (isCjk(a.title) ? 12 : 5) && added <= shorter / 2;
}

/** A title that says enough to be known by: "Stocks close lower" may be said on any day. */
function isTelling(text: Comparable): boolean {
  return isCjk(text.title) ? text.title.length >= 9 : text.content.size >= 4 && text.title.length >= 20;
}

const PREFIX = { latin: 36, cjk: 12 };

function isPrefix(a: Comparable, b: Comparable): boolean {
  const [short, long] = a.title.length <= b.title.length ? [a.title, b.title] : [b.title, a.title];
  return short.length >= (isCjk(short) ? PREFIX.cjk : PREFIX.latin) && long.startsWith(short);
}
