import type { CategorySlug } from '../ids.ts';
import { UNCATEGORISED, WINDOWS, windowStarts } from './keys.ts';

const secondsOf = (time: Date): string => (time.getTime() / 1000).toFixed(3);

/** What a script is told first that may be the first of its shard: now, and where each window begins. */
export function openingOf(now: Date): (string | number)[] {
  const starts = windowStarts(now);
  return [secondsOf(now), ...WINDOWS.map((window) => starts[window])];
}

/** By the list itself: an article's is the same one for as long as the catalogue remembers the article. */
const joinedLists = new WeakMap<readonly CategorySlug[], string>();

/** An article's categories as scripts take them apart. */
export function joined(categories: readonly CategorySlug[]): string {
  const known = joinedLists.get(categories);
  if (known !== undefined) return known;
  const text = categories.length === 0 ? UNCATEGORISED : categories.join(',');
  joinedLists.set(categories, text);
  return text;
}
