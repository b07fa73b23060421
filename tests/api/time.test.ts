import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTime } from '../../src/api/time.ts';

test('RFC 3339 in any zone is read, also with the plus sign lost in a query', () => {
  const expected = new Date('2026-01-31T00:00:00Z');
  for (const text of [
    '2026-01-31T00:00:00Z',
    '2026-01-31t00:00:00z',
    '2026-01-31T09:00:00+09:00',
    '2026-01-31T09:00:00 09:00',
    '2026-01-31 00:00:00.000Z',
  ]) {
    assert.deepEqual(parseTime(text), expected, text);
  }
});

test('anything else is no time', () => {
  for (const text of [
    '',
    '2026',
    '2026-01-31',
    '2026-01-31T09:00:00',
    '2026-13-01T00:00:00Z',
    'now',
    '1769817600',
    '2026-02-30T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59-12:00',
    '2026-04-31T00:00:00+09:00',
  ]) {
    assert.equal(parseTime(text), undefined, text);
  }
});

test('what we write we read', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      assert.deepEqual(parseTime(date.toISOString()), date);
    }),
  );
});
