import type { ArticleId } from '../ids.ts';
import { WINDOWS, type WindowId } from '../views/keys.ts';
import { LIST_ITEMS, type ListKey } from './list.ts';

/** An article's place by its counts. */
export interface Entry {
  readonly id: ArticleId;
  /** What the list is ordered by: reads, or the timeless score of popular lists. */
  readonly score: number;
  readonly reads: number;
}

/** `popular` has the same half-life in all scopes, so that the site's can be merged; `popularHere` has the category's own. */
export type TopName = WindowId | 'popular' | 'popularHere';
export const TOP_NAMES: readonly TopName[] = [...WINDOWS, 'popular', 'popularHere'];

/** The counts that a list other than a rising one is made of. */
export function topNameOf({ window, scope }: Pick<ListKey, 'window' | 'scope'>): TopName {
  return window ?? (scope === 'site' ? 'popular' : 'popularHere');
}

/** The best of one scope, a list for each window and two for popular. */
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

/**
 * The best `depth` of several lists that are in order; an article that stands in more than one counts once. Of a list no
 * more is looked at than may be among the best, since the site's lists are merged of hundreds at every tick.
 */
export function mergeTops(lists: Iterable<readonly Entry[]>, depth = DEPTH): readonly Entry[] {
  let pool: Entry[] = [];
  let last: Entry | undefined;
  for (const list of lists) {
    for (const entry of list) {
      if (last !== undefined && byPlace(entry, last) > 0) break;
      pool.push(entry);
    }
    if (pool.length < 2 * depth) continue;
    pool = best(pool, depth);
    last = pool[depth - 1];
  }
  return best(pool, depth);
}

/** The same article was read a moment apart in its categories: the higher count is the later one. */
function best(entries: Entry[], depth: number): Entry[] {
  const seen = new Set<ArticleId>();
  const first: Entry[] = [];
  for (const entry of entries.sort(byPlace)) {
    if (first.length === depth) break;
    if (seen.has(entry.id)) continue;
    seen.add(entry.id);
    first.push(entry);
  }
  return first;
}

/**
 * The site's tops from those of all its categories. Exact: what stands in the site's first n stands in the first n of
 * each of its categories.
 */
export function mergeScopes(scopes: readonly Tops[]): Tops {
  return topsOf((name) => mergeTops(scopes.map((tops) => tops[name])));
}
