import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { noteCountChanges } from '../../src/articles/count-changes.ts';
import { HOUR, MINUTE, SECOND } from '../../src/clock.ts';
import { openRedis } from '../../src/engines/redis.ts';
import { type ArticleId, type CategorySlug, newArticleId, shardOf } from '../../src/ids.ts';
import { takeChanges } from '../../src/ranking/changes.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { auditCounts } from '../../src/views/audit.ts';
import { openCountSoon } from '../../src/views/count-soon.ts';
import { readCategoryTotals, readCounts } from '../../src/views/counts.ts';
import { ALL_SHARDS, keysOf } from '../../src/views/keys.ts';
import { countPending, countPendingIfPossible } from '../../src/views/pending.ts';
import { type Read, recordReads } from '../../src/views/record.ts';
import { recountChanges } from '../../src/views/recount.ts';
import { rollWindows } from '../../src/views/roll.ts';
import { openEmbeddedRedis, openTestRedis, openTestSql } from '../support/engines.ts';
import { type CountEngines, dump, FIRST, reset, START } from './following.ts';

let engines: CountEngines;
let close: () => Promise<void>;

before(async () => {
  const [{ sql, close: closeSql }, { redis, close: closeRedis }] = await Promise.all([openTestSql(), openTestRedis()]);
  engines = { sql, redis };
  close = async () => {
    await Promise.all([closeSql(), closeRedis()]);
  };
});

after(() => close());
beforeEach(() => reset(engines));

const POLITICS = 'politics' as CategorySlug;
const SHARD = shardOf(FIRST);
const KEYS = keysOf(SHARD);
const ago = (ms: number): Date => new Date(START.getTime() - ms);
let visitors = 1;

function read(article: ArticleId = FIRST, at = START, values: Partial<Read> = {}): Read {
  const base = { categories: [POLITICS], isTimeNamed: true, isBox: false, visitorBefore: undefined };
  return { ...base, article, at, visitor: String(visitors++), ...values };
}

const record = (reads: readonly Read[], at = START) => recordReads(engines.redis, SHARD, at, reads);
const pending = () => engines.redis.hgetall(KEYS.pending);

/** Articles of the same shard as the first. */
const others = Array.from({ length: 10_000 }, (_, i) => newArticleId(new Date('2026-01-01'), i)).filter(
  (id) => shardOf(id) === SHARD,
);

test('an API has its reads counted after a moment, whether anyone looks or not, and not after it closed', async () => {
  const countSoon = openCountSoon(engines.redis, 20);
  await record([read(), read()]);
  countSoon.note(SHARD);
  while (Object.keys(await pending()).length > 0) await sleep(5);
  assert.equal(await engines.redis.zscore(KEYS.window('24h', POLITICS), FIRST), '2');
  await record([read()]);
  countSoon.note(SHARD);
  countSoon.close();
  await sleep(200);
  assert.equal(Object.keys(await pending()).length, 1);
});

test('reads of one second, article and class are pending as one number, and nothing else is written for them', async () => {
  const box = read(FIRST, START, { isBox: true });
  const pixel = read(FIRST, START, { channel: 'pixel' });
  assert.deepEqual(await record([read(), read(), box, pixel, box]), [true, true, true, true, false]);
  await record([read(FIRST, ago(SECOND)), read()]);
  const second = START.getTime() / 1000;
  assert.deepEqual(await pending(), {
    [`${second}:${FIRST}:politics`]: '4',
    [`b:${second}:${FIRST}:politics`]: '1',
    [`${second}:${FIRST}:politics:pixel`]: '1',
    [`${second - 1}:${FIRST}:politics`]: '1',
  });
  assert.equal(await engines.redis.object('ENCODING', KEYS.pending), 'hashtable');
  const written = (await engines.redis.keys(`${KEYS.tag}:*`)).filter((key) => !key.startsWith(`${KEYS.tag}:seen:`));
  assert.deepEqual(written.sort(), [KEYS.marks, KEYS.pending].sort());
  assert.equal((await readCounts(engines.redis, FIRST, [POLITICS]))['1h'], 6);
  assert.deepEqual(await pending(), {});
  const slot = Math.floor(second / 300);
  assert.deepEqual(await engines.redis.hgetall(KEYS.delta), {
    [`${slot}:${FIRST}`]: '5',
    [`b:${slot}:${FIRST}`]: '1',
    [`${slot}:${FIRST}:pixel`]: '1',
  });
});

