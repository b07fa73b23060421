import type { RedisClient } from '../engines/redis.ts';
import { type ArticleId, type CategorySlug, shardOf } from '../ids.ts';
import { ALL_SHARDS, keysOf, UNCATEGORISED, WINDOWS, type WindowId } from './keys.ts';
import { countPending, countPendingIfPossible } from './pending.ts';

/** An article's reads in each window: the same in all its categories, save until a recount where it came into one since. */
export async function readCounts(
  redis: RedisClient,
  article: ArticleId,
  categories: readonly CategorySlug[],
): Promise<Record<WindowId, number>> {
  const shard = shardOf(article);
  await countPending(redis, [shard]);
  const keys = keysOf(shard);
  const counts: Record<WindowId, number> = { '1h': 0, '24h': 0, '7d': 0, '30d': 0 };
  const places = categories.length === 0 ? [UNCATEGORISED] : categories;
  await Promise.all(
    WINDOWS.flatMap((window) =>
      places.map(async (category) => {
        const reads = Number(await redis.zscore(keys.window(window, category), article));
        counts[window] = Math.max(counts[window], reads);
      }),
    ),
  );
  return counts;
}

/** Reads of the last 24 hours by category, all its articles together; the script that counts keeps the sums. */
export async function readCategoryTotals(redis: RedisClient): Promise<Map<CategorySlug, number>> {
  await countPendingIfPossible(redis);
  const totals = new Map<CategorySlug, number>();
  const marks = await Promise.all(ALL_SHARDS.map((shard) => redis.hgetall(keysOf(shard).marks)));
  for (const [field, reads] of marks.flatMap((shard) => Object.entries(shard))) {
    if (!field.startsWith('n24:')) continue;
    const category = field.slice('n24:'.length) as CategorySlug;
    if (category !== UNCATEGORISED) totals.set(category, (totals.get(category) ?? 0) + Number(reads));
  }
  return totals;
}
