import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureClockOffset } from '../../src/engines/clock-offset.ts';
import { openTestSql } from '../support/engines.ts';

test('a clock that is ahead of the database, or behind, is told by how much', async (t) => {
  const { sql, close } = await openTestSql();
  t.after(close);
  for (const seconds of [0, 90, -3600]) {
    const offset = await measureClockOffset(sql, () => new Date(Date.now() + seconds * 1000));
    assert.ok(Math.abs(offset - seconds) < 5, `${offset} s, not ${seconds}`);
  }
});
