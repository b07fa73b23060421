import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openTestSql } from '../support/engines.ts';

/** The ledger of migrations tells of the schema, not of what is stored. */
const NOT_STORED = ['migrations'];

test('docs/data-model.md has a row for each table, and for no other', async (t) => {
  const { sql, close } = await openTestSql();
  t.after(() => close());
  const { rows } = await sql.query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition order by 1`,
  );
  const tables = rows.map(({ name }) => name).filter((name) => !NOT_STORED.includes(name));
  const text = readFileSync(new URL('../../docs/data-model.md', import.meta.url), 'utf8');
  const cells = [...text.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell);
  const named = cells.flatMap((cell) => [...cell.matchAll(/`([a-z_*]+)`/g)].map(([, name = '']) => name));
  const patterns = named.map((name) => new RegExp(`^${name.replace('*', '.*')}$`));
  const isIn = (name: string) => patterns.some((pattern) => pattern.test(name));
  assert.deepEqual(
    tables.filter((name) => !isIn(name)),
    [],
  );
  const stale = named.filter((_, index) => !tables.some((name) => patterns[index]?.test(name)));
  assert.deepEqual(stale, []);
});
