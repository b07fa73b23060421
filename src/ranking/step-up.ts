import type { ArticleId } from '../ids.ts';
import type { ListItem, ListKind } from './list.ts';
import { type Activity, riseOf } from './rising.ts';
import { BOX_ITEMS } from './thin.ts';

/** An article as a list orders it. */
export interface Standing {
  readonly id: ArticleId;
  /** Access: reads in the window. Popular: decayed reads, as they stand now. */
  readonly score: number;
  readonly activity: Activity;
  /** Slow reads of an article of its category, in the mean. */
  readonly mean: number;
}

/** How far ahead of the last in the box a newcomer must be (popular.ts). */
const MARGIN = 1.05;
const MOST_READS = 2 ** 20;

/**
 * How many reads more, all of them now, would put `own` before `other` in a list of the kind; undefined where no number
 * would. `isNewcomer`: it would take the last place of the box, which is not for a hair's breadth.
 */
export function readsToPass(
  kind: ListKind,
  own: Standing,
  other: Standing,
  { isNewcomer, drift }: { readonly isNewcomer: boolean; readonly drift: number },
): number | undefined {
  if (kind === 'rising') {
    const target = riseOf(other.activity, other.mean, drift).growth;
    return fewest((reads) => {
      const { growth, isSignificant } = riseOf(withReads(own.activity, reads), own.mean, drift);
      return isSignificant && (growth > target || (growth === target && own.id > other.id));
    });
  }
  if (kind === 'popular') {
    const wanted = isNewcomer ? other.score * MARGIN : other.score;
    return Math.max(1, Math.floor(wanted - own.score) + 1);
  }
  // Of equals the newer stands first, and ids sort by publication.
  const isNewer = own.id > other.id;
  return Math.max(1, other.score - own.score + (isNewer ? 0 : 1));
}

/** How many reads more would bring an article onto a rising list at all. */
export function readsToRise({ activity, mean }: Standing, drift: number): number | undefined {
  return fewest((reads) => riseOf(withReads(activity, reads), mean, drift).isSignificant);
}

/** The item that the article has to pass: the next one above that no editor holds there. */
export function nextAbove(items: readonly ListItem[], article: ArticleId): ListItem | undefined {
  const index = items.findIndex((item) => item.article.id === article);
  return items.slice(0, index === -1 ? items.length : index).findLast((item) => !item.pinned);
}

/** Whether passing `other` would bring the article into the box from outside. */
export function isNewcomer(items: readonly ListItem[], article: ArticleId, other: ListItem): boolean {
  const own = items.find((item) => item.article.id === article);
  return other.rank === BOX_ITEMS && (own === undefined || own.rank > BOX_ITEMS);
}

const withReads = ({ fast, slow }: Activity, reads: number): Activity => ({ fast: fast + reads, slow: slow + reads });

/** The least number from 1 on that passes; more reads never pass less. */
function fewest(passes: (reads: number) => boolean): number | undefined {
  if (!passes(MOST_READS)) return undefined;
  let [low, high] = [0, MOST_READS];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) high = middle;
    else low = middle;
  }
  return high;
}