test('whoever looks at counts, moves or archives them finds all reads counted', async () => {
  const { sql, redis } = engines;
  const looks: Readonly<Record<string, () => Promise<unknown>>> = {
    ranker: () => takeChanges(redis),
    archive: () => archiveCounts(sql, redis, START),
    recount: async () => {
      await noteCountChanges(sql, [FIRST], START);
      await recountChanges(sql, redis, START);
    },
    audit: () => auditCounts(sql, redis, 'look', START),
    totals: () => readCategoryTotals(redis),
    article: () => readCounts(redis, FIRST, [POLITICS]),
  };
  for (const [name, look] of Object.entries(looks)) {
    await record([read(), read()]);
    assert.equal(await redis.exists(KEYS.pending), 1, name);
    await look();
    assert.equal(await redis.exists(KEYS.pending), 0, name);
  }
  const all = 2 * Object.keys(looks).length;
  assert.equal(await redis.zscore(KEYS.window('24h', POLITICS), FIRST), String(all));
  await archiveCounts(sql, redis, START);
  const { rows } = await sql.query<{ reads: number }>('select sum(reads)::int as reads from read_counts');
  assert.equal(rows[0]?.reads, all);
  const later = new Date(START.getTime() + 3 * MINUTE);
  await recountChanges(sql, redis, later);
  assert.deepEqual(await auditCounts(sql, redis, 'look', later), {
    articles: 1,
    waiting: 0,
    wrong: [],
    wrongTotals: 0,
  });
});

test('a ranker is told of reads that were pending, and of those after it the next time', async () => {
  await record([read()]);
  assert.deepEqual([...(await takeChanges(engines.redis)).grown], [[POLITICS, new Set([FIRST])]]);
  assert.deepEqual([...(await takeChanges(engines.redis)).grown], []);
  await record([read()]);
  assert.deepEqual([...(await takeChanges(engines.redis)).grown], [[POLITICS, new Set([FIRST])]]);
});

test('no more is pending than is counted at once, and no more is counted at once', async () => {
  const waiting = () => engines.redis.hlen(KEYS.pending);
  const counted = () => engines.redis.zcard(KEYS.window('1h', POLITICS));
  let from = 0;
  const recordSome = async (size: number) => {
    await record(others.slice(from, from + size).map((id) => read(id)));
    from += size;
    return [await waiting(), await counted()];
  };
  assert.deepEqual(await recordSome(90), [90, 0]);
  assert.deepEqual(await recordSome(90), [180, 0]);
  assert.deepEqual(await recordSome(20), [200, 0]);
  assert.deepEqual(await recordSome(50), [50, 200], 'what was pending is more');
  assert.deepEqual(await recordSome(190), [50, 390], 'what came is more');
  await countPending(engines.redis, [SHARD]);
  assert.deepEqual([await waiting(), await counted()], [0, 440]);
  assert.equal(Number(await engines.redis.hget(KEYS.marks, 'n24:politics')), 440);
});

test('where articles stand in many categories, less is pending, so that it is counted no longer', async () => {
  const categories = Array.from({ length: 40 }, (_, number) => `section-${number}` as CategorySlug);
  for (let from = 0; from < 60; from += 5) {
    await record(others.slice(from, from + 5).map((id) => read(id, START, { categories })));
    assert.ok((await engines.redis.hlen(KEYS.pending)) <= 400 / categories.length);
  }
  await record([read()]);
  const [first = FIRST] = others;
  assert.equal((await readCounts(engines.redis, first, categories.slice(-1)))['24h'], 1);
  const totals = await readCategoryTotals(engines.redis);
  assert.deepEqual(
    [...categories, POLITICS].map((category) => totals.get(category)),
    [...categories.map(() => 60), 1],
  );
});

test('what is counted only after it left a window stays out of it, and is in those that still hold it', async () => {
  await record([read(), read(FIRST, ago(20 * HOUR))]);
  const later = new Date(START.getTime() + 5 * HOUR);
  await rollWindows(engines.redis, later);
  assert.deepEqual(await readCounts(engines.redis, FIRST, [POLITICS]), { '1h': 0, '24h': 1, '7d': 2, '30d': 2 });
  await rollWindows(engines.redis, new Date(later.getTime() + 31 * 24 * HOUR));
  assert.deepEqual(await readCounts(engines.redis, FIRST, [POLITICS]), { '1h': 0, '24h': 0, '7d': 0, '30d': 0 });
  assert.deepEqual(await engines.redis.keys(`${KEYS.tag}:b?:*`), [], 'no bucket is left behind');
});

/** On a Redis of its own: others that use the same server would be refused as well. */
async function refuse(
  setting: string,
  value: string,
  work: (own: Redis, refused: () => Promise<unknown>) => Promise<void>,
) {
  const { redis, close } = await openEmbeddedRedis();
  const some = (count: number) =>
    recordReads(
      redis,
      SHARD,
      START,
      Array.from({ length: count }, () => read()),
    );
  const [, before = ''] = (await redis.config('GET', setting)) as string[];
  try {
    await some(2);
    await work(redis, async () => {
      await redis.config('SET', setting, value);
      await some(1);
    });
    await redis.config('SET', setting, before);
    const [[, counted = 0] = []] = await readCategoryTotals(redis);
    await some(1);
    assert.deepEqual([...(await readCategoryTotals(redis))], [[POLITICS, counted + 1]]);
  } finally {
    await redis.config('SET', setting, before);
    await close();
  }
}

test('a Redis without memory refuses reads, and what was pending is counted all the same', () =>
  refuse('maxmemory', '1', async (redis, refused) => {
    await assert.rejects(refused(), /OOM/);
    assert.equal((await readCounts(redis, FIRST, [POLITICS]))['24h'], 2);
  }));

