import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { noteCountChanges } from '../../src/articles/count-changes.ts';
import { findCounted } from '../../src/articles/store.ts';
import { HOUR, MINUTE, SECOND } from '../../src/clock.ts';
import { readScript, runScript } from '../../src/engines/script.ts';
import { type ArticleId, type CategorySlug, newArticleId, shardOf } from '../../src/ids.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { readCategoryTotals } from '../../src/views/counts.ts';
import { keysOf, WINDOW_SECONDS, WINDOWS, windowStarts } from '../../src/views/keys.ts';
import { countPending } from '../../src/views/pending.ts';
import { recountChanges } from '../../src/views/recount.ts';
import { rollWindows } from '../../src/views/roll.ts';
import type { CountedArticle } from '../../src/views/view.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { CutOff, cutEngines } from './cut.ts';
import {
  ARTICLES,
  addArticles,
  type CountEngines,
  dump,
  FIRST,
  HOME,
  link,
  merge,
  NEXT,
  places,
  readAs,
  remove,
  reset,
  START,
  THIRD,
  tick,
} from './following.ts';

const rollScript = readScript(new URL('../../src/views/roll.lua', import.meta.url));

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

const minutesLater = (minutes: number) => new Date(START.getTime() + minutes * MINUTE);
const plain = (id: ArticleId): CountedArticle => ({ id, categories: HOME });

test('a copy counts for its original, a split gives each its own back', async () => {
  await readAs(engines.redis, plain(FIRST), START, 2);
  await readAs(engines.redis, plain(NEXT), START, 3);
  await merge(engines.sql, NEXT, FIRST, START);
  await tick(engines, START);
  for (const window of WINDOWS) assert.deepEqual(await places(engines.redis, window), { [`${FIRST} politics`]: 5 });
  await engines.sql.transaction(async (tx) => {
    await link(tx, NEXT, null);
    await noteCountChanges(tx, [FIRST, NEXT], START);
  });
  await tick(engines, START);
  for (const window of WINDOWS) {
    assert.deepEqual(await places(engines.redis, window), { [`${FIRST} politics`]: 2, [`${NEXT} politics`]: 3 });
  }
});

test('collectors that remember what was are put right: copies at once, categories when they have forgotten', async () => {
  const { sql } = engines;
  await merge(engines.sql, NEXT, FIRST, START);
  await sql.query('update article_categories set category = $2 where article_id = $1', [THIRD, 'world']);
  await noteCountChanges(sql, [THIRD], START);
  await tick(engines, START);
  await readAs(engines.redis, plain(NEXT), START, 1);
  await readAs(engines.redis, plain(THIRD), START, 1);
  await tick(engines, START);
  assert.deepEqual(await places(engines.redis, '24h'), { [`${FIRST} politics`]: 1, [`${THIRD} politics`]: 1 });
  await tick(engines, minutesLater(2));
  assert.deepEqual(await places(engines.redis, '24h'), { [`${FIRST} politics`]: 1, [`${THIRD} world`]: 1 });
  const { rows } = await sql.query('select from recounts where due_at <= $1', [minutesLater(2)]);
  assert.deepEqual(rows, []);
});

test('a category change keeps decayed scores to the last bit, and a recount of what is right writes nothing', async () => {
  const { sql } = engines;
  const { redis } = engines;
  await readAs(engines.redis, plain(FIRST), START, 3, new Date(START.getTime() - 7 * SECOND));
  await readAs(engines.redis, plain(FIRST), START, 1, new Date(START.getTime() - 31 * MINUTE), true);
  await countPending(engines.redis);
  const { popular, recent, dirty } = keysOf(shardOf(FIRST));
  const scoresIn = async (category: CategorySlug) =>
    await Promise.all(
      [popular(category, 3), recent(category, 15), recent(category, 60)].map((key) => redis.zscore(key, FIRST)),
    );
  const totals = async () => await redis.hmget(keysOf(shardOf(FIRST)).marks, 't15', 't60');
  const [scores, all] = [await scoresIn('politics' as CategorySlug), await totals()];
  await redis.del(dirty);
  await sql.query('insert into article_categories values ($1, $2)', [FIRST, 'world']);
  await noteCountChanges(sql, [FIRST], START);
  await tick(engines, START);
  assert.deepEqual(await scoresIn('world' as CategorySlug), scores);
  assert.deepEqual(await totals(), all);
  assert.deepEqual(await redis.smembers(dirty), ['world'], 'what did not change is not built again');
  const before = await dump(engines.redis);
  await noteCountChanges(sql, ARTICLES, START);
  await redis.del(dirty);
  await tick(engines, minutesLater(1));
  assert.deepEqual(await dump(engines.redis), before);
  assert.deepEqual(await redis.smembers(dirty), []);
});

