import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { HOUR, MINUTE } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { closePeriods } from '../../src/ranking/closed.ts';
import type { ClosedSite } from '../../src/ranking/closed-list.ts';
import type { Scope } from '../../src/ranking/list.ts';
import { PERIODS, type Period, periodAt, startOfNamed } from '../../src/ranking/periods.ts';
import { readClosed } from '../../src/ranking/read-closed.ts';
import { addCounts } from '../../src/views/read-counts.ts';
import { openTestSql } from '../support/engines.ts';
import { insertArticles, insertCategories, type TestArticle, testArticle } from './counts.ts';

let sql: Sql;
let close: () => Promise<void>;

before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());
beforeEach(async () => {
  await sql.script('truncate articles, categories, read_counts, closed_periods cascade');
  await insertCategories(sql, { politics: 'Politics', sports: 'Sports' });
});

const BERLIN: ClosedSite = { siteName: 'JN', zone: 'Europe/Berlin' };

async function newArticle(...categories: string[]): Promise<TestArticle> {
  const article = testArticle(new Date('2026-03-01T00:00:00Z'), ...categories);
  await insertArticles(sql, [article]);
  return article;
}

async function count(...reads: (readonly [TestArticle, string, number])[]): Promise<void> {
  await addCounts(
    sql,
    reads.map(([{ id }, at, reads]) => ({
      slot: Math.floor(Date.parse(at) / 300_000),
      article: id,
      class: 'beacon',
      reads,
      boxReads: 0,
    })),
  );
}

async function shown(period: Period, start: string, scope = 'site', { siteName }: ClosedSite = BERLIN) {
  const list = await readClosed(sql, { period, start: new Date(start), scope: scope as Scope }, siteName);
  return list?.items.map(({ article, reads }) => [article.id, reads]);
}

async function spanAt(period: Period, zone: string, at: string): Promise<[string, string]> {
  const { start, end } = await periodAt(sql, period, zone, new Date(at));
  return [start.toISOString().slice(0, 16), end.toISOString().slice(0, 16)];
}

test('days, weeks and months are those of the zone, longer and shorter when the clocks change', async () => {
  for (const [period, zone, at, start, end] of [
    ['day', 'Europe/Berlin', '2026-03-29T12:00Z', '2026-03-28T23:00', '2026-03-29T22:00'],
    ['day', 'Europe/Berlin', '2026-10-25T12:00Z', '2026-10-24T22:00', '2026-10-25T23:00'],
    ['week', 'Europe/Berlin', '2026-03-29T12:00Z', '2026-03-22T23:00', '2026-03-29T22:00'],
    ['month', 'Europe/Berlin', '2026-10-25T12:00Z', '2026-09-30T22:00', '2026-10-31T23:00'],
    ['hour', 'Europe/Berlin', '2026-10-25T00:30Z', '2026-10-25T00:00', '2026-10-25T01:00'],
    ['hour', 'Europe/Berlin', '2026-10-25T01:30Z', '2026-10-25T01:00', '2026-10-25T02:00'],
    ['hour', 'Asia/Kolkata', '2026-11-23T00:10Z', '2026-11-22T23:30', '2026-11-23T00:30'],
    ['day', 'Asia/Kolkata', '2026-11-23T00:10Z', '2026-11-22T18:30', '2026-11-23T18:30'],
    ['day', 'Asia/Tokyo', '2026-11-23T16:00Z', '2026-11-23T15:00', '2026-11-24T15:00'],
  ] as const) {
    assert.deepEqual(await spanAt(period, zone, at), [start, end], `${period} ${zone} ${at}`);
  }
});

test('periods go by their names on the clocks of the zone; what no clock shows has none', async () => {
  for (const [period, name, start] of [
    ['hour', '2026-11-23T05', '2026-11-23T04:00:00.000Z'],
    ['hour', '2026-03-29T01', '2026-03-29T00:00:00.000Z'],
    ['hour', '2026-03-29T02', undefined],
    ['hour', '2026-10-25T02', '2026-10-25T01:00:00.000Z'],
    ['hour', '2026-11-23T24', undefined],
    ['day', '2026-07-01', '2026-06-30T22:00:00.000Z'],
    ['day', '2026-02-29', undefined],
    ['week', '2026-W48', '2026-11-22T23:00:00.000Z'],
    ['week', '2026-W53', '2026-12-27T23:00:00.000Z'],
    ['week', '2025-W53', undefined],
    ['week', '2026-W00', undefined],
    ['week', '2027-W01', '2027-01-03T23:00:00.000Z'],
    ['month', '2026-11', '2026-10-31T23:00:00.000Z'],
    ['month', '2026-13', undefined],
    ['day', '2026-11', undefined],
  ] as const) {
    const found = await startOfNamed(sql, period, 'Europe/Berlin', name);
    assert.equal(found?.toISOString(), start, `${period} ${name}`);
  }
});

