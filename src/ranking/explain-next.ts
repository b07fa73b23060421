import type { RedisClient } from '../engines/redis.ts';
import type { Place } from './explain-place.ts';
import { LIST_ITEMS, type ListedArticle, type ListItem, type ListKey } from './list.ts';
import { readCurrent } from './read-current.ts';
import type { Activities } from './read-rising.ts';
import { isNewcomer, nextAbove, readsToPass, readsToRise, type Standing } from './step-up.ts';

/** What it would need to be one place higher, or in the list at all. */
export interface Next {
  /** null: which place that would be cannot be told. */
  readonly rank: number | null;
  /** Whom it would pass; null where the list has room. */
  readonly passes: ListedArticle | null;
  /** Reads more, all of them now; null where no number of reads would do. */
  readonly reads: number | null;
}

/** What is asked for, with the list as it stands. */
export interface Asking {
  readonly key: ListKey;
  readonly halfLife: number;
  readonly article: Pick<ListedArticle, 'categories'>;
  readonly items: readonly ListItem[];
  readonly standing: Standing;
  readonly place: Place;
  readonly activities: Activities;
}

/** No number of reads moves what an editor decided, or what is not of this list. */
const FIXED: readonly Place[] = ['pinned', 'excluded', 'elsewhere', 'too-old'];

/** The step up; undefined where it is first, or where reads of its own change nothing. */
export async function nextOf(redis: RedisClient, asking: Asking, now: Date): Promise<Next | undefined> {
  const { key, article, items, standing, place, activities } = asking;
  if (FIXED.includes(place) || (key.scope !== 'site' && !article.categories.includes(key.scope))) return undefined;
  const own = items.find((item) => item.article.id === standing.id);
  if (own === undefined && key.kind === 'rising') {
    return { rank: null, passes: null, reads: readsToRise(standing, activities) ?? null };
  }
  const byOne = own?.fill === null ? undefined : stepByOne(items, standing, own);
  if (byOne !== undefined) return byOne;
  const above = nextAbove(items, standing.id);
  if (above === undefined) return undefined;
  return { rank: above.rank, passes: above.article, reads: await readsToPassItem(redis, asking, above, now) };
}

/** One read is enough where the list has room, and to pass all that it was filled with. */
function stepByOne(items: readonly ListItem[], { id }: Standing, own: ListItem | undefined): Next | undefined {
  const filled = items.find(({ fill, article }) => fill !== null && article.id !== id);
  if (filled !== undefined && (own === undefined || filled.rank < own.rank)) {
    return { rank: filled.rank, passes: filled.article, reads: 1 };
  }
  if (own !== undefined || items.length >= LIST_ITEMS) return undefined;
  return { rank: items.length + 1, passes: null, reads: 1 };
}

async function readsToPassItem(redis: RedisClient, asking: Asking, item: ListItem, now: Date): Promise<number | null> {
  const { key, halfLife, items, standing } = asking;
  const other = await readCurrent(redis, key, item.article, halfLife, now);
  const activities = {
    site: asking.activities.site,
    categories: new Map([...other.activities.categories, ...asking.activities.categories]),
  };
  const margin = { isNewcomer: isNewcomer(items, standing.id, item), activities };
  return readsToPass(key.kind, standing, other.standing, margin) ?? null;
}
