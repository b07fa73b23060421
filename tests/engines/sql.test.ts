import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClosers } from '../../src/closers.ts';
import { openDatabase as openEngineDatabase } from '../../src/engines/database.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { databaseUrl, openDatabase, openEmbeddedSql } from '../support/engines.ts';
import { sqlContract } from './sql-contract.ts';

const server = databaseUrl;
sqlContract('embedded PostgreSQL', openEmbeddedSql);
if (server !== undefined) {
  sqlContract('PostgreSQL server', () => openDatabase(server, async () => {}));
  sqlContract('PostgreSQL server, without patience', () => openImpatientDatabase(server));
}

async function openImpatientDatabase(url: string): Promise<{ sql: Sql; close(): Promise<void> }> {
  const own = await openDatabase(url, async () => {});
  const closers = openClosers((name, message) => assert.fail(`${name}: ${message}`));
  const database = await openEngineDatabase({ DATABASE_URL: own.url, DATA_DIR: '/nowhere' }, closers);
  return {
    sql: database.openImpatientSql(),
    async close() {
      await closers.closeAll();
      await own.close();
    },
  };
}

test('within a transaction the embedded engine refuses the outer Sql, which would wait for itself', async () => {
  const { sql, close } = await openEmbeddedSql();
  const calls: (() => Promise<unknown>)[] = [
    () => sql.query('select 1'),
    () => sql.script('select 1'),
    () => sql.transaction(async () => {}),
  ];
  for (const call of calls) await assert.rejects(sql.transaction(call), /use the Sql that it hands/);
  assert.deepEqual((await sql.query('select 1 as one')).rows, [{ one: 1 }]);
  await close();
});
