import { DAY } from '../clock.ts';
import { type ArticleId, publishedAtOf } from '../ids.ts';
import type { PopularHalfLife } from '../views/keys.ts';
import { BOX_ITEMS } from './thin.ts';
import type { Entry } from './top.ts';

/** Half-life of a read in popular lists of the site and of categories in which much is read, in hours. */
export const POPULAR_HALF_LIFE: PopularHalfLife = 3;

/** Older articles leave popular lists, by their first publication. */
export const POPULAR_MAX_AGE = 7 * DAY;

/** How far ahead a newcomer must be to take the last place: 5 %, as a difference of logarithms to base 2. */
const MARGIN = Math.log2(1.05);

/** Whether the article is young enough for popular lists, by its first publication. */
export function isRecent(article: ArticleId, now: Date): boolean {
  return now.getTime() - publishedAtOf(article).getTime() <= POPULAR_MAX_AGE;
}

/**
 * A decayed score made comparable with those of any other landmark and instant: the base 2 logarithm of what the score
 * would be with the landmark at the epoch. Time does not change it, so a list without new reads keeps its order and a
 * score never over- or underflows. Rounded to ten-millionths, so that equal counts behind two landmarks stay a tie: the
 * sum itself is good to about 3e-11.
 */
export function timelessScore(score: number, landmark: number, halfLifeHours: number): number {
  return Math.round((Math.log2(score) + landmark / (halfLifeHours * 3600)) * 1e7) / 1e7;
}

/**
 * Keeps the last place of the box calm: an entry that was not in the previous box takes it only when it is more than
 * 5 % ahead of the one that it would push out; otherwise that one stays, and the newcomer comes right after it. `places`:
 * those of the box that no editor has taken.
 */
export function keepLastPlace(
  ordered: readonly Entry[],
  previousBox: ReadonlySet<ArticleId>,
  places = BOX_ITEMS,
): readonly Entry[] {
  const last = ordered[places - 1];
  if (last === undefined || previousBox.has(last.id)) return ordered;
  const index = ordered.findIndex((entry, place) => place >= places && previousBox.has(entry.id));
  const displaced = ordered[index];
  if (displaced === undefined || last.score - displaced.score > MARGIN) return ordered;
  const others = ordered.filter((entry) => entry !== displaced);
  return [...others.slice(0, places - 1), displaced, ...others.slice(places - 1)];
}
