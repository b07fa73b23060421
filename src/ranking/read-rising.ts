import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import { ALL_SHARDS, keysOf } from '../views/keys.ts';
import { type Activity, type Candidate, type Crowd, LEAST_FAST } from './rising.ts';

const script = readScript(new URL('./read-rising.lua', import.meta.url));

/** Candidates that one call gives; below 2 ms of Redis' time. */
const MAX_CANDIDATES = 500;
/** Categories that are summed up in one call. */
const CHUNK = 50;

/** A category's articles may rise that have so many fast reads, whatever is read beside them. A hair less, as rising.ts. */
const LEAST = LEAST_FAST - 1e-9;

/** What is read on the whole site, and in categories. */
export interface Activities {
  readonly site: Activity;
  readonly categories: ReadonlyMap<CategorySlug, Crowd>;
}

/** What is read now, as it stands at `now`. */
export async function readActivities(
  redis: RedisClient,
  categories: readonly CategorySlug[],
  now: Date,
): Promise<Activities> {
  const shards = await Promise.all(ALL_SHARDS.map((shard) => readTotals(redis, shard, categories, now)));
  const sum = (at: number) => shards.reduce((total, numbers) => total + (numbers[at] ?? 0), 0);
  const crowds = categories.map((category, index): [CategorySlug, Crowd] => [
    category,
    { slow: sum(2 + 2 * index), articles: sum(3 + 2 * index) },
  ]);
  return { site: { fast: sum(0), slow: sum(1) }, categories: new Map(crowds) };
}

/** Fast and slow reads of the shard, then slow reads and read articles of each category. */
async function readTotals(
  redis: RedisClient,
  shard: number,
  categories: readonly CategorySlug[],
  now: Date,
): Promise<number[]> {
  const numbers: number[] = [];
  for (let from = 0; from === 0 || from < categories.length; from += CHUNK) {
    const chunk = categories.slice(from, from + CHUNK);
    const reply = await runScript(redis, script, keysOf(shard).scripted, [now.getTime() / 1000, 'totals', ...chunk]);
    numbers.push(
      ...String(reply)
        .split(' ')
        .map(Number)
        .slice(numbers.length === 0 ? 0 : 2),
    );
  }
  return numbers;
}

/** The articles of these categories that may be rising, as they stand at `now`. */
export async function readCandidates(
  redis: RedisClient,
  categories: readonly CategorySlug[],
  now: Date,
  most = MAX_CANDIDATES,
): Promise<Map<CategorySlug, readonly Candidate[]>> {
  const found = new Map<CategorySlug, Candidate[]>(categories.map((category) => [category, []]));
  const readShard = async (shard: number): Promise<void> => {
    for (let [at, passed] = [0, 0]; at < categories.length; ) {
      const args = [now.getTime() / 1000, 'articles', LEAST, most, passed, ...categories.slice(at)];
      const reply = (await runScript(redis, script, keysOf(shard).scripted, args)) as Reply;
      for (const [index, candidates] of candidatesIn(reply).entries()) {
        found.get(categories[at + index] as CategorySlug)?.push(...candidates);
      }
      at += reply[0];
      passed = reply[1];
    }
  };
  await Promise.all(ALL_SHARDS.map(readShard));
  return found;
}

type Reply = readonly [done: number, passed: number, sizes: string, rows: string];

/** The candidates of each category that was looked at. */
function candidatesIn([, , sizes, rows]: Reply): Candidate[][] {
  const fields = rows.split(' ');
  let at = 0;
  return sizes.split(' ').map((size) =>
    Array.from({ length: Number(size) }, (): Candidate => {
      const [fast = 0, slow = 0, reads = 0] = fields.slice(at + 1, at + 4).map(Number);
      const id = fields[at] as ArticleId;
      at += 4;
      return { id, fast, slow, reads };
    }),
  );
}
