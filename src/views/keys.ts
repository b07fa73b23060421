import { type CategorySlug, SHARDS } from '../ids.ts';

/**
 * The Redis layout of counts (docs/redis-keys.md). All keys of an article lie behind its shard's hash tag, so that
 * dedupe and counting are one atomic script call a shard and batch, on one server and on a cluster alike.
 */
export const SLOT_SECONDS = 300;
export const SEEN_SLOT_SECONDS = 1800;

/** Articles that stand in no category are counted under this one; it is never shown. */
export const UNCATEGORISED = '_' as CategorySlug;

export const ALL_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);

export type WindowId = '1h' | '24h' | '7d' | '30d';
export const WINDOWS: readonly WindowId[] = ['1h', '24h', '7d', '30d'];
export const WINDOW_SECONDS: Readonly<Record<WindowId, number>> = {
  '1h': 3600,
  '24h': 86_400,
  '7d': 604_800,
  '30d': 2_592_000,
};

export const keysOf = (shard: number) => {
  const tag = `{r${shard}}`;
  return {
    tag,
    /** Hash: landmarks of decayed scores (`L:<half-life minutes>`), roll watermarks, dedupe parts, `restored`. */
    marks: `${tag}:marks`,
    /** Set: categories that this shard has counted in. */
    categories: `${tag}:categories`,
    /** Set: categories whose counts changed since the ranker last took it. */
    dirty: `${tag}:dirty`,
    /** Hash `<slot>:<article>` → reads, `b:<slot>:<article>` → box reads: not yet archived. */
    delta: `${tag}:delta`,
    /** Sorted sets of reads in a sliding window, by article. */
    window: (window: WindowId, category: CategorySlug) => `${tag}:w${window}:${category}`,
    /** Sorted set of decayed reads (half-life in hours), scored 2^((t − landmark) / half-life). */
    popular: (category: CategorySlug, halfLifeHours: number) => `${tag}:pop:${category}:${halfLifeHours}`,
  };
};
