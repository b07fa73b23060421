import type { ArticleId } from '../ids.ts';
import { WINDOWS, type WindowId } from '../views/keys.ts';
import { LIST_ITEMS } from './list.ts';

/** An article's place by its counts. */
export interface Entry {
  readonly id: ArticleId;
  /** What the list is ordered by: reads, or the timeless score of popular lists. */
  readonly score: number;
  readonly reads: number;
}

export type TopName = WindowId | 'popular';
export const TOP_NAMES: readonly TopName[] = [...WINDOWS, 'popular'];

/** The best of one scope, a list for each window and one for popular. */
export type Tops = Readonly<Record<TopName, readonly Entry[]>>;

/** More than a list shows, so that an article that is gone leaves no hole. */
export const DEPTH = LIST_ITEMS + 10;

export const NO_TOPS: Tops = topsOf(() => []);

export function topsOf(make: (name: TopName) => readonly Entry[]): Tops {
  return Object.fromEntries(TOP_NAMES.map((name) => [name, make(name)])) as Tops;
}

/** The better entry first; of equals the newer article, as the sorted sets of Redis order them too. */
export function byPlace(a: Entry, b: Entry): number {
  return b.score - a.score || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

/** The best `DEPTH` of several lists; an article that stands in more than one counts once. */
export function mergeTops(lists: Iterable<readonly Entry[]>): readonly Entry[] {
  const best = new Map<ArticleId, Entry>();
  for (const list of lists) {
    for (const entry of list) {
      const known = best.get(entry.id);
      // The same article was read a moment apart in its categories: the higher count is the later one.
      if (known === undefined || known.score < entry.score) best.set(entry.id, entry);
    }
  }
  return [...best.values()].sort(byPlace).slice(0, DEPTH);
}

/**
 * The site's tops from those of all its categories. Exact: what stands in the site's first n stands in the first n of
 * each of its categories.
 */
export function mergeScopes(scopes: readonly Tops[]): Tops {
  return topsOf((name) => mergeTops(scopes.map((tops) => tops[name])));
}
