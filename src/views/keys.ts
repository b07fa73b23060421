import { type CategorySlug, SHARDS } from '../ids.ts';

/**
 * The Redis layout of counts (docs/redis-keys.md). All keys of an article lie behind its shard's hash tag, so that
 * dedupe and counting are one atomic script call a shard and batch, on one server and on a cluster alike. The scripts
 * get the tag and build the same names: a key that changes here changes in the Lua files beside.
 */
export const SLOT_SECONDS = 300;
const HOUR_SECONDS = 3600;
export const SEEN_SLOT_SECONDS = 1800;

/** Articles that stand in no category are counted under this one; it is never shown. */
export const UNCATEGORISED = '_' as CategorySlug;

/**
 * Half-lives of popular scores, in hours. All categories have the shortest; where little is read there are scores of a
 * longer one besides.
 */
export const POPULAR_HALF_LIVES = [3, 6, 12, 24] as const;
export type PopularHalfLife = (typeof POPULAR_HALF_LIVES)[number];

export const ALL_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);

export type WindowId = '1h' | '24h' | '7d' | '30d';
export const WINDOWS: readonly WindowId[] = ['1h', '24h', '7d', '30d'];
export const WINDOW_SECONDS: Readonly<Record<WindowId, number>> = {
  '1h': 3600,
  '24h': 86_400,
  '7d': 604_800,
  '30d': 2_592_000,
};

const SLOTS_PER_HOUR = HOUR_SECONDS / SLOT_SECONDS;
const HOURS_PER_GROUP = 6;

/**
 * The first bucket that a window still holds at `now`, as the shards' marks `from:<window>` count them: slots of five
 * minutes for 1h and 24h, hours for 7d and 30d. A bucket stays until it lies outside as a whole.
 */
export function windowStarts(now: Date): Readonly<Record<WindowId, number>> {
  const seconds = now.getTime() / 1000;
  const start = (window: WindowId, unit: number) => Math.floor((seconds - WINDOW_SECONDS[window]) / unit);
  return {
    '1h': start('1h', SLOT_SECONDS),
    '24h': start('24h', SLOT_SECONDS),
    '7d': start('7d', SLOT_SECONDS * SLOTS_PER_HOUR),
    '30d': start('30d', HOUR_SECONDS * HOURS_PER_GROUP) * HOURS_PER_GROUP,
  };
}

/** The random salt of a UTC day (days since 1970), shared by all collectors. */
export const saltKey = (day: number) => `salt:${day}`;

export const keysOf = (shard: number) => {
  const tag = `{r${shard}}`;
  return {
    tag,
    /**
     * What every script of the shard gets as its KEYS: two names that no key ever has. While a cluster moves the slot,
     * some of its keys are here and some there; a script that ran then would break off half-way, or count into keys that
     * are about to be overwritten. Of two keys that are missing the cluster says TRYAGAIN until all have moved, wherever
     * it is asked; of one, it would send us on to the half that has moved.
     */
    scripted: [tag, `${tag}:`],
    /**
     * Hash: `L:<half-life minutes>` landmarks of decayed scores · `from:<window>` first bucket of each window ·
     * `H:<category>` half-lives of popular scores that it has besides 3 hours ·
     * `seen:<slot>` dedupe parts · `n24:<category>` reads in 24 h · `t15`, `t60` (whole shard) and `t15:<category>`,
     * `t60:<category>` decayed totals · `restoring` progress, `restored` when · `recounting` token of the last recount.
     */
    marks: `${tag}:marks`,
    /** Set: categories that this shard has counted in. */
    categories: `${tag}:categories`,
    /** Set: categories in which counts fell, or changed of more than can be noted, since the ranker last took it. */
    dirty: `${tag}:dirty`,
    /** Set of `<article> <category>,…`: what was read since the ranker last took it; these counts only grew. */
    changed: `${tag}:changed`,
    /** Hash `<second>:<article>:<category>,…` → reads that are not counted yet (count-pending.lua). */
    pending: `${tag}:pending`,
    /**
     * Hash `<slot>:<article>` → reads, `b:<slot>:<article>` → box reads among them: not yet archived. Behind it `:<class>`,
     * where it is not the usual one (view-class.ts).
     */
    delta: `${tag}:delta`,
    /** The delta that is on its way to PostgreSQL, with its batch's `id`. */
    archiving: `${tag}:archiving`,
    /** Sorted sets of reads in a sliding window, by article. */
    window: (window: WindowId, category: CategorySlug) => `${tag}:w${window}:${category}`,
    /** Sorted set of reads in a 5-minute slot; gone once it has left the 24 h window. */
    slot: (category: CategorySlug, slot: number) => `${tag}:b5:${category}:${slot}`,
    /** Sorted set of reads in an hour, of slots that have left the 24 h window; gone after 30 days. */
    hour: (category: CategorySlug, hour: number) => `${tag}:bh:${category}:${hour}`,
    /** Sorted set of decayed reads (half-life in hours), scored 2^((t − landmark) / half-life). */
    popular: (category: CategorySlug, halfLifeHours: number) => `${tag}:pop:${category}:${halfLifeHours}`,
    /** The same for the rising list, half-life 15 or 60 minutes, unweighted. */
    recent: (category: CategorySlug, halfLifeMinutes: 15 | 60) => `${tag}:f${halfLifeMinutes}:${category}`,
    /** Set of visitor hashes in a half-hour; never more than 400, so that it stays an intset. */
    seen: (slot: number, part: number) => `${tag}:seen:${slot}:${part}`,
  };
};
