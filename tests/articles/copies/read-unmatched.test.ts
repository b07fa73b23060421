import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Sql } from '../../../src/engines/sql.ts';
import { openTestSql } from '../../support/engines.ts';
import { NOW } from '../entries.ts';

const READ_UNMATCHED = readFileSync(
  new URL('../../../src/articles/copies/read-unmatched.sql', import.meta.url),
  'utf8',
);

let sql: Sql;
let close: () => Promise<void>;

before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());

async function addWaiting(from: number, to: number): Promise<void> {
  await sql.query(
    `insert into articles (id, title, published_at, published_from, first_seen_at, updated_at, content_hash)
     select lpad(n::text, 12, '0'), 'Title ' || n, $3, 'feed', $3, $3, '' from generate_series($1::int, $2::int) n`,
    [from, to, NOW],
  );
}

/** Pages that reading the next hundred looks at. */
async function pagesRead(): Promise<number> {
  const { rows } = await sql.transaction(async (within) => {
    await within.query(`select set_config('newsrank.deciding_on', 'other', true)`);
    return within.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
      `explain (analyze, buffers, format json) ${READ_UNMATCHED}`,
      [100, 1200, NOW],
    );
  });
  const plan = rows[0]?.['QUERY PLAN'][0].Plan ?? {};
  return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
}

test('the next articles cost the same however many wait', async () => {
  await addWaiting(1, 200);
  const few = await pagesRead();
  assert.ok(few > 0);
  await addWaiting(201, 5000);
  const many = await pagesRead();
  assert.ok(many < 2 * few, `${few} pages with 200 waiting, ${many} with 5,000`);
});
