import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import type { RedisClient } from '../../src/engines/redis.ts';
import { type CategorySlug, shardOf } from '../../src/ids.ts';
import { isRecent } from '../../src/ranking/popular.ts';
import { readTops } from '../../src/ranking/read-tops.ts';
import { DEPTH, mergeScopes, TOP_NAMES, type Tops } from '../../src/ranking/top.ts';
import { ALL_SHARDS, keysOf } from '../../src/views/keys.ts';
import { openTestRedis } from '../support/engines.ts';
import {
  countReads,
  HALF_LIFE_SECONDS,
  openShards,
  referenceList,
  type TestArticle,
  type TestReads,
  testArticle,
} from './counts.ts';

const now = new Date('2026-11-26T03:00:00Z');
const HOUR = 3_600_000;
let redis: Redis;
let close: () => Promise<void>;

before(async () => {
  ({ redis, close } = await openTestRedis());
});
after(() => close());

const CATEGORIES = ['politics', 'sports', '政治'] as CategorySlug[];
const COUNTED = [...CATEGORIES, '_' as CategorySlug];

async function topsOf(reads: readonly TestReads[]): Promise<Map<string, Tops>> {
  await openShards(redis, now);
  await countReads(redis, reads, now);
  const tops = await readTops(redis, COUNTED, (article) => isRecent(article, now));
  return new Map<string, Tops>([...tops, ['site', mergeScopes([...tops.values()])]]);
}

function assertEqualToReference(tops: ReadonlyMap<string, Tops>, reads: readonly TestReads[]): void {
  for (const scope of ['site', ...CATEGORIES]) {
    for (const name of TOP_NAMES) {
      const found = tops.get(scope)?.[name].map(({ id, reads }) => ({ id, reads }));
      assert.deepEqual(
        found,
        referenceList(reads, scope, name === 'popularHere' ? 'popular' : name, now).slice(0, DEPTH),
        `${scope} ${name}`,
      );
    }
  }
}

test('tops are those of brute force: ties, articles in several categories or none, old articles', async () => {
  const article = fc.record({
    age: fc.integer({ min: 0, max: 9 * 24 }),
    categories: fc.subarray(['politics', 'sports', '政治']),
    reads: fc.array(fc.record({ age: fc.integer({ min: 0, max: 200 }), reads: fc.integer({ min: 1, max: 3 }) }), {
      minLength: 1,
      maxLength: 3,
    }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(article, { maxLength: 120 }), async (articles) => {
      const reads = articles.flatMap(({ age, categories, reads }) => {
        const article = testArticle(new Date(now.getTime() - age * HOUR), ...categories);
        return reads.map(({ age, reads }) => ({ article, at: new Date(now.getTime() - age * HOUR), reads }));
      });
      assertEqualToReference(await topsOf(reads), reads);
    }),
    { numRuns: 30 },
  );
});

test('a shard that holds the whole list is read as deep as it takes', async () => {
  const crowd: TestArticle[] = [];
  while (crowd.length < 150) {
    const article = testArticle(new Date(now.getTime() - HOUR), 'politics');
    if (shardOf(article.id) === 7 || crowd.length > 130) crowd.push(article);
  }
  const reads = crowd.map((article, index) => ({ article, at: now, reads: 1 + Math.floor(index / 3) }));
  assertEqualToReference(await topsOf(reads), reads);
});

test('old articles at the head of popular do not hide young ones behind them', async () => {
  const old = Array.from({ length: 400 }, () => testArticle(new Date(now.getTime() - 200 * HOUR), 'sports'));
  const young = Array.from({ length: 70 }, () => testArticle(new Date(now.getTime() - HOUR), 'sports'));
  const reads = [
    ...old.map((article) => ({ article, at: now, reads: 9 })),
    ...young.map((article, index) => ({ article, at: now, reads: 1 + (index % 4) })),
  ];
  assertEqualToReference(await topsOf(reads), reads);
});

test('a landmark that moves in the middle of a reading does not mix old and new scores', async () => {
  const young = Array.from({ length: 40 }, () => testArticle(new Date(now.getTime() - HOUR), 'politics'));
  const reads = young.map((article, index) => ({ article, at: now, reads: 1 + index }));
  await openShards(redis, now);
  await countReads(redis, reads, now);
  const tops = await readTops(pausing(redis, moveLandmarks), COUNTED, () => true);
  const expected = referenceList(reads, 'politics', 'popular', now);
  assert.deepEqual(
    tops.get('politics' as CategorySlug)?.popular.map(({ id, reads }) => ({ id, reads })),
    expected,
  );
});

async function moveLandmarks(): Promise<void> {
  const halfLives = 100;
  for (const shard of ALL_SHARDS) {
    const { marks, popular } = keysOf(shard);
    const key = popular('politics' as CategorySlug, 3);
    await redis.zunionstore(key, 1, key, 'WEIGHTS', 2 ** -halfLives);
    await redis.hincrby(marks, 'L:180', halfLives * HALF_LIFE_SECONDS);
  }
}

/** A client that does `meanwhile` once, after the first two commands of the first pipeline. */
function pausing(client: Redis, meanwhile: () => Promise<void>): RedisClient {
  let isDone = false;
  const pipeline = () => {
    const commands: unknown[][] = [];
    const recorder: object = new Proxy(
      {},
      {
        get: (_, name: string) => {
          if (name !== 'exec') return (...args: unknown[]) => commands.push([name, ...args]);
          return async () => {
            const first = await client.pipeline(commands.slice(0, 2)).exec();
            if (!isDone) {
              isDone = true;
              await meanwhile();
            }
            return [...(first ?? []), ...((await client.pipeline(commands.slice(2)).exec()) ?? [])];
          };
        },
      },
    );
    return recorder;
  };
  return new Proxy(client, { get: (target, name) => (name === 'pipeline' ? pipeline : Reflect.get(target, name)) });
}
