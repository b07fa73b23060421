import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { MINUTE } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { type ArticleId, type CategorySlug, newArticleId, shardOf } from '../../src/ids.ts';
import { openRankings } from '../../src/ranking/build.ts';
import type { Scope, Snapshot } from '../../src/ranking/list.ts';
import { readCandidates } from '../../src/ranking/read-rising.ts';
import { openRisingLists } from '../../src/ranking/rising-lists.ts';
import { readSnapshot } from '../../src/ranking/store.ts';
import { ALL_SHARDS, keysOf, UNCATEGORISED } from '../../src/views/keys.ts';
import { countPending } from '../../src/views/pending.ts';
import { type Read, recordReads } from '../../src/views/record.ts';
import { rollWindows } from '../../src/views/roll.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { insertArticles, insertCategories, type TestArticle, testArticle } from './counts.ts';

const START = new Date('2026-11-26T03:00:00.000Z');
const SCOPES = ['site', 'politics', 'sports'];
const COUNTED = ['politics', 'sports', UNCATEGORISED] as CategorySlug[];

const at = (minutes: number) => new Date(START.getTime() + Math.round(minutes * MINUTE));

interface Burst {
  readonly article: TestArticle;
  /** After START, where the first minutes are long before the lists are looked at. */
  readonly minutes: number;
  readonly reads: number;
}

let redis: Redis;
let sql: Sql;
let visitors = 1;
let closers: (() => Promise<void>)[];

before(async () => {
  const [server, database] = await Promise.all([openTestRedis(), openTestSql()]);
  ({ redis } = server);
  ({ sql } = database);
  closers = [server.close, database.close];
});
after(() => Promise.all(closers.map((close) => close())));
beforeEach(() => clear());

async function clear(): Promise<void> {
  await redis.flushdb();
  // Landmarks of their own for each shard, so that mixing them shows.
  for (const shard of ALL_SHARDS) {
    const landmark = START.getTime() / 1000 - 86_400 + shard * 1001;
    await redis.hset(keysOf(shard).marks, { restored: 1, 'L:15': landmark, 'L:60': landmark + 77, 'L:180': landmark });
  }
}

async function count({ article, minutes, reads }: Burst): Promise<void> {
  const read = (): Read => ({
    article: article.id,
    categories: article.categories,
    at: at(minutes),
    isTimeNamed: false,
    isBox: false,
    visitor: String(visitors++),
    visitorBefore: undefined,
  });
  await recordReads(redis, shardOf(article.id), at(minutes), Array.from({ length: reads }, read));
  await countPending(redis, [shardOf(article.id)]);
}

/** The definition, word for word, over all reads. */
function reference(bursts: readonly Burst[], scope: string, minutes: number): ArticleId[] {
  const decayed = (some: readonly Burst[], halfLife: number) =>
    some.reduce((sum, burst) => sum + burst.reads * 2 ** ((burst.minutes - minutes) / halfLife), 0);
  const of = (article: TestArticle) => bursts.filter((burst) => burst.article.id === article.id);
  const articles = [...new Map(bursts.map(({ article }) => [article.id, article])).values()];
  const ratio = decayed(bursts, 15) / 15 / (decayed(bursts, 60) / 60);
  const categories = scope === 'site' ? ['politics', 'sports', UNCATEGORISED] : [scope];
  const best = new Map<ArticleId, number>();
  for (const category of categories) {
    const own = articles.filter((article) =>
      article.categories.length === 0 ? category === UNCATEGORISED : article.categories.some((own) => own === category),
    );
    const slow = own.map((article) => decayed(of(article), 60));
    const mean = slow.reduce((sum, each) => sum + each, 0) / slow.filter((each) => each >= 1 / 16).length;
    for (const article of own) {
      const fast = decayed(of(article), 15);
      const rate = (fast * Math.LN2) / 15;
      const expected = (ratio * Math.max(decayed(of(article), 60), mean) * Math.LN2) / 60;
      const z = (rate - expected) / Math.sqrt((expected * Math.LN2) / 30);
      if (fast < 8 - 1e-6 || z < 3 - 1e-6) continue;
      best.set(article.id, Math.max(best.get(article.id) ?? 0, Number((rate / expected).toFixed(7))));
    }
  }
  return [...best].sort(([a, x], [b, y]) => y - x || (a < b ? 1 : -1)).map(([id]) => id);
}

