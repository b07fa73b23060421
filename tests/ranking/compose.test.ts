import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/clock.ts';
import { type CategorySlug, shardOf } from '../../src/ids.ts';
import { openRankings, type Rankings } from '../../src/ranking/build.ts';
import { ALL_SHARDS, keysOf, WINDOWS } from '../../src/views/keys.ts';
import { recordReads } from '../../src/views/record.ts';
import {
  countReads,
  insertArticles,
  openShards,
  referenceList,
  type TestArticle,
  type TestReads,
  testArticle,
} from './counts.ts';
import { later, now, openSite, type Site } from './site.ts';

let site: Site;
let rankings: Rankings;

before(async () => {
  site = await openSite();
});
after(() => site.close());
beforeEach(async () => {
  await site.clear();
  rankings = openRankings({ ...site, siteName: 'JN' });
});

test('a thin access list is filled from its wider window, then from the site, each item labelled', async () => {
  const [own] = await site.newArticles(1, 'politics');
  const [lastWeek] = await site.newArticles(1, 'politics');
  const others = await site.newArticles(6, 'sports');
  await countReads(site.redis, [{ article: lastWeek as TestArticle, at: later(-3 * DAY), reads: 7 }], now);
  await site.count(now, [own, 2], ...others.map((article, index) => [article, 10 + index] as const));
  await rankings.tick(now);
  const { confidence, items } = await site.list('politics');
  assert.equal(confidence, 'thin');
  assert.deepEqual(
    items.map(({ article, reads, fill }) => [article.id, reads, fill]),
    [
      [own?.id, 2, null],
      [lastWeek?.id, 7, '7d'],
      [others[5]?.id, 15, 'site'],
      [others[4]?.id, 14, 'site'],
      [others[3]?.id, 13, 'site'],
    ],
  );
  const lastHour = await site.list('politics', '1h');
  assert.deepEqual(
    lastHour.items.map(({ fill }) => fill),
    [null, '7d', 'site', 'site', 'site'],
  );
});

test('movement is told against one hour ago; before that, against the first list', async () => {
  const [a, b, c] = await site.newArticles(3, 'politics');
  const moves = async () =>
    (await site.list('politics')).items.map(({ article, previousRank, movement, peakRank }) => [
      [a?.id, b?.id, c?.id].indexOf(article.id),
      previousRank,
      movement,
      peakRank,
    ]);
  await site.count(now, [a, 10], [b, 5]);
  await rankings.tick(now);
  await site.count(later(10 * MINUTE), [b, 10], [c, 1]);
  await rankings.tick(later(10 * MINUTE));
  assert.deepEqual(await moves(), [
    [1, 2, 'up', 1],
    [0, 1, 'down', 1],
    [2, null, 'new', 3],
  ]);
  // An hour after the second list that one is what stood an hour ago: nothing has moved since.
  await rankings.tick(later(71 * MINUTE));
  assert.deepEqual(await moves(), [
    [1, 1, 'same', 1],
    [0, 2, 'same', 1],
    [2, 3, 'same', 3],
  ]);
  await site.count(later(72 * MINUTE), [c, 20]);
  // A builder that just started knows the past from what was published.
  await openRankings({ ...site, siteName: 'JN' }).tick(later(72 * MINUTE));
  assert.deepEqual(await moves(), [
    [2, 3, 'up', 1],
    [1, 1, 'down', 1],
    [0, 2, 'down', 1],
  ]);
  assert.equal((await site.list('politics')).items[0]?.since, later(10 * MINUTE).toISOString());
});

test('in popular a newcomer needs 5 % to enter the box, and articles leave after seven days', async () => {
  const box = await site.newArticles(5, 'politics');
  const old = testArticle(later(-7 * DAY - HOUR), 'politics');
  await insertArticles(site.sql, [old]);
  await site.count(now, [old, 900], ...box.map((article) => [article, 100] as const));
  await rankings.tick(now);
  const ids = async () => (await site.list('politics', 'popular')).items.map(({ article }) => article.id);
  const first = await ids();
  assert.deepEqual(first, box.map(({ id }) => id).reverse());

  const [newcomer] = await site.newArticles(1, 'politics');
  await site.count(now, [newcomer, 101]);
  await site.count(now, ...box.slice(1).map((article) => [article, 50] as const));
  await rankings.tick(later(SECOND));
  assert.deepEqual(await ids(), [...first, newcomer?.id]);
  await site.count(now, [newcomer, 5]);
  await rankings.tick(later(2 * SECOND));
  assert.deepEqual(await ids(), [...first.slice(0, 4), newcomer?.id, first[4]]);
});

test('at every instant of a random history the lists are those of brute force', async () => {
  const articles = [
    ...(await site.newArticles(6, 'politics')),
    ...(await site.newArticles(6, 'sports', 'politics')),
    ...(await site.newArticles(4)),
  ];
  const step = fc.array(fc.record({ article: fc.nat(articles.length - 1), reads: fc.integer({ min: 1, max: 4 }) }), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
      await openShards(site.redis, now);
      await site.sql.script('truncate list_snapshots');
      rankings = openRankings({ ...site, siteName: 'JN' });
      const all: TestReads[] = [];
      for (const [index, reads] of steps.entries()) {
        const at = later(index * SECOND);
        const added = reads.map(({ article, reads }) => ({ article: articles[article] as TestArticle, at, reads }));
        all.push(...added);
        await countReads(site.redis, added, at);
        await rankings.tick(at);
        for (const scope of ['site', 'politics', 'sports']) {
          for (const window of WINDOWS) {
            const own = (await site.list(scope, window)).items.filter(({ fill }) => fill === null);
            assert.deepEqual(
              own.map(({ article, reads }) => ({ id: article.id, reads })),
              referenceList(all, scope, window, at),
            );
          }
        }
      }
    }),
    { numRuns: 6 },
  );
});

test('reads counted by the real script reach the lists', async () => {
  await site.redis.flushdb();
  for (const shard of ALL_SHARDS) await site.redis.hset(keysOf(shard).marks, { restored: 1 });
  const [a, b] = await site.newArticles(2, 'politics');
  for (const [article, visitors] of [
    [a, 3],
    [b, 6],
  ] as const) {
    assert.ok(article);
    const read = {
      article: article.id,
      categories: ['politics' as CategorySlug],
      at: now,
      isTimeNamed: false,
      isBox: false,
      visitorBefore: undefined,
    };
    const reads = Array.from({ length: visitors }, (_, visitor) => ({ ...read, visitor: String(1000 + visitor) }));
    await recordReads(site.redis, shardOf(article.id), now, reads);
  }
  await rankings.tick(now);
  for (const window of [...WINDOWS, 'popular'] as const) {
    assert.deepEqual(
      (await site.list('politics', window)).items.map(({ article, reads }) => [article.id, reads]),
      [
        [b?.id, 6],
        [a?.id, 3],
      ],
    );
  }
});
