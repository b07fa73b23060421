import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { countTerms } from '../../../src/articles/stories/frequencies.ts';
import { DAY } from '../../../src/clock.ts';
import type { Sql } from '../../../src/engines/sql.ts';
import { openTestSql } from '../../support/engines.ts';

const NOW = new Date('2026-03-04T10:30:00Z');
const TERMS = new Map([['en:rare', 1]]);

let sql: Sql;
let close: () => Promise<void>;
before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());

const count = (at: Date) => sql.transaction((tx) => countTerms(tx, [TERMS], at));

test('a count fades by half in a week, to nothing in any time, and never grows as a clock goes back', async () => {
  assert.equal((await count(NOW)).of('en:rare'), 1);
  assert.equal((await count(new Date(NOW.getTime() + 7 * DAY))).of('en:rare'), 1.5);
  // PostgreSQL fails where a number becomes too small: of real after three years, of double precision after twenty.
  for (const years of [4, 60, 200]) {
    const counted = await count(new Date(NOW.getTime() + years * 365 * DAY));
    assert.ok(Math.abs(counted.of('en:rare') - 1) < 1e-6, `after ${years} years`);
    assert.equal(counted.isKnown('en:rare'), counted.of('en:rare') > 1);
  }
  assert.ok(Math.abs((await count(new Date(0))).of('en:rare') - 2) < 1e-6);
});
