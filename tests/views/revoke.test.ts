import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import { type ArticleId, newArticleId, shardOf } from '../../src/ids.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { auditCounts } from '../../src/views/audit.ts';
import { readCategoryTotals } from '../../src/views/counts.ts';
import { keysOf } from '../../src/views/keys.ts';
import { type Read, recordReads } from '../../src/views/record.ts';
import { listRevocations } from '../../src/views/revocations.ts';
import { type RevocationRule, revokeViews, undoRevocation } from '../../src/views/revoke.ts';
import { rollWindows } from '../../src/views/roll.ts';
import { rollUpCounts } from '../../src/views/roll-up.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { CutOff, cutEngines } from './cut.ts';
import {
  ARTICLES,
  type CountEngines,
  FIRST,
  HOME,
  merge,
  NEXT,
  places,
  remove,
  reset,
  START,
  THIRD,
  tick,
} from './following.ts';

const BY = { by: 'ann', reason: 'a robot' };
let engines: CountEngines;
let close: () => Promise<unknown>;
let visitors = 0;

before(async () => {
  const [database, server] = await Promise.all([openTestSql(), openTestRedis()]);
  engines = { sql: database.sql, redis: server.redis };
  close = () => Promise.all([database.close(), server.close()]);
});
after(() => close());
beforeEach(async () => {
  await engines.sql.script('truncate revocations, revoked_counts');
  await reset(engines);
});

async function read(article: ArticleId, times: number, at = START, values: Partial<Read> = {}): Promise<void> {
  const reads = Array.from({ length: times }, () => ({
    ...{ article, categories: HOME, at, isTimeNamed: true, isBox: false },
    ...{ visitor: String(++visitors), visitorBefore: undefined, ...values },
  }));
  await recordReads(engines.redis, shardOf(article), START, reads);
}

const rule = (values: Partial<RevocationRule> = {}): RevocationRule => ({
  ...{
    class: undefined,
    from: new Date(START.getTime() - HOUR),
    to: new Date(START.getTime() + HOUR),
    article: undefined,
  },
  ...values,
});
const revoke = (values: Partial<RevocationRule> = {}) => revokeViews(engines.sql, rule(values), 'UTC', START, BY);
const tryOut = (values: Partial<RevocationRule>, now = START) =>
  revokeViews(engines.sql, rule(values), 'UTC', now, undefined);
const inDay = () => places(engines.redis, '24h');
const counts = (reads: Partial<Record<ArticleId, number>>) =>
  Object.fromEntries(Object.entries(reads).map(([id, count]) => [`${id} politics`, count]));

async function archived(): Promise<number> {
  const { rows } = await engines.sql.query<{ reads: number }>(
    'select coalesce(sum(reads), 0)::int as reads from read_counts',
  );
  return rows[0]?.reads ?? 0;
}

test('what a class gave in a period leaves counts and lists, and nothing else does', async () => {
  await read(FIRST, 5);
  await read(FIRST, 40, START, { channel: 'pixel' });
  await read(FIRST, 3, new Date(START.getTime() - 2 * HOUR), { channel: 'pixel' });
  await read(NEXT, 7, START, { channel: 'ingest' });
  await tick(engines, START);

  const dry = await tryOut({ class: 'pixel' });
  assert.deepEqual([dry.id, dry.reads, dry.articles], [undefined, 40, 1]);
  await tick(engines, START);
  assert.deepEqual(await inDay(), counts({ [FIRST]: 48, [NEXT]: 7 }));

  const { id, reads } = await revoke({ class: 'pixel' });
  assert.equal(reads, 40);
  await tick(engines, START);
  assert.deepEqual(await inDay(), counts({ [FIRST]: 8, [NEXT]: 7 }));
  assert.deepEqual([...(await readCategoryTotals(engines.redis)).values()], [15]);
  assert.equal((await revoke({ class: 'pixel' })).reads, 0, 'a second one finds nothing');

  const undone = await undoRevocation(engines.sql, Number(id), 'bob', START);
  assert.equal(undone.reads, 0, 'the second stands, and takes over');
  const {
    items: [second],
  } = await listRevocations(engines.sql, { article: undefined, limit: 10 });
  assert.equal(second?.reads, 40);
  await undoRevocation(engines.sql, Number(second?.id), 'bob', START);
  await tick(engines, START);
  assert.deepEqual(await inDay(), counts({ [FIRST]: 48, [NEXT]: 7 }));
  await assert.rejects(undoRevocation(engines.sql, Number(id), 'bob', START), { code: 'revocation-unknown' });
  await assert.rejects(revoke({ from: START, to: START }), { code: 'usage-invalid' });
});