const history = (size: { min: number; max: number }, minutes: [number, number], reads: [number, number]) =>
  fc.record({
    categories: fc.subarray(['politics', 'sports']),
    reads: fc.array(
      fc.record({
        minutes: fc.integer({ min: minutes[0], max: minutes[1] }),
        reads: fc.integer({ min: reads[0], max: reads[1] }),
      }),
      { minLength: size.min, maxLength: size.max },
    ),
  });

/** A crowd that is read now and then, and a few that are read much all at once. */
const histories = fc
  .tuple(
    fc.array(history({ min: 4, max: 12 }, [120, 340], [1, 3]), { minLength: 6, maxLength: 16 }),
    fc.array(history({ min: 1, max: 2 }, [290, 350], [20, 90]), { minLength: 2, maxLength: 4 }),
  )
  .map((groups) => groups.flat());

test('rising lists are those of brute force at every instant, whatever was read again since', async () => {
  let listed = 0;
  await fc.assert(
    fc.asyncProperty(histories, async (articles) => {
      await clear();
      const bursts = articles
        .flatMap(({ categories, reads }, index) => {
          const article = testArticle(at(-60), ...categories);
          // A little apart, so that nothing lies on the very edge of the definition: by whole seconds, as reads are kept.
          return reads.map((burst) => ({ article, minutes: burst.minutes + index / 60, reads: burst.reads }));
        })
        .sort((a, b) => a.minutes - b.minutes);
      const lists = openRisingLists(redis);
      let done = 0;
      for (const minutes of [301.5, 310.5, 320.5, 331.5, 340.5, 355.5, 400.5]) {
        const due = bursts.slice(done).filter((burst) => burst.minutes <= minutes);
        done += due.length;
        for (const burst of due) await count(burst);
        // Only what was read since: what was not fades by itself.
        const dirty = new Set(
          due.flatMap(({ article }) => (article.categories.length === 0 ? [UNCATEGORISED] : article.categories)),
        );
        await lists.update({ whole: [...dirty], isFull: false, grown: new Map() }, at(minutes));
        const found = lists.at(at(minutes));
        for (const scope of SCOPES) {
          const expected = reference(bursts.slice(0, done), scope, minutes);
          listed += expected.length;
          const ids = found.get(scope as Scope)?.map(({ id }) => id) ?? [];
          assert.deepEqual(ids, expected, `${scope} after ${minutes} minutes`);
        }
      }
    }),
    { numRuns: 15, includeErrorInReport: true },
  );
  assert.ok(listed > 0, 'something rose');
});

async function list(scope: string): Promise<Snapshot | undefined> {
  return readSnapshot(redis, sql, { kind: 'rising', scope: scope as Scope, window: null });
}

