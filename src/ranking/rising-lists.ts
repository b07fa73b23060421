import type { RedisClient } from '../engines/redis.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import type { Scope } from './list.ts';
import type { Grown } from './read-grown.ts';
import { readActivities, readCandidates } from './read-rising.ts';
import { type Activity, type Candidate, driftOf, fadedBy, LEAST_FAST, meanOf, risingEntries } from './rising.ts';
import { type Entry, mergeTops } from './top.ts';

/**
 * The rising lists between two ticks. Every article is kept that has enough fast reads to be listed, whether it is now or
 * not: whether it rises depends on what else is read. Without another read it fades, and is looked at in Redis no more.
 */
export interface RisingLists {
  /** Reads what is read now in these categories; `isFull`: there are no others. */
  update(changed: ChangedActivity, now: Date): Promise<void>;
  /** The lists of all scopes that have one, or had one when last asked: an empty list is to be published once. */
  at(now: Date): Map<Scope, readonly Entry[]>;
}

export interface ChangedActivity {
  readonly whole: readonly CategorySlug[];
  readonly isFull: boolean;
  /** What was read in other categories. */
  readonly grown: ReadonlyMap<CategorySlug, readonly Grown[]>;
}

type Candidates = Map<ArticleId, Candidate & { readonly readAt: number }>;

interface Known {
  readonly mean: number;
  readonly meanAt: number;
  readonly candidates: Candidates;
}

export function openRisingLists(redis: RedisClient): RisingLists {
  const known = new Map<CategorySlug, Known>();
  let site: Activity = { fast: 0, slow: 0 };
  let siteReadAt = 0;
  let listed = new Set<Scope>();

  function entriesOf({ mean, meanAt, candidates }: Known, drift: number, now: number): readonly Entry[] {
    const faded: Candidate[] = [];
    for (const candidate of candidates.values()) {
      const it = fadedBy(candidate, now - candidate.readAt);
      // Half: what lies near the edge is for risingEntries to tell.
      if (it.fast >= LEAST_FAST / 2) faded.push(it);
      else candidates.delete(candidate.id);
    }
    return risingEntries(faded, fadedBy({ fast: 0, slow: mean }, now - meanAt).slow, drift);
  }

  return {
    async update({ whole, isFull, grown }, now) {
      const readAt = now.getTime();
      const categories = [...whole, ...grown.keys()];
      const [{ site: read, categories: crowds }, found] = await Promise.all([
        readActivities(redis, categories, now),
        readCandidates(redis, whole, now),
      ]);
      [site, siteReadAt] = [read, readAt];
      if (isFull) known.clear();
      for (const [category, crowd] of crowds) {
        const before = found.has(category) ? undefined : known.get(category)?.candidates;
        const read = found.get(category) ?? (grown.get(category) ?? []).map(({ candidate }) => candidate);
        known.set(category, { mean: meanOf(crowd), meanAt: readAt, candidates: withRead(before, read, readAt) });
      }
    },
    at(now) {
      const drift = driftOf(fadedBy(site, now.getTime() - siteReadAt));
      const lists = new Map<Scope, readonly Entry[]>();
      for (const [category, counts] of known) {
        const entries = entriesOf(counts, drift, now.getTime());
        if (counts.candidates.size === 0) known.delete(category);
        if (entries.length > 0) lists.set(category, mergeTops([entries]));
      }
      if (lists.size > 0) lists.set('site', mergeTops([...lists.values()]));
      const ended = [...listed].filter((scope) => !lists.has(scope));
      listed = new Set(lists.keys());
      return new Map([...lists, ...ended.map((scope) => [scope, []] as const)]);
    },
  };
}

function withRead(before: Candidates | undefined, read: readonly Candidate[], readAt: number): Candidates {
  const candidates: Candidates = before ?? new Map();
  for (const candidate of read) candidates.set(candidate.id, { ...candidate, readAt });
  return candidates;
}
