import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import { ALL_SHARDS, keysOf } from '../views/keys.ts';
import { type Activity, type Candidate, driftOf, leastFast } from './rising.ts';

const script = readScript(new URL('./read-rising.lua', import.meta.url));

/** Candidates of a category that one shard gives, the most read first; below 2 ms of Redis' time. */
const MAX_CANDIDATES = 500;

/** Categories that are summed up in one call. */
const CHUNK = 50;

const PER_CATEGORY = 3;

/** What a category's rising list is made of. */
export interface CategoryActivity {
  /** Slow reads of an article of the category that was read in the last hours. */
  readonly mean: number;
  readonly candidates: readonly Candidate[];
}

/** Reads of the whole site, and of each category the articles that may be rising, as they stand at `now`. */
export async function readRising(
  redis: RedisClient,
  categories: readonly CategorySlug[],
  now: Date,
): Promise<{ site: Activity; categories: Map<CategorySlug, CategoryActivity> }> {
  const shards = await Promise.all(ALL_SHARDS.map((shard) => readTotals(redis, shard, categories, now)));
  const site = {
    fast: sumOf(shards, (totals) => totals.site.fast),
    slow: sumOf(shards, (totals) => totals.site.slow),
  };
  const drift = driftOf(site);
  const activities = categories.map(async (category, index): Promise<[CategorySlug, CategoryActivity]> => {
    const slow = sumOf(shards, (totals) => totals.categories[index]?.slow);
    const articles = sumOf(shards, (totals) => totals.categories[index]?.articles);
    const mean = articles > 0 ? slow / articles : 0;
    const least = leastFast(mean, drift);
    // No article of a shard has more than all of its category there.
    const asked = ALL_SHARDS.filter((shard) => (shards[shard]?.categories[index]?.fast ?? 0) >= least);
    const found = await Promise.all(asked.map((shard) => readCandidates(redis, shard, category, least, now)));
    return [category, { mean, candidates: found.flat() }];
  });
  return { site, categories: new Map(await Promise.all(activities)) };
}

interface Totals {
  readonly site: Activity;
  readonly categories: readonly (Activity & { readonly articles: number })[];
}

async function readTotals(
  redis: RedisClient,
  shard: number,
  categories: readonly CategorySlug[],
  now: Date,
): Promise<Totals> {
  const ask = async (chunk: readonly CategorySlug[]): Promise<number[]> => {
    const reply = await runScript(redis, script, keysOf(shard).scripted, [now.getTime() / 1000, 'totals', ...chunk]);
    return (reply as (string | number)[]).map(Number);
  };
  let [fast = 0, slow = 0] = categories.length === 0 ? await ask([]) : [];
  const sums: (Activity & { readonly articles: number })[] = [];
  for (let from = 0; from < categories.length; from += CHUNK) {
    const [shardFast = 0, shardSlow = 0, ...rest] = await ask(categories.slice(from, from + CHUNK));
    [fast, slow] = [shardFast, shardSlow];
    for (let i = 0; i < rest.length; i += PER_CATEGORY) {
      sums.push({ fast: rest[i] ?? 0, slow: rest[i + 1] ?? 0, articles: rest[i + 2] ?? 0 });
    }
  }
  return { site: { fast, slow }, categories: sums };
}

async function readCandidates(
  redis: RedisClient,
  shard: number,
  category: CategorySlug,
  least: number,
  now: Date,
): Promise<Candidate[]> {
  const args = [now.getTime() / 1000, 'articles', category, least, MAX_CANDIDATES];
  const reply = (await runScript(redis, script, keysOf(shard).scripted, args)) as string[];
  const candidates: Candidate[] = [];
  for (let i = 0; i < reply.length; i += 4) {
    const [fast = 0, slow = 0, reads = 0] = reply.slice(i + 1, i + 4).map(Number);
    candidates.push({ id: reply[i] as ArticleId, fast, slow, reads });
  }
  return candidates;
}

function sumOf(shards: readonly Totals[], numberIn: (totals: Totals) => number | undefined): number {
  return shards.reduce((sum, totals) => sum + (numberIn(totals) ?? 0), 0);
}
