import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import type { Log } from '../log.ts';

/** One file of this folder, `NNN-what.sql`. Once released it never changes: the next one corrects it. */
export interface Migration {
  readonly name: string;
  readonly text: string;
  readonly sha256: string;
}

/** Any number, the same for all of us: who holds this advisory lock migrates. */
const LOCK = 7_214_096_301;

const LEDGER = `
  create table if not exists migrations (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default now()
  )`;

/** The migrations in `folder`, in order. */
export async function readMigrations(folder = new URL('./', import.meta.url)): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{3}-.+\.sql$/.test(name)).sort();
  return await Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, folder), 'utf8');
      return { name, text, sha256: createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex') };
    }),
  );
}

/**
 * Brings the database to this version's schema and says which migrations that took. Safe to run by several processes at
 * once. Throws `schema-newer` when the database has migrations that this version does not know.
 */
export async function migrate(sql: Sql, log?: Log, migrations?: readonly Migration[]): Promise<{ applied: string[] }> {
  const known = migrations ?? (await readMigrations());
  const applied: string[] = [];
  for (const migration of known) {
    if (await apply(sql, known, migration)) {
      applied.push(migration.name);
      log?.info({ migration: migration.name }, 'migration applied');
    }
  }
  return { applied };
}

const UNDEFINED_TABLE = '42P01';

/** Whether the database has the schema of these migrations: another one may have taken its place. */
export async function hasSchema(sql: Sql, migrations: readonly Migration[]): Promise<boolean> {
  try {
    const names = migrations.map(({ name }) => name);
    const { count } = await sql.query('select from migrations where name = any ($1)', [names]);
    return count === migrations.length;
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return false;
    throw error;
  }
}

/** Whether the migration had to be applied: its ledger row goes first, so that of two racing migrators one waits. */
async function apply(sql: Sql, known: readonly Migration[], migration: Migration): Promise<boolean> {
  return await sql.transaction(async (tx) => {
    // Waiting for another migrator, and rewriting a big table, may take long.
    await tx.script('set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0');
    await tx.query('select pg_advisory_xact_lock($1)', [LOCK]);
    await tx.script(LEDGER);
    await readApplied(tx, known);
    const { count } = await tx.query(
      'insert into migrations (name, sha256) values ($1, $2) on conflict (name) do nothing',
      [migration.name, migration.sha256],
    );
    if (count === 0) return false;
    await tx.script(migration.text);
    return true;
  });
}

/** The migrations that were applied, and those that `migrate` would apply; applies none. Throws as `migrate` does. */
export async function compareMigrations(sql: Sql): Promise<{ applied: string[]; pending: string[] }> {
  const known = await readMigrations();
  const names = known.map(({ name }) => name);
  try {
    const applied = await readApplied(sql, known);
    return { applied, pending: names.filter((name) => !applied.includes(name)) };
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return { applied: [], pending: names };
    throw error;
  }
}

/** The migrations that were applied. Throws where one of them is not among the known, or was another then. */
async function readApplied(tx: Sql, known: readonly Migration[]): Promise<string[]> {
  const { rows } = await tx.query<{ name: string; sha256: string }>(
    'select name, sha256 from migrations order by name',
  );
  for (const { name, sha256 } of rows) {
    const ours = known.find((migration) => migration.name === name);
    if (ours === undefined) {
      const message = `The database has the migration ${name}, which this version of newsrank does not know. Run the newer version, or restore a backup from before the upgrade.`;
      throw new CodedError('schema-newer', message);
    }
    if (ours.sha256 !== sha256) {
      const message = `The migration ${name} was applied to this database with other contents. Restore the file as it was released; changes go into a new migration.`;
      throw new CodedError('schema-changed', message);
    }
  }
  return rows.map(({ name }) => name);
}
