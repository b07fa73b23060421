import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Redis } from 'ioredis';
import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { type CategorySlug, shardOf } from '../../src/ids.ts';
import { openRankings } from '../../src/ranking/build.ts';
import { halfLifeFor, keepHalfLives, readHalfLives } from '../../src/ranking/half-lives.ts';
import { readTops } from '../../src/ranking/read-tops.ts';
import { readSnapshot } from '../../src/ranking/store.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { ALL_SHARDS, keysOf } from '../../src/views/keys.ts';
import { countPending } from '../../src/views/pending.ts';
import { recordReads } from '../../src/views/record.ts';
import { recountChanges } from '../../src/views/recount.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import { rollWindows } from '../../src/views/roll.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { insertArticles, insertCategories, type TestArticle, testArticle } from './counts.ts';

const NOW = new Date('2026-11-26T03:04:00.000Z');
const GARDENS = 'gardens' as CategorySlug;
const ALPS = 'alps' as CategorySlug;

const later = (ms: number) => new Date(NOW.getTime() + ms);

let sql: Sql;
let redis: Redis;
let close: () => Promise<void>;
let visitors = 1;
let reads: { article: TestArticle; at: Date; isBox: boolean }[];

before(async () => {
  const [database, server] = await Promise.all([openTestSql(), openTestRedis()]);
  ({ sql } = database);
  ({ redis } = server);
  close = async () => {
    await Promise.all([database.close(), server.close()]);
  };
});
after(() => close());

beforeEach(async () => {
  reads = [];
  await redis.flushdb();
  await sql.script(
    'truncate articles, categories, read_counts, archive_batches, list_snapshots, count_changes cascade',
  );
  await insertCategories(sql, { gardens: 'Gardens', alps: 'Alps' });
  await restoreCounts(sql, redis, later(-3 * DAY));
});

/** A read in the middle of its slot, where the archive knows its time exactly. */
async function read(article: TestArticle, slotsAgo: number, now = NOW, isBox = false): Promise<void> {
  const at = new Date((Math.floor(now.getTime() / (5 * MINUTE)) - slotsAgo) * 5 * MINUTE + 150_000);
  reads.push({ article, at, isBox });
  const one = { visitor: String(visitors++), visitorBefore: undefined, isTimeNamed: true, isBox };
  await recordReads(redis, shardOf(article.id), now, [
    { article: article.id, categories: article.categories, at, ...one },
  ]);
}

/** The scores of a half-life as reads that were never decayed away, by article. */
async function scoresOf(category: CategorySlug, hours: 3 | 6 | 12 | 24, now: Date): Promise<Record<string, number>> {
  await countPending(redis);
  const scores: Record<string, number> = {};
  for (const shard of ALL_SHARDS) {
    const landmark = Number(await redis.hget(keysOf(shard).marks, `L:${hours * 60}`));
    const all = await redis.zrange(keysOf(shard).popular(category, hours), '0', '-1', 'WITHSCORES');
    for (let i = 0; i < all.length; i += 2) {
      const score = Number(all[i + 1]) * 2 ** ((landmark - now.getTime() / 1000) / (hours * 3600));
      scores[all[i] ?? ''] = Number(score.toPrecision(9));
    }
  }
  return scores;
}

function expectedScores(category: CategorySlug, hours: number, now: Date): Record<string, number> {
  const scores: Record<string, number> = {};
  for (const { article, at, isBox } of reads) {
    if (!article.categories.includes(category)) continue;
    const age = (now.getTime() - at.getTime()) / HOUR;
    scores[article.id] = (scores[article.id] ?? 0) + (isBox ? 0.25 : 1) * 2 ** (-age / hours);
  }
  return Object.fromEntries(Object.entries(scores).map(([id, score]) => [id, Number(score.toPrecision(9))]));
}

test('the fifth article keeps thirty effective reads with the half-life, where one of them suffices', () => {
  const found = [0, 20, 41, 42, 83, 84, 166, 167, 9000].map(halfLifeFor);
  assert.deepEqual(found, [24, 24, 24, 12, 12, 6, 6, 3, 3]);
});

