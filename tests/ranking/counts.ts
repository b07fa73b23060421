import type { Redis } from 'ioredis';
import type { Sql } from '../../src/engines/sql.ts';
import { type ArticleId, type CategorySlug, newArticleId, publishedAtOf, shardOf } from '../../src/ids.ts';
import { ALL_SHARDS, keysOf, UNCATEGORISED, WINDOW_SECONDS, WINDOWS } from '../../src/views/keys.ts';

/** Articles and their reads in plain lists: what the counts in Redis are written from and the lists are checked by. */
export interface TestArticle {
  readonly id: ArticleId;
  readonly categories: readonly CategorySlug[];
}

export interface TestReads {
  readonly article: TestArticle;
  readonly at: Date;
  readonly reads: number;
}

export const HALF_LIFE_SECONDS = 3 * 3600;

let sequence = 0;

export function testArticle(publishedAt: Date, ...categories: string[]): TestArticle {
  sequence += 1;
  return { id: newArticleId(publishedAt, sequence), categories: categories as CategorySlug[] };
}

export function seconds(date: Date): number {
  return date.getTime() / 1000;
}

/** An empty Redis with all shards ready, landmarks a day apart from shard to shard so that mixing them shows. */
export async function openShards(redis: Redis, now: Date): Promise<void> {
  await redis.flushdb();
  const landmark = Math.floor(seconds(now)) - 20 * 86_400;
  for (const shard of ALL_SHARDS) {
    await redis.hset(keysOf(shard).marks, { restored: seconds(now), 'L:180': landmark + shard * 86_411 });
  }
}

/** Counts reads as they are counted, in the documented layout; what is older than a window does not enter it. */
export async function countReads(redis: Redis, reads: readonly TestReads[], now: Date): Promise<void> {
  const landmarks = await Promise.all(ALL_SHARDS.map((shard) => redis.hget(keysOf(shard).marks, 'L:180')));
  const pipeline = redis.pipeline();
  for (const { article, at, reads: count } of reads) {
    const shard = shardOf(article.id);
    const keys = keysOf(shard);
    const landmark = Number(landmarks[shard]);
    const categories = article.categories.length === 0 ? [UNCATEGORISED] : article.categories;
    for (const category of categories) {
      for (const window of WINDOWS) {
        if (seconds(now) - seconds(at) > WINDOW_SECONDS[window]) continue;
        pipeline.zincrby(keys.window(window, category), count, article.id);
      }
      const weight = count * 2 ** ((seconds(at) - landmark) / HALF_LIFE_SECONDS);
      pipeline.zincrby(keys.popular(category, 3), weight, article.id);
      pipeline.sadd(keys.categories, category);
      pipeline.sadd(keys.dirty, category);
    }
  }
  await pipeline.exec();
}

/**
 * A decayed sum as popular lists compare it: two that differ by less than a ten-millionth, by the logarithm to base 2 of
 * what they were at the epoch, are a tie.
 */
export function tied(sum: number, halfLife: number, now: number): number {
  return 2 ** (Math.round((Math.log2(sum) + now / halfLife) * 1e7) / 1e7 - now / halfLife);
}

/** The list by brute force over all reads: the articles of the scope by their sum, best first, newer first in a tie. */
export function referenceList(
  all: readonly TestReads[],
  scope: string,
  name: (typeof WINDOWS)[number] | 'popular',
  now: Date,
): { id: ArticleId; reads: number }[] {
  const inScope = all.filter(({ article }) => scope === 'site' || article.categories.includes(scope as CategorySlug));
  const sum = (id: ArticleId, value: (reads: TestReads) => number) =>
    inScope.filter(({ article }) => article.id === id).reduce((total, reads) => total + value(reads), 0);
  const within = (span: number) => (reads: TestReads) => (seconds(now) - seconds(reads.at) <= span ? reads.reads : 0);
  const decayed = (reads: TestReads) => reads.reads * 2 ** ((seconds(reads.at) - seconds(now)) / HALF_LIFE_SECONDS);
  const isListed = (id: ArticleId) =>
    name !== 'popular' || now.getTime() - publishedAtOf(id).getTime() <= 7 * 86_400_000;

  return [...new Set(inScope.map(({ article }) => article.id))]
    .filter(isListed)
    .map((id) => {
      const reads = sum(id, within(WINDOW_SECONDS[name === 'popular' ? '24h' : name]));
      return { id, reads, score: name === 'popular' ? tied(sum(id, decayed), HALF_LIFE_SECONDS, seconds(now)) : reads };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.id < b.id ? 1 : -1))
    .map(({ id, reads }) => ({ id, reads }));
}

export async function insertCategories(sql: Sql, names: Readonly<Record<string, string>>): Promise<void> {
  for (const [slug, name] of Object.entries(names)) {
    await sql.query('insert into categories (slug, name) values ($1, $2) on conflict (slug) do nothing', [slug, name]);
  }
}

/** Stores the articles under the title `Title of <id>`; their categories must be there. */
export async function insertArticles(sql: Sql, articles: readonly TestArticle[]): Promise<void> {
  await sql.query(
    `insert into articles (id, url, title, published_at, published_from, first_seen_at, updated_at, content_hash)
     select id, 'https://example.test/' || id, 'Title of ' || id, at, 'feed', at, at, ''
       from unnest($1::text[], $2::timestamptz[]) as a(id, at)`,
    [articles.map(({ id }) => id), articles.map(({ id }) => publishedAtOf(id))],
  );
  const pairs = articles.flatMap(({ id, categories }) => categories.map((category) => [id, category]));
  await sql.query('insert into article_categories select * from unnest($1::text[], $2::text[])', [
    pairs.map(([id]) => id),
    pairs.map(([, category]) => category),
  ]);
}