test('a Redis that takes no writes still tells what was counted before', () =>
  refuse('min-replicas-to-write', '1', async (redis, refused) => {
    await countPending(redis);
    await recordReads(redis, SHARD, START, [read()]);
    await assert.rejects(refused(), /NOREPLICAS/);
    assert.deepEqual([...(await readCategoryTotals(redis))], [[POLITICS, 2]], 'one is still pending');
  }));

test('who tells what was counted passes over a Redis that takes no writes or is away, and over no mistake', async () => {
  const { redis, url, close } = await openEmbeddedRedis();
  const asker = await openRedis(url, 'commands', () => {});
  try {
    await redis.config('SET', 'maxmemory', '1');
    await redis.config('SET', 'min-replicas-to-write', '1');
    await countPendingIfPossible(asker);
    await redis.config('SET', 'maxmemory', '0');
    await redis.config('SET', 'min-replicas-to-write', '0');
    await redis.set(KEYS.pending, 'what nobody wrote');
    await assert.rejects(countPendingIfPossible(asker), /WRONGTYPE/);
    await assert.rejects(readCategoryTotals(asker), /WRONGTYPE/);
    asker.disconnect();
    await countPendingIfPossible(asker);
  } finally {
    asker.disconnect();
    await close();
  }
});

test('reads in more categories than Lua hands over at once are all counted, and leave their window', async () => {
  const { redis } = engines;
  const names = (place: number) => Array.from({ length: 41 }, (_, n) => `${place}-${n}` as CategorySlug);
  const size = 200 * 41;
  await record(others.slice(0, 200).map((id, place) => read(id, ago(55 * MINUTE), { categories: names(place) })));
  const { whole, grown } = await takeChanges(redis);
  assert.equal(whole.size + grown.size, size);
  assert.equal(await redis.scard(KEYS.categories), size);
  const totals = await readCategoryTotals(redis);
  assert.deepEqual([totals.size, new Set(totals.values())], [size, new Set([1])]);
  assert.equal((await redis.keys(`${KEYS.tag}:w1h:*`)).length, size);
  await rollWindows(redis, new Date(START.getTime() + 10 * MINUTE));
  assert.deepEqual(await redis.keys(`${KEYS.tag}:w1h:*`), []);
});

const moment = fc.record({
  article: fc.constantFrom(...others.slice(0, 4)),
  categories: fc.constantFrom([], [POLITICS], [POLITICS, 'world' as CategorySlug]),
  // Of what is older, scores of the shortest half-life may be left out, as nothing is left of them.
  age: fc.oneof(fc.constant(0), fc.nat(10 * MINUTE), fc.nat(4 * HOUR)),
  isBox: fc.boolean(),
  channel: fc.constantFrom(undefined, 'pixel' as const),
});

test('counts are the same however reads are split into calls, and whenever they are counted', async () => {
  const { redis } = engines;
  await fc.assert(
    fc.asyncProperty(
      fc.array(moment, { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat(6), { minLength: 1, maxLength: 8 }),
      async (moments, cuts) => {
        const reads = moments.map(({ age, ...one }) => read(one.article, ago(age), one));
        const counted = async (sizes: readonly number[]) => {
          await reset(engines);
          for (let from = 0, call = 0; from < reads.length; call++) {
            const size = sizes[call % sizes.length] as number;
            // A call of nobody stands for somebody who looks.
            if (size === 0) await countPending(redis, [SHARD]);
            await record(reads.slice(from, from + Math.max(1, size)));
            from += Math.max(1, size);
          }
          await countPending(redis, [SHARD]);
          const [all, delta] = [await dump(redis), await redis.hgetall(KEYS.delta)];
          return [...numbersIn(all), ...Object.entries(delta).sort().map(String)];
        };
        assert.deepEqual(await counted(cuts), await counted([reads.length]));
      },
    ),
    { numRuns: 60 },
  );
});

/** Everything that is counted, to seven digits: sums of decayed scores depend on the order in which they are added. */
function numbersIn(dumped: Record<string, unknown>): string[] {
  return Object.entries(dumped).flatMap(([key, value]) => {
    const flat = Array.isArray(value)
      ? (value as string[])
      : Object.entries(value as object)
          .sort()
          .flat();
    return flat.map((text, i) => `${key} ${i} ${i % 2 === 1 && text !== '' ? Number(text).toPrecision(7) : text}`);
  });
}

test('shards are counted one after the other, not all at the same time', async () => {
  const calls: number[] = [];
  const slow = new Proxy(engines.redis, {
    get(redis, name) {
      const value = Reflect.get(redis, name);
      if (name !== 'evalsha') return typeof value === 'function' ? value.bind(redis) : value;
      return (...args: Parameters<Redis['evalsha']>) => {
        calls.push(performance.now());
        return redis.evalsha(...args);
      };
    },
  });
  const countSoon = openCountSoon(slow, 800);
  for (const shard of ALL_SHARDS) countSoon.note(shard);
  while (calls.length < ALL_SHARDS.length) await sleep(5);
  countSoon.close();
  // Turns of 50 ms: a timer may come late, and none comes early.
  assert.ok(Number(calls.at(-1)) - Number(calls[0]) > 600, String(calls));
});