test('who takes the place of a removed original has all its reads, those that come late too', async () => {
  const { sql, redis } = engines;
  await merge(engines.sql, THIRD, FIRST, START);
  await merge(engines.sql, NEXT, FIRST, START);
  await readAs(engines.redis, plain(FIRST), START, 2);
  await readAs(engines.redis, plain(THIRD), START, 3);
  await archiveCounts(sql, redis, START);
  await readAs(engines.redis, plain(FIRST), START, 4);
  await remove(engines.sql, [FIRST], START);
  await tick(engines, START);
  await readAs(engines.redis, plain(FIRST), START, 5);
  assert.deepEqual([...(await findCounted(sql, [FIRST, THIRD])).values()], [plain(NEXT), plain(NEXT)]);
  await tick(engines, START);
  assert.deepEqual(await places(engines.redis, '24h'), { [`${NEXT} politics`]: 14 });
  await remove(engines.sql, [NEXT], START);
  await readAs(engines.redis, plain(FIRST), START, 6);
  await tick(engines, START);
  assert.deepEqual(await places(engines.redis, '24h'), { [`${THIRD} politics`]: 20 });
  await remove(engines.sql, [THIRD], START);
  await tick(engines, START);
  assert.deepEqual(await places(engines.redis, '24h'), {});
});

test('what is not archived counts, and what is archived and still lies aside counts once', async () => {
  const { sql, redis } = engines;
  const recounted = async () => {
    await noteCountChanges(sql, [FIRST], START);
    assert.equal(await recountChanges(sql, redis, START), 1);
    return await places(redis, '24h');
  };
  await readAs(redis, plain(FIRST), START, 2);
  assert.deepEqual(await recounted(), { [`${FIRST} politics`]: 2 });
  const committed = async () => (await sql.query('select from archive_batches')).count > 0;
  for (let step = 0; !(await committed()); step++) {
    const dying = cutEngines(redis, sql, { step, when: 'before' });
    await assert.rejects(archiveCounts(dying.sql, dying.redis, START), CutOff);
    assert.deepEqual(await recounted(), { [`${FIRST} politics`]: 2 });
  }
  await readAs(redis, plain(FIRST), START, 1);
  assert.deepEqual(await recounted(), { [`${FIRST} politics`]: 3 });
  await archiveCounts(sql, redis, START);
  assert.deepEqual(await recounted(), { [`${FIRST} politics`]: 3 });
});

test('a recount ends for its article what the roller has begun', async () => {
  const { sql, redis } = engines;
  const { tag } = keysOf(shardOf(FIRST));
  const others = Array.from({ length: 99 }, (_, i) => newArticleId(new Date('2026-02-02'), i));
  const neighbour = others.find((id) => shardOf(id) === shardOf(FIRST)) ?? NEXT;
  await addArticles(sql, [neighbour]);
  await readAs(redis, plain(FIRST), START, 3);
  await readAs(redis, plain(neighbour), START, 2);
  const all = { [`${FIRST} politics`]: 3, [`${neighbour} politics`]: 2 };
  await archiveCounts(sql, redis, START);
  for (const [i, window] of WINDOWS.entries()) {
    const now = new Date(START.getTime() + WINDOW_SECONDS[window] * SECOND + 6 * HOUR);
    const out = `${tag}:out:${window}:politics`;
    // Bucket by bucket, until this window's only one is set aside and nothing of it is subtracted.
    for (const before of WINDOWS.slice(0, i + 1)) {
      const budget = before === window ? 1 : 1_000_000;
      const roll = () => runScript(redis, rollScript, [tag], [before, windowStarts(now)[before], budget]);
      while ((await redis.exists(out)) === 0 && ((await roll()) as number[])[1] === 1);
    }
    assert.equal(await redis.zcard(out), 2, out);
    await noteCountChanges(sql, [FIRST], now);
    await recountChanges(sql, redis, now);
    assert.equal(await redis.zscore(out, FIRST), null);
    await rollWindows(redis, now);
    assert.deepEqual(await places(redis, window), {});
    for (const longer of WINDOWS.slice(i + 1)) assert.deepEqual(await places(redis, longer), all, longer);
  }
  assert.deepEqual(await redis.keys(`${tag}:b[5h]:*`), []);
  assert.equal((await readCategoryTotals(redis)).get('politics' as CategorySlug), 0);
});

test('a recount that goes on after it was given up is refused', async () => {
  const { sql, redis } = engines;
  await readAs(engines.redis, plain(NEXT), START, 1);
  await merge(engines.sql, NEXT, FIRST, START);
  await archiveCounts(sql, redis, START);
  const held: (() => Promise<unknown>)[] = [];
  const holding = new Proxy(redis, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name !== 'evalsha') return typeof member === 'function' ? member.bind(target) : member;
      return async (sha1: string, keys: number, ...args: string[]) => {
        if (args.length === keys + 1) return await target.evalsha(sha1, keys, ...args);
        held.push(() => target.evalsha(sha1, keys, ...args));
        throw new CutOff();
      };
    },
  });
  await tick(engines, START);
  await noteCountChanges(sql, [FIRST, NEXT], START);
  await assert.rejects(recountChanges(sql, holding, START), CutOff);
  await readAs(engines.redis, plain(NEXT), START, 2);
  await tick(engines, START);
  assert.ok(held.length > 0);
  for (const goOn of held) assert.equal(await goOn(), 0);
  assert.deepEqual(await places(engines.redis, '24h'), { [`${FIRST} politics`]: 3 });
});
