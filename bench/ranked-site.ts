import type { Redis } from 'ioredis';
import { DAY, HOUR } from '../src/clock.ts';
import type { Sql } from '../src/engines/sql.ts';
import { type CategorySlug, shardOf } from '../src/ids.ts';
import { keysOf, POPULAR_HALF_LIVES, type WindowId } from '../src/views/keys.ts';
import { ensurePartition } from '../src/views/partitions.ts';
import {
  insertArticles,
  insertCategories,
  openShards,
  type TestArticle,
  testArticle,
} from '../tests/ranking/counts.ts';

/** A site of live articles of the last six days, a fifth of them in two categories, read as 1/rank. */
export interface RankedSite {
  readonly categories: readonly CategorySlug[];
  /** The most read first. */
  readonly articles: readonly TestArticle[];
  /** Different articles, as readers choose them. */
  choose(count: number): TestArticle[];
}

/** Reads of the most read article in each window, and decayed. */
const MOST: Readonly<Record<WindowId | 'popular', number>> = {
  ...{ '1h': 4000, '24h': 50_000, '7d': 90_000, '30d': 90_000 },
  popular: 15_000,
};
/** Hours of which the archive has rows of each article. */
const HOURS = 3;
const ROWS = 20_000;
const MEMBERS = 1000;

// Always the same numbers, so that two runs compare.
let state = 20_261_126;
export function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}

/** Fills empty engines, as they would be at `now`. */
export async function fillSite(
  sql: Sql,
  redis: Redis,
  { categoryCount, articleCount }: { readonly categoryCount: number; readonly articleCount: number },
  now: Date,
): Promise<RankedSite> {
  const categories = Array.from({ length: categoryCount }, (_, index) => `category-${index}` as CategorySlug);
  const anyCategory = () => categories[Math.floor(random() * categoryCount)] as CategorySlug;
  const articles = Array.from({ length: articleCount }, () => {
    const own = new Set([anyCategory(), ...(random() < 0.2 ? [anyCategory()] : [])]);
    return testArticle(new Date(now.getTime() - random() * 6 * DAY), ...own);
  });
  await insertCategories(sql, Object.fromEntries(categories.map((slug) => [slug, slug])));
  await sql.transaction((tx) => ensurePartition(tx, 'hour', now));
  for (let from = 0; from < articleCount; from += ROWS) {
    const some = articles.slice(from, from + ROWS);
    await insertArticles(sql, some);
    await sql.query(
      `insert into read_counts (slot, article_id, reads, grain)
       select date_trunc('hour', $1::timestamptz) - make_interval(hours => hour * 5), id, 5 + hour, 'hour'
       from unnest($2::text[]) id cross join generate_series(1, $3::int) hour`,
      [now, some.map(({ id }) => id), HOURS],
    );
  }
  await sql.script('analyze');
  await countAll(redis, articles, now);
  return {
    categories,
    articles,
    choose(count) {
      const chosen = new Set<TestArticle>();
      while (chosen.size < count) chosen.add(articles[Math.floor(articleCount ** random())] as TestArticle);
      return [...chosen];
    },
  };
}

/** The counts in Redis, each set written at once. */
async function countAll(redis: Redis, articles: readonly TestArticle[], now: Date): Promise<void> {
  await openShards(redis, now);
  const landmarks = new Map<number, number>();
  const sets = new Map<string, (string | number)[]>();
  const add = (key: string, score: number, id: string) => {
    const set = sets.get(key);
    if (set === undefined) sets.set(key, [score, id]);
    else set.push(score, id);
  };
  for (const [rank, { id, categories }] of articles.entries()) {
    const shard = shardOf(id);
    const keys = keysOf(shard);
    const landmark = landmarks.get(shard) ?? Number(await redis.hget(keys.marks, 'L:180'));
    landmarks.set(shard, landmark);
    for (const category of categories) {
      const reads = (window: WindowId | 'popular') => 1 + Math.floor(MOST[window] / (rank + 1));
      if (reads('1h') > 1) add(keys.window('1h', category), reads('1h'), id);
      for (const window of ['24h', '7d', '30d'] as const) add(keys.window(window, category), reads(window), id);
      const decayed = (reads('popular') + random()) * 2 ** ((now.getTime() / 1000 - landmark) / (3 * 3600));
      add(keys.popular(category, 3), decayed, id);
    }
  }
  for (const [key, set] of sets) {
    for (let from = 0; from < set.length; from += 2 * MEMBERS)
      await redis.zadd(key, ...set.slice(from, from + 2 * MEMBERS));
  }
  const categories = [...new Set(articles.flatMap((article) => article.categories))];
  for (const [shard, landmark] of landmarks) {
    const { marks, categories: counted } = keysOf(shard);
    await redis.sadd(counted, ...categories);
    const old = Math.floor(now.getTime() / 1000 - HOUR / 1000);
    const slow = POPULAR_HALF_LIVES.slice(1).flatMap((hours) => [`L:${hours * 60}`, landmark]);
    const from = Object.entries({ '1h': 12, '24h': 288, '7d': 2016, '30d': 8640 }).flatMap(([window, slots]) => {
      const slot = Math.floor(now.getTime() / 300_000) - slots;
      return [`from:${window}`, window === '7d' || window === '30d' ? Math.floor(slot / 12) : slot];
    });
    await redis.hset(marks, 'L:15', old, 'L:60', old, ...slow, ...from);
  }
}