test('a rise is published, marks young articles, is never padded, and fades without another read', async () => {
  await sql.script('truncate articles, categories, list_snapshots cascade');
  await insertCategories(sql, { politics: 'Politics', sports: 'Sports' });
  const [young, old] = [testArticle(at(230), 'politics'), testArticle(at(0), 'politics')];
  const crowd = Array.from({ length: 20 }, () => testArticle(at(0), 'politics'));
  await insertArticles(sql, [young, old, ...crowd]);
  const steady = Array.from({ length: 30 }, (_, step) => step * 10);
  for (const minutes of steady) for (const article of crowd) await count({ article, minutes, reads: 2 });
  const rankings = openRankings({ sql, redis, siteName: 'JN' });
  await rollWindows(redis, at(295));
  await rankings.tick(at(295));
  assert.deepEqual([(await list('politics'))?.confidence, (await list('politics'))?.items], ['empty', []]);

  await count({ article: young, minutes: 299, reads: 150 });
  await count({ article: old, minutes: 299, reads: 100 });
  await rollWindows(redis, at(300));
  await rankings.tick(at(300));
  const rising = await list('politics');
  assert.deepEqual([rising?.title, rising?.window, rising?.confidence], ['"Politics" RISING ARTICLE', null, 'ok']);
  assert.deepEqual(
    rising?.items.map(({ article, movement, reads, fill }) => [article.id, movement, reads, fill]),
    [
      [young.id, 'new', 150, null],
      [old.id, 'up', 100, null],
    ],
  );
  assert.equal((await list('site'))?.items.length, 2);
  assert.deepEqual([(await list('sports'))?.confidence, (await list('sports'))?.items], ['empty', []]);

  // A tick on which nothing was read builds these lists alone.
  assert.deepEqual(await rankings.tick(at(300.1)), { built: 2, published: 0 });
  for (let minutes = 300.5; minutes < 400; minutes += 4) await rankings.tick(at(minutes));
  assert.deepEqual((await list('politics'))?.items, []);
  assert.deepEqual((await list('site'))?.items, []);
  assert.deepEqual(await rankings.tick(at(397)), { built: 0, published: 0 });
});

test('a list from which a rush elsewhere takes all is published empty in the same tick', async () => {
  await sql.script('truncate articles, categories, list_snapshots cascade');
  await insertCategories(sql, { politics: 'Politics', sports: 'Sports' });
  const [article, other] = [testArticle(at(0), 'politics'), testArticle(at(0), 'sports')];
  await insertArticles(sql, [article, other]);
  await count({ article: other, minutes: 150, reads: 90 });
  await count({ article, minutes: 293, reads: 13 });
  const rankings = openRankings({ sql, redis, siteName: 'JN' });
  await rankings.tick(at(300));
  assert.equal((await list('politics'))?.items.length, 1);
  await count({ article: other, minutes: 300, reads: 60 });
  await rankings.tick(at(300.1));
  assert.deepEqual((await list('politics'))?.items, []);
});

test('reads that come late or are taken out may let what nobody read since rise', async () => {
  const [article, other] = [testArticle(at(0), 'politics'), testArticle(at(0), 'sports')];
  await count({ article: other, minutes: 300, reads: 60 });
  await count({ article, minutes: 300, reads: 13 });
  const lists = openRisingLists(redis);
  await lists.update({ whole: COUNTED, isFull: true, grown: new Map() }, at(300.5));
  assert.deepEqual([...lists.at(at(300.5))], []);
  // By now the site was read steadily.
  await count({ article: other, minutes: 150, reads: 600 });
  const sports = 'sports' as CategorySlug;
  await lists.update({ whole: [sports], isFull: false, grown: new Map() }, at(301));
  assert.deepEqual(
    lists
      .at(at(301))
      .get('politics' as CategorySlug)
      ?.map(({ id }) => id),
    [article.id],
  );
});

test('a category in which more articles may rise than one call gives is read to its end', async () => {
  const many = Array.from({ length: 1300 }, (_, index) => ({ id: newArticleId(at(0), index + 1) }));
  const [own = []] = [many.filter(({ id }) => shardOf(id) === 0)];
  const keys = keysOf(0);
  const score = 2 ** ((at(300).getTime() / 1000 - Number(await redis.hget(keys.marks, 'L:15'))) / 900);
  const sports = 'sports' as CategorySlug;
  await redis.zadd(keys.recent(sports, 15), ...own.flatMap(({ id }, index) => [(20 + index) * score, id]));
  assert.ok(own.length > 50);
  for (const most of [1, 7, own.length - 1, own.length, own.length + 1]) {
    const found = await readCandidates(redis, ['politics' as CategorySlug, sports, UNCATEGORISED], at(300), most);
    const ids = found.get(sports)?.map(({ id }) => id) ?? [];
    assert.deepEqual(ids, own.map(({ id }) => id).reverse());
  }
});

test('a site that never had a read has no rising list to build', async () => {
  const lists = openRisingLists(redis);
  await lists.update({ whole: [], isFull: true, grown: new Map() }, at(0));
  assert.deepEqual([...lists.at(at(0))], []);
});