test('a category gets scores of its half-life, exactly, while reads come in', async () => {
  const articles = Array.from({ length: 8 }, () => testArticle(later(-30 * HOUR), 'gardens', 'alps'));
  const young = testArticle(later(-HOUR), 'gardens');
  await insertArticles(sql, [...articles, young]);
  for (const [index, article] of articles.entries()) {
    for (let slot = 24 * 12 + 4; slot > 0; slot -= 37 + index) await read(article, slot, NOW, slot % 2 === 0);
  }
  await archiveCounts(sql, redis, NOW);
  const [first] = articles;
  assert.ok(first);
  await read(first, 0);

  // Reads come between the steps: of articles that have scores already, and of one that nobody had read.
  let isDone = false;
  const busy: Sql = {
    ...sql,
    async transaction(work) {
      const result = await sql.transaction(work);
      if (!isDone) for (const article of [first, young]) await read(article, 0);
      return result;
    },
  };
  assert.equal(await keepHalfLives(busy, redis, NOW), 2);
  isDone = true;
  assert.deepEqual(Object.fromEntries(await readHalfLives(redis)), { gardens: 24, alps: 24 });
  for (const category of [GARDENS, ALPS]) {
    assert.deepEqual(await scoresOf(category, 24, NOW), expectedScores(category, 24, NOW));
    assert.deepEqual(await scoresOf(category, 3, NOW), expectedScores(category, 3, NOW));
  }
  assert.equal(await keepHalfLives(sql, redis, later(HOUR)), 0);

  // What is counted from now on goes to both, and articles that are filed elsewhere take both along.
  await read(first, 0, later(90 * MINUTE));
  await sql.query(`delete from article_categories where article_id = $1 and category = 'alps'`, [first.id]);
  await sql.query('insert into count_changes (article_id, changed_at) values ($1, $2)', [first.id, NOW]);
  await archiveCounts(sql, redis, later(90 * MINUTE));
  await recountChanges(sql, redis, later(90 * MINUTE));
  assert.deepEqual(await scoresOf(GARDENS, 24, later(90 * MINUTE)), expectedScores(GARDENS, 24, later(90 * MINUTE)));
  assert.equal((await scoresOf(ALPS, 24, NOW))[first.id], undefined);

  // An emptied Redis gets there again.
  await redis.flushdb();
  await restoreCounts(sql, redis, later(90 * MINUTE));
  assert.equal((await readHalfLives(redis)).size, 0);
  assert.equal(await keepHalfLives(sql, redis, later(90 * MINUTE)), 2);
  assert.deepEqual(await scoresOf(GARDENS, 24, later(90 * MINUTE)), expectedScores(GARDENS, 24, later(90 * MINUTE)));
});

test('lists of the category go by its half-life, the site by the shortest, and what is not used is dropped', async () => {
  const [lasting, sudden] = [testArticle(later(-30 * HOUR), 'gardens'), testArticle(later(-30 * HOUR), 'gardens')];
  await insertArticles(sql, [lasting, sudden]);
  for (let slot = 290; slot > 100; slot -= 19) await read(lasting, slot);
  for (let count = 0; count < 4; count++) await read(sudden, 1);
  await archiveCounts(sql, redis, NOW);
  await keepHalfLives(sql, redis, NOW);
  const rankings = openRankings({ sql, redis, siteName: 'JN' });
  await rankings.tick(NOW);
  const firstOf = async (scope: 'site' | CategorySlug) =>
    (await readSnapshot(redis, sql, { kind: 'popular', scope, window: null }))?.items[0]?.article.id;
  assert.equal(await firstOf(GARDENS), lasting.id);
  assert.equal(await firstOf('site'), sudden.id);

  // More is read a day later: the half-life falls, one step at a time.
  const [tomorrow] = [later(DAY + MINUTE)];
  const crowd = Array.from({ length: 5 }, () => testArticle(later(DAY), 'gardens'));
  await insertArticles(sql, crowd);
  await rollWindows(redis, tomorrow);
  // Nobody has looked since.
  for (const article of crowd) for (let count = 0; count < 100; count++) await read(article, 0, tomorrow);
  assert.equal(await keepHalfLives(sql, redis, tomorrow), 1);
  const kept = async () => (await redis.keys('{r*:pop:gardens:*')).map((key) => key.split(':').at(-1));
  assert.deepEqual([...new Set(await kept())].sort(), ['24', '3', '6']);
  assert.equal(await keepHalfLives(sql, redis, later(DAY + HOUR)), 0);
  assert.deepEqual([...new Set(await kept())].sort(), ['3', '6']);
  const tops = await readTops(redis, [GARDENS], () => true, 60, await readHalfLives(redis));
  assert.equal(tops.get(GARDENS)?.popularHere[0]?.id, crowd.at(-1)?.id);
  // Hours suffice for what is older than a day.
  const found = (await scoresOf(GARDENS, 6, tomorrow))[lasting.id] ?? 0;
  assert.ok(Math.abs(found / (expectedScores(GARDENS, 6, tomorrow)[lasting.id] ?? 0) - 1) < 0.02, `${found}`);
});

test('nothing is decided before a whole day was counted, nor of a Redis that is being filled', async () => {
  const article = testArticle(later(-HOUR), 'gardens');
  await insertArticles(sql, [article]);
  await read(article, 3);
  await archiveCounts(sql, redis, NOW);
  assert.equal(await keepHalfLives(sql, redis, NOW), 0);
  await redis.flushdb();
  assert.equal(await keepHalfLives(sql, redis, later(2 * DAY)), 0);
  const { rows } = await sql.query('select from categories where half_life_at is not null');
  assert.deepEqual(rows, []);
});