test('reads that come late are taken as they come, for as long as the revocation stands', async () => {
  const { id } = await revoke({ class: 'pixel' });
  await read(FIRST, 4, START, { channel: 'pixel' });
  await read(FIRST, 2);
  await tick(engines, START);
  assert.deepEqual(await inDay(), counts({ [FIRST]: 2 }));
  await undoRevocation(engines.sql, Number(id), 'bob', START);
  await read(FIRST, 4, START, { channel: 'pixel' });
  await tick(engines, START);
  assert.deepEqual(await inDay(), counts({ [FIRST]: 10 }));
});

test('the reads of our box, of a crowd, of everybody, and of one article with its copies', async () => {
  const crowd = { origin: '0123456789abcdef' };
  await read(FIRST, 3, START, { isBox: true });
  await read(FIRST, 2);
  // From the second on they come near what one address may give.
  const weighed = Array.from({ length: 6 }, (_, i) => ({
    ...{ article: NEXT, categories: HOME, at: START, isTimeNamed: false, isBox: false },
    ...{ visitor: String(900 + i), visitorBefore: undefined, ...crowd },
  }));
  await recordReads(engines.redis, shardOf(NEXT), START, weighed, 4);
  await read(THIRD, 1);
  await merge(engines.sql, NEXT, THIRD, START);
  await tick(engines, START);
  assert.deepEqual(await inDay(), counts({ [FIRST]: 5, [THIRD]: 5 }));

  assert.equal((await revoke({ class: 'box' })).reads, 3);
  assert.equal((await revoke({ class: 'crowded' })).reads, 3);
  await tick(engines, START);
  assert.deepEqual(await inDay(), counts({ [FIRST]: 2, [THIRD]: 2 }));
  const { id } = await revoke({ article: THIRD });
  await tick(engines, START);
  assert.deepEqual(await inDay(), counts({ [FIRST]: 2 }));
  const first = await listRevocations(engines.sql, { article: THIRD, limit: 1 });
  const rest = await listRevocations(engines.sql, { article: THIRD, limit: 10, cursor: String(first.next) });
  assert.equal(rest.next, null);
  const log = [...first.items, ...rest.items];
  assert.deepEqual(
    log.map((one) => [one.id, one.class, one.reads, one.by, one.reason]),
    [
      [id, null, 2, 'ann', 'a robot'],
      [Number(id) - 1, 'crowded', 3, 'ann', 'a robot'],
    ],
  );
});

test('reads of a removed article are given back to whoever took its place', async () => {
  await read(FIRST, 1);
  await read(NEXT, 4, START, { channel: 'redirect' });
  await merge(engines.sql, NEXT, FIRST, START);
  await tick(engines, START);
  const { id } = await revoke({ class: 'redirect' });
  await remove(engines.sql, [NEXT], START);
  await tick(engines, START);
  assert.deepEqual(await inDay(), counts({ [FIRST]: 1 }));
  await undoRevocation(engines.sql, Number(id), 'bob', START);
  await tick(engines, START);
  assert.deepEqual(await inDay(), counts({ [FIRST]: 5 }));
});

test('where hours and days are kept, a period grows to whole ones', async () => {
  const { sql } = engines;
  const old = new Date(START.getTime() - 3 * DAY);
  await read(FIRST, 2, old);
  await read(FIRST, 3, new Date(old.getTime() + HOUR));
  await tick(engines, START);
  await rollUpCounts(sql, 'UTC', START);
  const one = await revoke({ from: new Date(old.getTime() + MINUTE), to: new Date(old.getTime() + 2 * MINUTE) });
  assert.deepEqual(
    [one.from.toISOString(), one.to.toISOString()],
    ['2026-02-26T10:00:00.000Z', '2026-02-26T11:00:00.000Z'],
  );
  assert.equal(one.reads, 2);
  const muchLater = new Date(START.getTime() + 60 * DAY);
  const days = await tryOut({ from: old, to: new Date(old.getTime() + MINUTE) }, muchLater);
  assert.deepEqual(
    [days.from.toISOString(), days.to.toISOString()],
    ['2026-02-26T00:00:00.000Z', '2026-02-27T00:00:00.000Z'],
  );
});

