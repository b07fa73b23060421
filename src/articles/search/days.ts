/**
 * Time as words. A GIN index has no order: of a word that half of all articles hold it gives all or none. With the day of
 * publication among the words, and a block of 32 days for longer spans, `word & day` is answered from the index alone, and
 * skips through the postings of the word (1,000,000 articles: docs/search.md).
 */
import { type ArticleId, earliestIdAt, publishedAtOf } from '../../ids.ts';

const DAY = 86_400_000;
const BLOCK = 32;
/** Days that are named one by one; longer spans name blocks. */
const MAX_DAYS = 32;
/** The longest span that is named at all: 128 blocks. */
export const MAX_SPAN = 128 * BLOCK;

/** Days since 1970. */
export const dayOf = (id: ArticleId): number => Math.floor(publishedAtOf(id).getTime() / DAY);

/** The lowest id that an article of this day can have. */
export const firstIdOf = (day: number): ArticleId => earliestIdAt(new Date(Math.max(0, day) * DAY));

// No token of a text begins with @.
export const dayWord = (day: number) => `@d${day}`;
export const blockWord = (day: number) => `@b${Math.floor(day / BLOCK)}`;

/** A tsquery that all articles of these days match, and where they are many, some of the days around. */
export function daysQuery(first: number, last: number): string {
  const words = new Set<string>();
  const isShort = last - first < MAX_DAYS;
  for (let day = first; day <= last; day += isShort ? 1 : BLOCK) words.add(isShort ? dayWord(day) : blockWord(day));
  if (!isShort) words.add(blockWord(last));
  return [...words].map((word) => `'${word}'`).join(' | ');
}
