import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshForSeconds, retryAfterSeconds } from '../../src/feeds/response-headers.ts';

const NOW = new Date('2026-03-04T10:30:00Z');

test('freshness is max-age less Age, else Expires', () => {
  const cases: readonly (readonly [Record<string, string>, number | null])[] = [
    [{}, null],
    [{ 'cache-control': 'public, max-age=600' }, 600],
    [{ 'cache-control': 'public,MAX-AGE="600"', age: '100' }, 500],
    [{ 'cache-control': 'max-age=600', age: '900' }, 0],
    [{ 'cache-control': 'max-age=600', age: 'old' }, 600],
    [{ 'cache-control': 's-maxage=600' }, null],
    [{ 'cache-control': 'no-cache, max-age=600' }, 0],
    [{ 'cache-control': 'no-store' }, 0],
    [{ 'cache-control': 'max-age=600', expires: 'Wed, 04 Mar 2026 12:30:00 GMT' }, 600],
    [{ expires: 'Wed, 04 Mar 2026 12:30:00 GMT' }, 7200],
    [{ expires: 'Wed, 04 Mar 2026 12:30:00 GMT', date: 'Wed, 04 Mar 2026 12:00:00 GMT' }, 1800],
    [{ expires: 'Wednesday, 04-Mar-26 12:30:00 GMT' }, 7200],
    [{ expires: 'Wed Mar  4 12:30:00 2026' }, 7200],
    [{ expires: 'Thu, 19 Nov 1981 08:52:00 GMT' }, 0],
    [{ expires: '0' }, null],
    [{ expires: '-1' }, null],
    [{ expires: 'never' }, null],
  ];
  for (const [headers, seconds] of cases) assert.equal(freshForSeconds(headers, NOW), seconds, JSON.stringify(headers));
});

test('Retry-After is read as seconds or date, and kept within a day', () => {
  const cases: readonly (readonly [string, number | null])[] = [
    ['120', 120],
    [' 120 ', 120],
    ['1.5', 2],
    ['-5', 0],
    ['99999999999999', 86_400],
    ['Wed, 04 Mar 2026 10:31:00 GMT', 60],
    ['Wed, 04 Mar 2020 10:31:00 GMT', 0],
    ['Wed, 04 Mar 2099 10:31:00 GMT', 86_400],
    ['soon', null],
    ['', null],
    ['0x10', null],
  ];
  for (const [given, seconds] of cases) assert.equal(retryAfterSeconds({ 'retry-after': given }, NOW), seconds, given);
  assert.equal(retryAfterSeconds({}, NOW), null);
});
