import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { MINUTE, SECOND } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { ArticleId } from '../../src/ids.ts';
import { openRankings, type Rankings } from '../../src/ranking/build.ts';
import { closePeriods } from '../../src/ranking/closed.ts';
import { type ListKey, listRedisKey, SCOPE_LISTS, type Scope, type Snapshot } from '../../src/ranking/list.ts';
import type { Period } from '../../src/ranking/periods.ts';
import { readClosed } from '../../src/ranking/read-closed.ts';
import { readSnapshots } from '../../src/ranking/store.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { ALL_SHARDS, keysOf } from '../../src/views/keys.ts';
import { countPending } from '../../src/views/pending.ts';
import { rollWindows } from '../../src/views/roll.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { closed, listOf } from './definitions.ts';
import { ARTICLES, CATEGORIES, type MovingWorld, openWorld } from './moving-world.ts';

const START = new Date('2026-10-24T20:04:00.000Z');
const SCOPES: readonly Scope[] = ['site', ...CATEGORIES];
const KEYS: readonly ListKey[] = SCOPES.flatMap((scope) => SCOPE_LISTS.map((list) => ({ ...list, scope })));
/** `RANKING_RUNS=300` looks further. */
const RUNS = Number(process.env['RANKING_RUNS'] ?? 4);
const SITE = { siteName: 'JN', zone: 'Europe/Berlin' };

let sql: Sql;
let redis: Redis;
let close: () => Promise<void>;

before(async () => {
  const [database, server] = await Promise.all([openTestSql(), openTestRedis()]);
  ({ sql } = database);
  ({ redis } = server);
  close = async () => {
    await Promise.all([database.close(), server.close()]);
  };
});
after(() => close());

const article = fc.nat(ARTICLES - 1);
const reads = fc.array(
  fc.record({
    article,
    slotsAgo: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.nat(14), fc.nat(240)),
    times: fc.oneof(fc.constantFrom(1, 2, 3), fc.constantFrom(12, 40)),
    isBox: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
);

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('reads' as const), reads }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      minutes: fc.constantFrom(0.1, 0.3, 1, 4, 11, 26, 61, 150, 700, 1450),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('file' as const), article, categories: fc.subarray(CATEGORIES) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('withdraw' as const), article }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('lose' as const, 'restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('keep' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

test('all lists are those of the definitions at every instant of any history', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30 }), runHistory), {
    includeErrorInReport: true,
    numRuns: RUNS,
    // A run takes half a second or so: this bounds how long a history that fails is made smaller.
    interruptAfterTimeLimit: (10 + 3 * RUNS) * SECOND,
  });
});

async function runHistory(steps: readonly Step[]): Promise<void> {
  const world = await openWorld(sql, redis, START);
  const told = new Map<string, Told>();
  let rankings = openRankings({ sql, redis, siteName: 'JN' });
  let fullAt = Number.NEGATIVE_INFINITY;
  for (const step of steps) {
    await take(world, step);
    if (step.kind === 'restart') rankings = openRankings({ sql, redis, siteName: 'JN' });
    if (step.kind === 'restart' || step.kind === 'lose') fullAt = Number.NEGATIVE_INFINITY;
    const isFull = world.now.getTime() - fullAt >= MINUTE;
    if (isFull) fullAt = world.now.getTime();
    await compareLists(rankings, world, told, isFull);
  }
  await compareClosed(world);
}

async function take(world: MovingWorld, step: Step): Promise<void> {
  if (step.kind === 'wait') world.wait(step.minutes);
  else if (step.kind === 'file') await world.file(step.article, step.categories);
  else if (step.kind === 'withdraw') await world.withdraw(step.article);
  else if (step.kind === 'lose') await world.lose();
  else if (step.kind === 'keep') await world.keepHalfLives();
  else if (step.kind === 'reads') {
    for (const { article, slotsAgo, times, isBox } of step.reads) await world.read(article, slotsAgo, times, isBox);
  }
}

