import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCalendar } from '../../src/web/calendar.ts';

test('the beginning of a day in the site’s zone, also where clocks change', () => {
  for (const [zone, date, later, expected] of [
    ['Asia/Tokyo', '2024-11-26', 0, '2024-11-25T15:00:00.000Z'],
    ['Asia/Tokyo', '2024-12-31', 1, '2024-12-31T15:00:00.000Z'],
    ['Europe/Berlin', '2026-03-29', 0, '2026-03-28T23:00:00.000Z'],
    ['Europe/Berlin', '2026-03-29', 1, '2026-03-29T22:00:00.000Z'],
    ['America/New_York', '2026-11-01', 1, '2026-11-02T05:00:00.000Z'],
  ] as const) {
    assert.equal(openCalendar(zone).midnight(date, later)?.toISOString(), expected, `${zone} ${date}`);
  }
  for (const text of ['', 'x', '2024-02-30', '2024-13-01', '0024-01-01', '2024-1-1']) {
    assert.equal(openCalendar('UTC').midnight(text), undefined, text);
  }
});
