import type { RedisClient } from '../engines/redis.ts';
import { type ArticleId, type CategorySlug, shardOf } from '../ids.ts';
import { keysOf, UNCATEGORISED, WINDOWS, type WindowId } from '../views/keys.ts';
import { askShard } from './shard.ts';

/** What Redis counts of an article: the same in each of its categories. */
export interface LiveCounts {
  readonly reads: Readonly<Record<WindowId, number>>;
  /** A decayed score as it is stored, and the landmark that it is told from, in seconds since 1970. */
  readonly popular: DecayedScore;
  readonly fast: DecayedScore;
  readonly slow: DecayedScore;
}

export interface DecayedScore {
  readonly stored: number;
  readonly landmark: number;
}

/** An article with the categories that it is counted in. */
export interface CountedIn {
  readonly id: ArticleId;
  readonly categories: readonly CategorySlug[];
}

/** Readings after which a landmark that keeps moving is taken for a fault (read-tops.ts). */
const MAX_READINGS = 10;

/** The counts of one article as they stand now, in one round trip. */
export async function readLiveCounts(
  redis: RedisClient,
  { id, categories }: CountedIn,
  popularHalfLife: number,
): Promise<LiveCounts> {
  const [category = UNCATEGORISED] = categories;
  const keys = keysOf(shardOf(id));
  const landmarks = ['L:15', 'L:60', `L:${popularHalfLife * 60}`] as const;
  for (let reading = 0; reading < MAX_READINGS; reading++) {
    const [before, ...replies] = await askShard(redis, (pipeline) => {
      pipeline.hmget(keys.marks, ...landmarks);
      for (const window of WINDOWS) pipeline.zscore(keys.window(window, category), id);
      pipeline.zscore(keys.recent(category, 15), id);
      pipeline.zscore(keys.recent(category, 60), id);
      pipeline.zscore(keys.popular(category, popularHalfLife), id);
      pipeline.hmget(keys.marks, ...landmarks);
    });
    if (String(replies.at(-1)) !== String(before)) continue;
    const [fast = 0, slow = 0, popular = 0] = (before as (string | null)[]).map((mark) => Number(mark ?? 0));
    const scores = replies.slice(0, -1).map((score) => Number(score ?? 0));
    const scoreAt = (at: number) => scores[WINDOWS.length + at] ?? 0;
    return {
      reads: Object.fromEntries(
        WINDOWS.map((window, at) => [window, Math.max(0, scores[at] ?? 0)]),
      ) as LiveCounts['reads'],
      fast: { stored: scoreAt(0), landmark: fast },
      slow: { stored: scoreAt(1), landmark: slow },
      popular: { stored: scoreAt(2), landmark: popular },
    };
  }
  throw new Error(`the landmarks of article ${id} do not stand still`);
}