test('a revocation, and its end, are whole or not at all', async () => {
  await read(FIRST, 6, START, { channel: 'pixel' });
  await read(FIRST, 1);
  await tick(engines, START);
  for (const [work, left] of [
    [async (sql: typeof engines.sql) => void (await revokeViews(sql, rule({ class: 'pixel' }), 'UTC', START, BY)), 1],
    [
      async (sql: typeof engines.sql) => {
        const { rows } = await sql.query<{ id: number }>('select max(id) as id from revocations');
        await undoRevocation(sql, rows[0]?.id ?? 0, 'bob', START);
      },
      7,
    ],
  ] as const) {
    for (let step = 0, isDone = false; !isDone; step++) {
      const before = await archived();
      const dying = cutEngines({}, engines.sql, { step, when: 'before' });
      isDone = await work(dying.sql).then(
        () => true,
        (error: unknown) => {
          assert.ok(error instanceof CutOff, String(error));
          return false;
        },
      );
      assert.equal(await archived(), isDone ? left : before, `cut at ${step}`);
    }
  }
  await tick(engines, START);
  assert.deepEqual(await inDay(), counts({ [FIRST]: 7 }));
});

test('an audit finds what differs from PostgreSQL, wherever it was planted, and sets it right', async () => {
  const { sql, redis } = engines;
  for (const [i, id] of ARTICLES.entries()) await read(id, i + 1, new Date(START.getTime() - i * 5 * HOUR));
  await archiveCounts(sql, redis, START);
  await read(FIRST, 2);
  await rollWindows(redis, START);
  const right = await inDay();
  const audit = (comparison: 'look' | 'repair') => auditCounts(sql, redis, comparison, START);
  assert.deepEqual(await audit('look'), { articles: ARTICLES.length, waiting: 0, wrong: [], wrongTotals: 0 });

  const slot = Math.floor(START.getTime() / 300_000);
  const { window, slot: bucket, marks } = keysOf(shardOf(FIRST));
  const [politics] = HOME as [(typeof HOME)[number]];
  const names = Array.from({ length: 500 }, (_, i) => newArticleId(new Date('2026-01-01'), i));
  const phantom = names.find((id) => shardOf(id) === shardOf(FIRST)) as ArticleId;
  const plants: readonly [string, readonly ArticleId[], () => Promise<unknown>][] = [
    ['a window', [FIRST], () => redis.zincrby(window('24h', politics), 3, FIRST)],
    ['a bucket', [FIRST], () => redis.zincrby(bucket(politics, slot - 200), 1, FIRST)],
    ['a lost window', [FIRST], () => redis.zrem(window('30d', politics), FIRST)],
    [
      'a lost article',
      [NEXT],
      () =>
        Promise.all(
          ['1h', '24h', '7d', '30d'].map((name) =>
            redis.zrem(keysOf(shardOf(NEXT)).window(name as '1h', politics), NEXT),
          ),
        ),
    ],
    ['one that is not', [phantom], () => redis.zadd(keysOf(shardOf(phantom)).window('7d', politics), 9, phantom)],
    ['a sum', [], () => redis.hincrby(marks, `n24:${politics}`, 4)],
  ];
  for (const [name, wrong, plant] of plants) {
    await plant();
    const found = await audit('look');
    assert.deepEqual(found.wrong, wrong, name);
    assert.ok(wrong.length > 0 || found.wrongTotals === 1, name);
    const repaired = await audit('repair');
    assert.deepEqual(repaired.wrong, wrong, name);
    await tick(engines, START);
    await tick(engines, new Date(START.getTime() + 3 * MINUTE));
    assert.deepEqual(await audit('look'), { articles: ARTICLES.length, waiting: 0, wrong: [], wrongTotals: 0 }, name);
    assert.deepEqual(await inDay(), right, name);
  }
});

test('an audit leaves alone what waits for a recount, and says how many that are', async () => {
  const { sql, redis } = engines;
  await read(NEXT, 2);
  await archiveCounts(sql, redis, START);
  await merge(sql, NEXT, FIRST, START);
  const { waiting, wrong } = await auditCounts(sql, redis, 'repair', START);
  // The original, and the copy whose counts still stand.
  assert.deepEqual([waiting, wrong], [2, []]);
  assert.deepEqual(await inDay(), counts({ [NEXT]: 2 }));
});
