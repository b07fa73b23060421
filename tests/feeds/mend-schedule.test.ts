import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Sql } from '../../src/engines/sql.ts';
import { mendSchedule, watchClock } from '../../src/feeds/mend-schedule.ts';
import { openTestSql } from '../support/engines.ts';
import { later, NOW } from './poll-fixtures.ts';

let sql: Sql;
let close: () => Promise<void>;

before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());
beforeEach(() => sql.script('truncate feeds restart identity cascade'));

/** A feed by when it was polled, is due, and until when it is leased, in seconds from NOW. */
async function add(polled: number | null, due: number, leased: number | null): Promise<void> {
  const at = (seconds: number | null) => (seconds === null ? null : later(seconds));
  await sql.query(
    `insert into feeds (url, host, last_polled_at, next_poll_at, leased_until)
     select 'https://news.example/' || count(*), 'news.example', $1::timestamptz, $2::timestamptz, $3::timestamptz from feeds`,
    [at(polled), at(due), at(leased)],
  );
}

async function feeds(): Promise<(number | null)[][]> {
  const { rows } = await sql.query<Record<'last_polled_at' | 'next_poll_at' | 'leased_until', Date | null>>(
    'select last_polled_at, next_poll_at, leased_until from feeds order by id',
  );
  const seconds = (date: Date | null) => (date === null ? null : (date.getTime() - NOW.getTime()) / 1000);
  return rows.map((row) => [seconds(row.last_polled_at), seconds(row.next_poll_at), seconds(row.leased_until)]);
}

test('feeds that were polled while the clock was an hour ahead keep their interval, counted from now', async () => {
  await add(3600, 3900, null);
  await add(3500, 3600, 3660);
  assert.equal(await mendSchedule(sql, NOW), 2);
  assert.deepEqual(await feeds(), [
    [5, 305, null],
    [5, 105, null],
  ]);
});

test('what a right clock wrote stays, also where another machine is a moment ahead', async () => {
  const right = [
    [-10, 290, null],
    [null, 0, 60],
    [2, 302, 62],
    [-86_400, 29 * 86_400, null],
  ] as const;
  for (const [polled, due, leased] of right) await add(polled, due, leased);
  assert.equal(await mendSchedule(sql, NOW), 0);
  assert.deepEqual(await feeds(), right);
});

test('a clock is noticed to have gone back, once, and at the start for all that was before', () => {
  let now = NOW;
  const isBack = watchClock(() => now);
  const at = (seconds: number) => {
    now = later(seconds);
    return isBack();
  };
  assert.deepEqual([0, 1, 3600, 3599, 3600, 0, 1].map(at), [true, false, false, false, false, true, false]);
});
