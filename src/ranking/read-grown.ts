import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';
import { type ArticleId, type CategorySlug, shardOf } from '../ids.ts';
import { keysOf, type PopularHalfLife } from '../views/keys.ts';
import type { Changes } from './changes.ts';
import type { HalfLives } from './half-lives.ts';
import { POPULAR_HALF_LIFE, timelessScore } from './popular.ts';
import type { Candidate } from './rising.ts';
import type { Entry, TopName } from './top.ts';

const script = readScript(new URL('./read-grown.lua', import.meta.url));

/** Articles in one call: some 2,000 look-ups, below 2 ms of Redis' time. */
const MAX_PAIRS = 250;
const LANDMARKS = [3, 6, 12, 24];
const PER_PAIR = 8;

/** What is counted of an article in one category. */
export interface Grown {
  readonly entries: Readonly<Record<TopName, Entry>>;
  readonly candidate: Candidate;
}

interface Pair {
  readonly article: ArticleId;
  readonly category: CategorySlug;
  readonly halfLife: PopularHalfLife;
}

/** The counts of articles that were read, by category: what it costs grows with how many they are, and with nothing else. */
export async function readGrown(
  redis: RedisClient,
  grown: Changes['grown'],
  halfLives: HalfLives,
  now: Date,
): Promise<Map<CategorySlug, readonly Grown[]>> {
  const shards = new Map<number, Pair[]>();
  for (const [category, articles] of grown) {
    const halfLife = halfLives.get(category) ?? POPULAR_HALF_LIFE;
    for (const article of articles) {
      const shard = shardOf(article);
      const pairs = shards.get(shard) ?? [];
      shards.set(shard, pairs);
      pairs.push({ article, category, halfLife });
    }
  }
  const found = new Map<CategorySlug, Grown[]>(Array.from(grown.keys(), (category) => [category, []]));
  const read = Array.from(shards, async ([shard, pairs]) => {
    for (let from = 0; from < pairs.length; from += MAX_PAIRS) {
      const some = pairs.slice(from, from + MAX_PAIRS);
      const counts = await readPairs(redis, shard, some, now);
      some.forEach(({ category }, index) => {
        found.get(category)?.push(counts[index] as Grown);
      });
    }
  });
  await Promise.all(read);
  return found;
}

async function readPairs(redis: RedisClient, shard: number, pairs: readonly Pair[], now: Date): Promise<Grown[]> {
  const args = pairs.flatMap(({ article, category, halfLife }) => [article, category, halfLife]);
  const reply = String(await runScript(redis, script, keysOf(shard).scripted, [now.getTime() / 1000, ...args]));
  const numbers = reply.split(' ').map(Number);
  const landmarkOf = (hours: number) => numbers[LANDMARKS.indexOf(hours)] ?? 0;
  return pairs.map(({ article: id, halfLife }, index): Grown => {
    const at = LANDMARKS.length + index * PER_PAIR;
    const [hour = 0, day = 0, week = 0, month = 0, hot = 0, hotHere = 0, fast = 0, slow = 0] = numbers.slice(
      at,
      at + PER_PAIR,
    );
    const access = (reads: number): Entry => ({ id, score: reads, reads });
    const popular = (score: number, hours: number): Entry => ({
      id,
      score: score > 0 ? timelessScore(score, landmarkOf(hours), hours) : Number.NEGATIVE_INFINITY,
      reads: day,
    });
    return {
      entries: {
        ...{ '1h': access(hour), '24h': access(day), '7d': access(week), '30d': access(month) },
        popular: popular(hot, POPULAR_HALF_LIFE),
        popularHere: popular(hotHere, halfLife),
      },
      candidate: { id, fast, slow, reads: hour },
    };
  });
}
