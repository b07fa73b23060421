/**
 * All that must be kept, as lines of JSON, the same from a server and from the embedded engine: so what was written by
 * one is restored by the other. Arrays say what follows, objects are rows as PostgreSQL itself writes them:
 *
 *     ["newsrank", {"format": 1, "version", "at", "migrations": […], "partitions": […]}]
 *     ["table", "feeds"]
 *     {"id": 1, "url": …}
 *     ["sequences", {"feeds_id_seq": 17}]
 *     ["end", {"rows": 4711}]
 */
import type { Sql } from '../engines/sql.ts';

export const BACKUP_FORMAT = 1;

/** What the first line of a backup says. */
export interface BackupHeader {
  readonly format: number;
  readonly version: string;
  readonly at: string;
  readonly migrations: readonly { readonly name: string; readonly sha256: string }[];
  readonly partitions: readonly Partition[];
}

/** A partition that was made while newsrank ran, and how PostgreSQL says what it holds. */
export interface Partition {
  readonly name: string;
  readonly parent: string;
  readonly bounds: string;
}

/** A table, and those of its columns that are not computed. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

/** Rows that are read at a time: articles have texts of up to a few hundred kilobytes. */
const ROWS_READ = 200;

/** One moment for all tables, whatever is written meanwhile; and as long as it takes. */
const SNAPSHOT = `set transaction isolation level repeatable read, read only;
  set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0`;

/** Hands the lines to `write`, one after the other; answers how many rows there were. `onProgress`: rows so far, and where. */
export async function backUp(
  sql: Sql,
  about: Pick<BackupHeader, 'version' | 'at'>,
  write: (line: string) => Promise<void>,
  onProgress: (rows: number, table: string) => void = () => {},
): Promise<number> {
  return await sql.transaction(async (tx) => {
    await tx.script(SNAPSHOT);
    const { rows: migrations } = await tx.query('select name, sha256 from migrations order by name');
    const header = { format: BACKUP_FORMAT, ...about, migrations, partitions: await listPartitions(tx) };
    await write(JSON.stringify(['newsrank', header]));
    let rows = 0;
    for (const { name } of await listTables(tx)) {
      await write(JSON.stringify(['table', name]));
      await tx.query(`declare backup no scroll cursor for select to_jsonb(${name})::text as row from ${name}`);
      for (let size = ROWS_READ; size === ROWS_READ; ) {
        const read = await tx.query<{ row: string }>(`fetch ${ROWS_READ} from backup`);
        for (const { row } of read.rows) await write(row);
        size = read.rows.length;
        rows += size;
        onProgress(rows, name);
      }
      await tx.query('close backup');
    }
    await write(JSON.stringify(['sequences', await readSequences(tx)]));
    await write(JSON.stringify(['end', { rows }]));
    return rows;
  });
}

/**
 * The tables to keep, partitions as part of theirs. Unlogged ones are not: what is in them is made anew where it is gone.
 * Nor is the ledger of migrations, which belongs to the schema.
 */
export async function listTables(sql: Sql): Promise<Table[]> {
  const { rows } = await sql.query<Table>(
    `select relation.relname as name, array_agg(quote_ident(attname) order by attnum) as columns
     from pg_class relation join pg_attribute on attrelid = relation.oid
     where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
       and relpersistence = 'p' and relname <> 'migrations'
       and attnum > 0 and not attisdropped and attgenerated = ''
     group by 1 order by 1`,
  );
  return rows;
}

async function listPartitions(sql: Sql): Promise<Partition[]> {
  const { rows } = await sql.query<Partition>(
    `select child.relname as name, parent.relname as parent, pg_get_expr(child.relpartbound, child.oid) as bounds
     from pg_inherits join pg_class child on child.oid = inhrelid join pg_class parent on parent.oid = inhparent
     where child.relispartition and child.relkind = 'r' and child.relnamespace = current_schema()::regnamespace
       and pg_get_expr(child.relpartbound, child.oid) <> 'DEFAULT'
     order by 1`,
  );
  return rows;
}

async function readSequences(sql: Sql): Promise<Record<string, number>> {
  const { rows } = await sql.query<{ name: string; last_value: number }>(
    `select sequencename as name, last_value from pg_sequences
     where schemaname = current_schema() and last_value is not null order by 1`,
  );
  return Object.fromEntries(rows.map(({ name, last_value }) => [name, last_value]));
}
