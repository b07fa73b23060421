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
  /** Reads the counts of these categories; `isFull`: there are no others. */
  read(categories: readonly CategorySlug[], isFull: boolean, now: Date): Promise<void>;
  /** The lists of all scopes that have one, or had one when last asked. */
  at(now: Date): Map<Scope, readonly Entry[]>;
}

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

  return {
    async read(categories, isFull, now) {
      const activity = await readRising(redis, categories, now);
      if (isFull) known.clear();
      site = activity.site;
      siteReadAt = now.getTime();
      for (const [category, counts] of activity.categories) {
        if (counts.candidates.length === 0) known.delete(category);
        else known.set(category, { ...counts, readAt: siteReadAt });
      }
    },
    at(now) {
      const drift = driftOf(fadedBy(site, now.getTime() - siteReadAt));
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
