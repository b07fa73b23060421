import type { ArticleId, CategorySlug } from '../ids.ts';
import type { ListItem, ListKind } from './list.ts';
import type { Activities } from './read-rising.ts';
import { type Activity, type Crowd, driftOf, LEAST_SLOW, meanOf, type Rise, riseOf } from './rising.ts';
import { BOX_ITEMS } from './thin.ts';

/** An article as a list orders it. */
export interface Standing {
  readonly id: ArticleId;
  /** Access: reads in the window. Popular: decayed reads, as they stand now. */
  readonly score: number;
  readonly activity: Activity;
  /** The categories that its rise is told from. */
  readonly categories: readonly CategorySlug[];
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
  { isNewcomer, activities }: { readonly isNewcomer: boolean; readonly activities: Activities },
): number | undefined {
  if (kind === 'rising') {
    return fewest((reads) => {
      const [raised, around] = withReads(own, reads, activities);
      const { growth, isSignificant } = riseIn(raised, around);
      const target = riseIn(other, around);
      // One that does not rise any more beside so many reads is passed as well.
      if (!isSignificant || !target.isSignificant) return isSignificant;
      return growth > target.growth || (growth === target.growth && own.id > other.id);
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
export function readsToRise(own: Standing, activities: Activities): number | undefined {
  return fewest((reads) => riseIn(...withReads(own, reads, activities)).isSignificant);
}

/** How the article rises, told from the category in which it rises most. */
export function riseIn({ activity, categories }: Standing, { site, categories: crowds }: Activities): Rise & Told {
  const means = categories.map((category) => meanOf(crowds.get(category) ?? { slow: 0, articles: 0 }));
  const [mean, drift] = [Math.min(...means), driftOf(site)];
  return { ...riseOf(activity, mean, drift), mean, drift };
}

interface Told {
  readonly mean: number;
  readonly drift: number;
}

/** The item that the article has to pass: the next one above that no editor holds there. */
export function nextAbove(items: readonly ListItem[], article: ArticleId): ListItem | undefined {
  const index = items.findIndex((item) => item.article.id === article);
  return items.slice(0, index === -1 ? items.length : index).findLast((item) => !item.pinned);
}

/** Whether passing `other` would bring the article into the box from outside. */
export function isNewcomer(items: readonly ListItem[], article: ArticleId, other: ListItem): boolean {
  const own = items.find((item) => item.article.id === article);
  // Places that editors gave away are none of the box's own.
  const last = items.findLast(({ rank, pinned }) => rank <= BOX_ITEMS && !pinned);
  return other.rank === last?.rank && (own === undefined || own.rank > BOX_ITEMS);
}

/** The article and all around it, when it has been read so often more: its own reads are the site's and its category's too. */
function withReads(own: Standing, reads: number, { site, categories }: Activities): [Standing, Activities] {
  const raised = (it: Activity): Activity => ({ fast: it.fast + reads, slow: it.slow + reads });
  const isNew = own.activity.slow < LEAST_SLOW;
  const crowds = Array.from(categories, ([category, crowd]): [CategorySlug, Crowd] => {
    if (!own.categories.includes(category)) return [category, crowd];
    return [category, { slow: crowd.slow + reads, articles: crowd.articles + (isNew ? 1 : 0) }];
  });
  return [
    { ...own, activity: raised(own.activity) },
    { site: raised(site), categories: new Map(crowds) },
  ];
}

/**
 * The least number from 1 on that passes, found between two steps of a fifth. An article that is most of what the site
 * reads does not rise against it, so that more reads may pass less in the end.
 */
function fewest(passes: (reads: number) => boolean): number | undefined {
  let [low, high] = [0, 1];
  while (!passes(high)) {
    if (high > MOST_READS) return undefined;
    [low, high] = [high, Math.ceil(high * 1.2)];
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) high = middle;
    else low = middle;
  }
  return high;
}
