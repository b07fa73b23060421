import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openDates } from '../../src/web/dates.ts';

const AT = new Date('2024-11-26T03:48:00Z');
const SUMMER = new Date('2024-07-01T00:05:00Z');

describe('full time', () => {
  const cases: readonly [string, Date, string][] = [
    ['Asia/Tokyo', AT, '12:48 JST, November 26, 2024'],
    ['Asia/Seoul', AT, '12:48 KST, November 26, 2024'],
    ['UTC', AT, '03:48 UTC, November 26, 2024'],
    ['America/New_York', AT, '22:48 EST, November 25, 2024'],
    ['America/New_York', SUMMER, '20:05 EDT, June 30, 2024'],
    ['Europe/Berlin', AT, '04:48 CET, November 26, 2024'],
    ['Europe/London', SUMMER, '01:05 BST, July 1, 2024'],
    ['Asia/Kolkata', AT, '09:18 IST, November 26, 2024'],
    ['Asia/Dhaka', AT, '09:48 GMT+6, November 26, 2024'],
  ];
  for (const [zone, at, text] of cases) {
    test(`${zone}: ${text}`, () => assert.equal(openDates(zone).full(at), text));
  }

  test('midnight is 00, never 24', () => {
    assert.equal(openDates('UTC').full(new Date('2024-11-26T00:00:00Z')), '00:00 UTC, November 26, 2024');
  });
});

describe('brief time', () => {
  const dates = openDates('Asia/Tokyo');
  const cases: readonly [string, string, string][] = [
    ['the same day in the site’s zone', '2024-11-25T15:00:00Z', '00:00 JST'],
    ['the day before in the site’s zone', '2024-11-25T14:59:00Z', 'November 25'],
    ['another year', '2023-11-26T03:48:00Z', 'November 26, 2023'],
  ];
  for (const [name, at, text] of cases) {
    test(name, () => assert.equal(dates.brief(new Date(at), AT), text));
  }
});

test('the day of the masthead', () => {
  assert.equal(openDates('Asia/Tokyo').day(AT), 'Tuesday, November 26, 2024');
});
