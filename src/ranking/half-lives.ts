import { DAY } from '../clock.ts';
import type { RedisClient } from '../engines/redis.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import { archiveCounts } from '../views/archive.ts';
import { holdArchives } from '../views/archive-lock.ts';
import { ALL_SHARDS, keysOf, POPULAR_HALF_LIVES, type PopularHalfLife } from '../views/keys.ts';
import { countPending } from '../views/pending.ts';
import { makeScores } from '../views/recount.ts';
import { POPULAR_HALF_LIFE } from './popular.ts';
import { readTops } from './read-tops.ts';
import { BOX_ITEMS } from './thin.ts';

/**
 * Where little is read, reads must count for longer, or the popular list of a category is a matter of chance. Each has
 * the shortest half-life with which its fifth article keeps so many effective reads, looked at once a day.
 *
 * All categories have scores of 3 hours, of which the site's list is merged. Those of a longer half-life are kept besides
 * where they are wanted. A category gets them while reads come in, in steps of which each may be run again:
 * 1. The shards' marks say that they are wanted: whatever is counted from now on adds to both. A comma says: not complete.
 * 2. What was counted before is archived, and every article with archived reads gets its score from there and from what
 *    is not archived yet, in one script each (recount.lua). An article without any was counted after step 1 only.
 * 3. HALF_LIVES_KEY says that lists are made of them. What stood there before is dropped by the next run: by then
 *    every ranker has looked.
 * PostgreSQL remembers what was decided, so that an emptied Redis gets there again.
 */
const LEAST_EFFECTIVE = 30;
const DECIDED_FOR = DAY;
const HALF_LIVES_KEY = 'list:half-lives';

/** Scores reach back so many half-lives (count.lua). */
const REACH = 20;
const MAX_ARTICLES = 100;
const ATTEMPTS = 3;

/** The half-life in hours for a category whose fifth article had so many reads in 24 hours. */
export function halfLifeFor(fifthReads: number): PopularHalfLife {
  const effective = (hours: number) => ((fifthReads / 24) * hours) / Math.LN2;
  return POPULAR_HALF_LIVES.find((hours) => effective(hours) >= LEAST_EFFECTIVE) ?? 24;
}

export type HalfLives = ReadonlyMap<CategorySlug, PopularHalfLife>;

/** The half-lives that popular lists are made with; categories that are not named have the shortest. */
export async function readHalfLives(redis: RedisClient): Promise<HalfLives> {
  const named = await redis.hgetall(HALF_LIVES_KEY);
  return new Map(
    Object.entries(named).map(([category, hours]) => [category as CategorySlug, Number(hours) as PopularHalfLife]),
  );
}

/** Decides the half-lives that are due, and brings the counts to all. Run it hourly; gives how many lists changed theirs. */
export async function keepHalfLives(sql: Sql, redis: RedisClient, now: Date): Promise<number> {
  const marks = await readMarks(redis);
  if (marks === undefined) return 0;
  await decide(sql, redis, now);
  const { rows } = await sql.query<{ slug: CategorySlug; hours: PopularHalfLife }>(
    'select slug, half_life as hours from categories',
  );
  const published = await readHalfLives(redis);
  let changed = 0;
  for (const { slug, hours } of rows) {
    const current = published.get(slug) ?? POPULAR_HALF_LIFE;
    if (hours === current) await settle(redis, slug, hours, marks);
    else if (await change(sql, redis, slug, [current, hours], now)) changed++;
  }
  return changed;
}

/** What each shard's marks say of categories; undefined while a shard has not all its counts. */
async function readMarks(redis: RedisClient): Promise<ReadonlyMap<CategorySlug, ReadonlySet<string>> | undefined> {
  const all = new Map<CategorySlug, Set<string>>();
  for (const shard of ALL_SHARDS) {
    const marks = await redis.hgetall(keysOf(shard).marks);
    if (marks['restored'] === undefined) return undefined;
    for (const [field, kept] of Object.entries(marks)) {
      if (!field.startsWith('H:')) continue;
      const category = field.slice(2) as CategorySlug;
      all.set(category, (all.get(category) ?? new Set()).add(kept));
    }
  }
  return all;
}

