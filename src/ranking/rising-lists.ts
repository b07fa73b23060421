import type { RedisClient } from '../engines/redis.ts';
import type { CategorySlug } from '../ids.ts';
import type { Scope } from './list.ts';
import { type CategoryActivity, readRising } from './read-rising.ts';
import { type Activity, driftOf, fadedBy, risingEntries } from './rising.ts';
import { type Entry, mergeTops } from './top.ts';

/**
 * The rising lists between two ticks. They fade while nobody reads, so each of them is made anew at every tick until it
 * is empty; of categories without new reads this takes no look at Redis.
 */
export interface RisingLists {
  /** Reads the counts of these categories; there are no others. */
  start(categories: readonly CategorySlug[], now: Date): Promise<void>;
  /**
   * Reads the counts of these categories anew. False when that is not enough, because what is read on the whole site came
   * down by more than fading: reads were taken out, or came late. Then articles may rise that nobody has read since.
   */
  follow(categories: readonly CategorySlug[], now: Date): Promise<boolean>;
  /** The lists of all scopes that have one, or had one when last asked: an empty list is to be published once. */
  at(now: Date): Map<Scope, readonly Entry[]>;
}

/** Sums of the same reads in another order are still equal. */
const TOLERANCE = 1e-9;

interface Known extends CategoryActivity {
  readonly readAt: number;
}

export function openRisingLists(redis: RedisClient): RisingLists {
  const known = new Map<CategorySlug, Known>();
  let site: Activity = { fast: 0, slow: 0 };
  let siteReadAt = 0;

  function entriesOf({ mean, candidates, readAt }: Known, drift: number, now: Date): readonly Entry[] {
    const age = now.getTime() - readAt;
    const faded = fadedBy({ fast: 0, slow: mean }, age);
    return risingEntries(
      candidates.map((candidate) => fadedBy(candidate, age)),
      faded.slow,
      drift,
    );
  }

  async function read(categories: readonly CategorySlug[], now: Date): Promise<void> {
    const activity = await readRising(redis, categories, now);
    site = activity.site;
    siteReadAt = now.getTime();
    for (const [category, counts] of activity.categories) {
      // What has nothing to list now may have had before.
      if (counts.candidates.length > 0 || known.has(category)) known.set(category, { ...counts, readAt: siteReadAt });
    }
  }

  const driftAt = (now: Date) => driftOf(fadedBy(site, now.getTime() - siteReadAt));

  return {
    async start(categories, now) {
      known.clear();
      await read(categories, now);
    },
    async follow(categories, now) {
      if (categories.length === 0) return true;
      const faded = driftAt(now);
      await read(categories, now);
      return driftOf(site) >= faded * (1 - TOLERANCE);
    },
    at(now) {
      const drift = driftAt(now);
      const lists = new Map<Scope, readonly Entry[]>();
      for (const [category, counts] of known) {
        const entries = entriesOf(counts, drift, now);
        // Who is not listed now is not before his next read: without one he falls at least as fast as the site.
        const listed = new Set(entries.map((entry) => entry.id));
        const candidates = counts.candidates.filter(({ id }) => listed.has(id));
        if (candidates.length === 0) known.delete(category);
        else known.set(category, { ...counts, candidates });
        lists.set(category, mergeTops([entries]));
      }
      if (lists.size > 0) lists.set('site', mergeTops([...lists.values()]));
      return lists;
    },
  };
}