test('a day of 23 hours holds what was read in it, of the site and of each category, copies with their originals', async () => {
  const [first, second, copy] = [await newArticle('politics'), await newArticle('sports'), await newArticle()];
  await sql.query('update articles set original_id = $1 where id = $2', [second.id, copy.id]);
  await count(
    [first, '2026-03-28T22:55Z', 9],
    [first, '2026-03-28T23:00Z', 3],
    [second, '2026-03-29T21:55Z', 2],
    [copy, '2026-03-29T10:00Z', 4],
    [second, '2026-03-29T22:00Z', 9],
  );
  assert.ok((await closePeriods(sql, BERLIN, new Date('2026-03-29T22:05:00Z'))) > 0);
  const day = '2026-03-28T23:00Z';
  assert.deepEqual(await shown('day', day), [
    [second.id, 6],
    [first.id, 3],
  ]);
  assert.deepEqual(await shown('day', day, 'politics'), [[first.id, 3]]);
  const list = await readClosed(sql, { period: 'day', start: new Date(day), scope: 'politics' as Scope }, 'JN');
  assert.deepEqual(
    [list?.list, list?.title, list?.window, list?.confidence],
    [
      'closed',
      '"Politics" ACCESS RANKING',
      { id: 'day', from: '2026-03-28T23:00:00.000Z', to: '2026-03-29T22:00:00.000Z', final: true },
      'thin',
    ],
  );
  // Against the day before, when it was first as well.
  assert.deepEqual([list?.items[0]?.previousRank, list?.items[0]?.movement], [1, 'same']);
  assert.deepEqual(await shown('day', '2026-03-27T23:00Z', 'sports'), [], 'nobody read sports then');
});

test('nothing is closed before it has settled, and what is closed stays as it is', async () => {
  const article = await newArticle('politics');
  await count([article, '2026-11-23T04:10Z', 5]);
  const end = Date.parse('2026-11-23T05:00:00Z');
  assert.equal(await closePeriods(sql, BERLIN, new Date(end + 4 * MINUTE)), 0);
  assert.equal(await shown('hour', '2026-11-23T04:00Z'), undefined);

  // Reads that came late, and then again: twice is once.
  await count([article, '2026-11-23T04:55Z', 2]);
  assert.equal(await closePeriods(sql, BERLIN, new Date(end + 5 * MINUTE)), 1);
  await count([article, '2026-11-23T04:55Z', 7]);
  await sql.query(`update articles set title = 'Another'`);
  assert.equal(await closePeriods(sql, BERLIN, new Date(end + 6 * MINUTE)), 0);
  assert.deepEqual(await shown('hour', '2026-11-23T04:00Z'), [[article.id, 7]]);
  const kept = await readClosed(sql, { period: 'hour', start: new Date('2026-11-23T04:00Z'), scope: 'site' }, 'JN');
  assert.equal(kept?.items[0]?.article.title, `Title of ${article.id}`);
});

test('after a pause what was missed is closed, step by step, hours of half-hour zones too', async () => {
  const site: ClosedSite = { siteName: 'JN', zone: 'Asia/Kolkata' };
  const article = await newArticle();
  await count([article, '2026-11-22T23:25Z', 1], [article, '2026-11-22T23:30Z', 2], [article, '2026-11-23T00:25Z', 4]);
  const now = new Date('2026-11-23T20:00:00Z');
  let closed = 0;
  for (let step = 3; step === 3; closed += step) step = await closePeriods(sql, site, now, 3);
  // From 22:30 to 19:30, and the day.
  assert.equal(closed, 21 + 1);
  assert.deepEqual(await shown('hour', '2026-11-22T23:30Z'), [[article.id, 6]]);
  assert.deepEqual(await shown('day', '2026-11-22T18:30Z'), [[article.id, 7]]);
  const weeksLater = new Date(now.getTime() + 14 * 24 * HOUR);
  for (let step = 100; step === 100; ) step = await closePeriods(sql, site, weeksLater);
  const { rows } = await sql.query<{ period: Period; closed: number }>(
    'select period, count(*) as closed from closed_periods group by period',
  );
  const numbers = new Map(rows.map((row) => [row.period, row.closed]));
  // Hours that lie too far back stay open for ever: their slots may be rolled up.
  assert.deepEqual(
    PERIODS.map((period) => numbers.get(period)),
    [21 + 46, 15, 2, 1],
  );
});

test('two processes that close at once close once', async () => {
  const article = await newArticle('politics');
  await count([article, '2026-11-23T04:10Z', 5]);
  const now = new Date('2026-11-23T06:05:00Z');
  await Promise.all([closePeriods(sql, BERLIN, now), closePeriods(sql, BERLIN, now)]);
  const { rows } = await sql.query(`select start_at from closed_periods where period = 'hour' order by 1`);
  assert.equal(rows.length, 2);
  assert.deepEqual(await shown('hour', '2026-11-23T04:00Z'), [[article.id, 5]]);
});
