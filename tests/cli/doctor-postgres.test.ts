import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePostgres } from '../../src/cli/doctor-postgres.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { openTestSql } from '../support/engines.ts';

const WELL = { version: '15.18', number: 150_018, isStandby: false, isReadOnly: false, used: 12, most: 100 };

const saying = (state: Partial<typeof WELL>): Sql =>
  ({ query: async () => ({ rows: [{ ...WELL, ...state }], count: 1 }) }) as unknown as Sql;

test('a PostgreSQL that is too old, takes no writes or is full is told with what helps', async () => {
  const states: readonly (readonly [Partial<typeof WELL>, RegExp])[] = [
    [{ version: '13.9', number: 130_009 }, /It is 13\.9: newsrank needs PostgreSQL 14/],
    [{ isStandby: true, isReadOnly: true }, /name the primary in DATABASE_URL/],
    [{ isReadOnly: true }, /default_transaction_read_only/],
    [{ used: 95 }, /^Error: 95 of its 100 connections are in use: raise max_connections/],
  ];
  for (const [state, told] of states) await assert.rejects(describePostgres(saying(state)), told);
  assert.equal(await describePostgres(saying({})), '15.18, takes writes; 12 of its 100 connections are in use');
});

test('it is asked for what it knows', async (t) => {
  const { sql, close } = await openTestSql();
  t.after(close);
  assert.match(await describePostgres(sql), /^\d+\.\d+.*, takes writes; \d+ of its \d+ connections are in use$/);
});
