import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPostgres } from '../../src/engines/postgres.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { compareMigrations, hasSchema, type Migration, migrate, readMigrations } from '../../src/schema/migrate.ts';
import { databaseUrl, openDatabase, openTestSql, skipWithoutPostgres } from '../support/engines.ts';

let sql: Sql;
let close: () => Promise<void>;
before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());

const migration = (name: string, text: string): Migration => ({ name, text, sha256: `hash of ${text}` });

const isThere = async (table: string): Promise<boolean> => {
  const { rows } = await sql.query<{ there: boolean }>('select to_regclass($1) is not null as there', [table]);
  return rows[0]?.there === true;
};

test('the files of src/schema are numbered without gaps, and have been applied once', async () => {
  const migrations = await readMigrations();
  const numbers = migrations.map(({ name }) => Number(name.slice(0, 3)));
  assert.deepEqual(
    numbers,
    Array.from(numbers, (_, index) => index + 1),
  );
  assert.deepEqual(await migrate(sql), { applied: [] });
  const { rows } = await sql.query('select name, sha256 from migrations order by name');
  assert.deepEqual(
    rows,
    migrations.map(({ name, sha256 }) => ({ name, sha256 })),
  );
});

test('a database has the schema of this version, or not', async () => {
  const known = await readMigrations();
  assert.equal(await hasSchema(sql, known), true);
  assert.equal(await hasSchema(sql, [...known, migration('900-later.sql', '')]), false);
  await sql.script('alter table migrations rename to elsewhere');
  assert.equal(await hasSchema(sql, known), false, 'an empty database took its place');
  await sql.script('alter table elsewhere rename to migrations');
});

test('what is still to be applied is told, and nothing done about it', async () => {
  assert.deepEqual((await compareMigrations(sql)).pending, []);
  const names = (await readMigrations()).map(({ name }) => name);
  const { rows } = await sql.query<{ sha256: string }>('delete from migrations where name = $1 returning sha256', [
    names.at(-1),
  ]);
  assert.deepEqual(await compareMigrations(sql), { applied: names.slice(0, -1), pending: names.slice(-1) });
  await sql.query('insert into migrations (name, sha256) select $1, $2', [names.at(-1), rows[0]?.sha256]);
  await sql.script('alter table migrations rename to elsewhere');
  assert.deepEqual(await compareMigrations(sql), { applied: [], pending: names });
  assert.equal(await isThere('migrations'), false);
  await sql.script('alter table elsewhere rename to migrations');
  await sql.query("insert into migrations (name, sha256) values ('999-future.sql', 'x')");
  await assert.rejects(compareMigrations(sql), { code: 'schema-newer' });
  await sql.query("delete from migrations where name = '999-future.sql'");
});

test('a new one is applied, and only that', async () => {
  const known = [...(await readMigrations()), migration('901-more.sql', 'create table more (id integer)')];
  assert.deepEqual(await migrate(sql, undefined, known), { applied: ['901-more.sql'] });
  assert.equal(await isThere('more'), true);
  assert.deepEqual(await migrate(sql, undefined, known), { applied: [] });
  await sql.script("drop table more; delete from migrations where name = '901-more.sql'");
});

test('one that fails leaves nothing behind, neither tables nor its row, and can be repaired', async () => {
  const known = await readMigrations();
  const broken = migration('901-more.sql', 'create table more (id integer); select nothing from nowhere');
  await assert.rejects(migrate(sql, undefined, [...known, broken]), { code: '42P01' });
  assert.equal(await isThere('more'), false);
  const repaired = migration('901-more.sql', 'create table more (id integer)');
  assert.deepEqual(await migrate(sql, undefined, [...known, repaired]), { applied: ['901-more.sql'] });
  await sql.script("drop table more; delete from migrations where name = '901-more.sql'");
});

test('a database of a newer version is left alone', async () => {
  await sql.query("insert into migrations (name, sha256) values ('999-future.sql', 'x')");
  await assert.rejects(migrate(sql), { code: 'schema-newer', message: /999-future\.sql/ });
  await sql.query("delete from migrations where name = '999-future.sql'");
});

test('an applied file that was changed afterwards is refused', async () => {
  const [first, ...others] = await readMigrations();
  assert.ok(first);
  await assert.rejects(migrate(sql, undefined, [{ ...first, sha256: 'other' }, ...others]), {
    code: 'schema-changed',
    message: /001-initial\.sql/,
  });
});

test('racing migrators do no harm', { skip: skipWithoutPostgres }, async () => {
  const fresh = await openDatabase(String(databaseUrl), async () => {});
  const others = await Promise.all(Array.from({ length: 4 }, () => openPostgres(fresh.url)));
  const results = await Promise.all([fresh, ...others].map((engine) => migrate(engine.sql)));
  const applied = results.flatMap((result) => result.applied);
  assert.deepEqual(
    applied.toSorted(),
    (await readMigrations()).map(({ name }) => name),
  );
  await Promise.all(others.map((engine) => engine.close()));
  await fresh.close();
});