interface Told {
  readonly version: string | undefined;
  readonly items: readonly ToldItem[];
}

interface ToldItem {
  readonly id: ArticleId;
  readonly rank: number;
  readonly since: string;
  readonly peakRank: number;
  readonly fill: string | null;
}

/** Categories whose lists the next tick builds. */
async function listChanged(): Promise<Set<string>> {
  await countPending(redis);
  const shards = ALL_SHARDS.map(async (shard) => {
    const { dirty, changed } = keysOf(shard);
    const grown = (await redis.smembers(changed)).flatMap((member) => member.split(' ')[1]?.split(',') ?? []);
    return [...(await redis.smembers(dirty)), ...grown];
  });
  return new Set((await Promise.all(shards)).flat());
}

async function compareLists(
  rankings: Rankings,
  world: MovingWorld,
  told: Map<string, Told>,
  isFull: boolean,
): Promise<void> {
  await rollWindows(redis, world.now);
  const dirty = await listChanged();
  await rankings.tick(world.now);
  const lists = await readSnapshots(redis, sql, KEYS);
  for (const [index, key] of KEYS.entries()) {
    const { version, items: last = [] } = told.get(listRedisKey(key)) ?? {};
    const isDue = isFull || (key.scope === 'site' ? dirty.size > 0 : dirty.has(key.scope)) || key.kind === 'rising';
    // Without a new read too: where an old article begins to rise because others, elsewhere, are read less.
    const isBuilt = isDue || lists[index]?.version !== version;
    const box = new Set(last.filter(({ rank, fill }) => rank <= 5 && fill === null).map(({ id }) => id));
    const expected = listOf(world, key, world.now.getTime(), box);
    const name = `${listRedisKey(key)} at ${world.now.toISOString()}`;
    if (isBuilt) {
      const items = compareBuilt(lists[index], expected, last, world.now, name);
      told.set(listRedisKey(key), { version: lists[index]?.version, items });
    } else if (key.kind === 'access') {
      // Without a new read its own places stand; what it is filled with follows within a minute.
      const own = (items: readonly { fill: string | null; reads: number }[]) =>
        items.filter(({ fill }) => fill === null).map(({ reads }) => reads);
      assert.deepEqual(own(lists[index]?.items ?? []), own(expected.items), name);
    }
  }
}

function compareBuilt(
  list: Snapshot | undefined,
  { confidence, items }: ReturnType<typeof listOf>,
  last: readonly ToldItem[],
  now: Date,
  name: string,
): ToldItem[] {
  const expected = items.map(({ id, reads, fill }, index): ToldItem & { reads: number } => {
    const before = last.find((item) => item.id === id);
    const rank = index + 1;
    const peakRank = Math.min(rank, before?.peakRank ?? rank);
    return { id, rank, since: before?.since ?? now.toISOString(), peakRank, fill, reads };
  });
  const found = list?.items.map(({ article, rank, since, peakRank, fill, reads }) => ({
    ...{ id: article.id, rank, since, peakRank, fill, reads },
  }));
  assert.deepEqual(found ?? [], expected, name);
  assert.equal(list?.confidence ?? 'empty', confidence, name);
  return expected;
}

async function compareClosed(world: MovingWorld): Promise<void> {
  await archiveCounts(sql, redis, world.now);
  await closePeriods(sql, SITE, world.now);
  const { rows } = await sql.query<{ period: Period; start: Date; end: Date }>(
    'select period, start_at as start, end_at as "end" from closed_periods',
  );
  for (const { period, start, end } of rows) {
    for (const scope of SCOPES) {
      const list = await readClosed(sql, { period, start, scope }, SITE.siteName);
      assert.deepEqual(
        list?.items.map(({ article, reads }) => ({ id: article.id, reads })),
        closed(world, scope, start.getTime(), end.getTime()).map(({ id, reads }) => ({ id, reads })),
        `${scope}: ${period} of ${start.toISOString()}`,
      );
    }
  }
}