async function decide(sql: Sql, redis: RedisClient, now: Date): Promise<void> {
  // Of a day that has not been counted as a whole nobody knows how much is read.
  const { rows } = await sql.query<{ slug: CategorySlug }>(
    `select slug from categories
      where coalesce(half_life_at, '-infinity') <= $1 and (select min(slot) from read_counts) <= $1`,
    [new Date(now.getTime() - DECIDED_FOR)],
  );
  const due = rows.map(({ slug }) => slug);
  if (due.length === 0) return;
  await countPending(redis);
  const tops = await readTops(redis, due, () => true, BOX_ITEMS);
  const hours = due.map((slug) => halfLifeFor(tops.get(slug)?.['24h'][BOX_ITEMS - 1]?.reads ?? 0));
  await sql.query(
    `update categories set half_life = hours, half_life_at = $3
       from unnest($1::text[], $2::smallint[]) as decided(category, hours) where slug = category`,
    [due, hours, now],
  );
}

/** Drops scores that no list is made of any more. */
async function settle(
  redis: RedisClient,
  category: CategorySlug,
  hours: PopularHalfLife,
  marks: ReadonlyMap<CategorySlug, ReadonlySet<string>>,
): Promise<void> {
  const kept = hours === POPULAR_HALF_LIFE ? '' : `${hours}`;
  if ([...(marks.get(category) ?? [])].every((mark) => mark === kept)) return;
  const others = POPULAR_HALF_LIVES.filter((other) => other !== POPULAR_HALF_LIFE && other !== hours);
  for (const shard of ALL_SHARDS) {
    const keys = keysOf(shard);
    if (kept === '') await redis.hdel(keys.marks, `H:${category}`);
    else await redis.hset(keys.marks, `H:${category}`, kept);
    await redis.unlink(...others.map((other) => keys.popular(category, other)));
  }
}

async function change(
  sql: Sql,
  redis: RedisClient,
  category: CategorySlug,
  [current, wanted]: readonly [PopularHalfLife, PopularHalfLife],
  now: Date,
): Promise<boolean> {
  if (wanted !== POPULAR_HALF_LIFE) {
    const mark = `${current === POPULAR_HALF_LIFE ? '' : current},${wanted}`;
    for (const shard of ALL_SHARDS) await redis.hset(keysOf(shard).marks, `H:${category}`, mark);
    await archiveCounts(sql, redis, now);
    if (!(await makeAllScores(sql, redis, category, wanted, now))) return false;
    await redis.hset(HALF_LIVES_KEY, category, wanted);
  } else {
    await redis.hdel(HALF_LIVES_KEY, category);
  }
  return true;
}

async function makeAllScores(
  sql: Sql,
  redis: RedisClient,
  category: CategorySlug,
  hours: PopularHalfLife,
  now: Date,
): Promise<boolean> {
  let left = await listRead(sql, category, new Date(now.getTime() - REACH * hours * 3_600_000));
  for (let attempt = 0; left.length > 0 && attempt < ATTEMPTS; attempt++) {
    const done = new Set<ArticleId>();
    for (let from = 0; from < left.length; from += MAX_ARTICLES) {
      const some = left.slice(from, from + MAX_ARTICLES);
      const made = await sql.transaction(async (tx) => {
        await holdArchives(tx);
        return await makeScores(tx, redis, some, hours, now);
      });
      for (const id of made) done.add(id);
    }
    // Another recount came between.
    left = left.filter((id) => !done.has(id));
  }
  return left.length === 0;
}

/** The category's articles with archived reads since then, of their own or of their copies. */
async function listRead(sql: Sql, category: CategorySlug, since: Date): Promise<ArticleId[]> {
  const { rows } = await sql.query<{ id: ArticleId }>(
    `select article_id as id from article_categories filed join articles article on article.id = article_id
      where category = $1 and original_id is null and (
        exists (select from read_counts counted where counted.article_id = article.id and slot >= $2)
        or exists (
          select from articles copy join read_counts counted on counted.article_id = copy.id
           where copy.original_id = article.id and slot >= $2
        )
      )`,
    [category, since],
  );
  return rows.map(({ id }) => id);
}
