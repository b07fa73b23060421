import type { Sql } from '../engines/sql.ts';
import { CodedError, messageOf } from '../errors.ts';
import { BACKUP_FORMAT, type BackupHeader, listTables, type Partition, type Table } from './backup.ts';
import { type Migration, migrate, readMigrations } from './migrate.ts';

/** Rows that are written at a time, and how large they may be together. */
const ROWS_WRITTEN = 500;
const BYTES_WRITTEN = 4 * 1024 * 1024;

/**
 * Fills an empty database with what `backUp` wrote, in one transaction: all of it, or nothing. A backup of an older
 * version is brought to this one's schema. Answers how many rows there were. Throws `backup-unreadable` for what is no whole
 * backup, `schema-newer` for one of a newer version, and `database-used` where the database has articles or feeds.
 */
export async function restore(
  sql: Sql,
  lines: AsyncIterable<string>,
  onProgress: (rows: number, table: string) => void = () => {},
): Promise<number> {
  const reading = lines[Symbol.asyncIterator]();
  const header = readHeader((await reading.next()).value);
  const known = await migrationsOf(header);
  await migrate(sql, undefined, known);
  const restored = sql.transaction(async (tx) => {
    await tx.script('set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0');
    const tables = new Map((await listTables(tx)).map((table) => [table.name, table]));
    await refuseUsed(tx);
    await tx.script(`truncate ${[...tables.keys()].join(', ')} restart identity cascade`);
    for (const partition of header.partitions) await makePartition(tx, partition, tables);
    // References are checked when all is there: tables refer to each other, and rows to rows that come later.
    const references = await listReferences(tx);
    for (const { table, name } of references) await tx.script(`alter table ${table} drop constraint ${name}`);
    const written = await load(tx, reading, tables, onProgress);
    for (const { table, name, rule } of references) {
      await tx.script(`alter table ${table} add constraint ${name} ${rule}`);
    }
    return written;
  });
  const rows = await restored.catch((error: { readonly code?: string }) => {
    if (!IS_OF_DATA.test(error.code ?? '')) throw error;
    throw unreadable(`PostgreSQL does not take its rows (${messageOf(error)})`, error);
  });
  await migrate(sql);
  return rows;
}

/** SQLSTATE of values that are none of their type, and of rows that contradict each other. */
const IS_OF_DATA = /^2[23]...$/;

function unreadable(reason: string, cause?: unknown): CodedError {
  return new CodedError('backup-unreadable', `This is no backup that newsrank can read: ${reason}.`, { cause });
}

function readHeader(line: string | undefined): BackupHeader {
  const parsed = parse(line);
  if (!Array.isArray(parsed) || parsed[0] !== 'newsrank' || !isObject(parsed[1])) {
    throw unreadable('it does not begin as one');
  }
  const { format, migrations, partitions } = parsed[1];
  if (format !== BACKUP_FORMAT) throw unreadable(`it has format ${format}, this version knows ${BACKUP_FORMAT}`);
  if (!isListOf(migrations, ['name', 'sha256']) || migrations.length === 0) throw unreadable('it names no migrations');
  if (!isListOf(partitions, ['name', 'parent', 'bounds'])) throw unreadable('it does not name its partitions');
  return parsed[1] as unknown as BackupHeader;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isListOf = (value: unknown, texts: readonly string[]): value is unknown[] =>
  Array.isArray(value) && value.every((one) => isObject(one) && texts.every((name) => typeof one[name] === 'string'));

function parse(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? '');
  } catch (error) {
    throw new CodedError('backup-unreadable', 'This is no backup that newsrank can read: a line is no JSON.', {
      cause: error,
    });
  }
}

/** The migrations that the backup's schema had, which must be the first of ours. */
async function migrationsOf({ migrations, version }: BackupHeader): Promise<Migration[]> {
  const ours = await readMigrations();
  const same = ours.slice(0, migrations.length);
  const isOurs = same.every(({ name, sha256 }, index) => {
    const theirs = migrations[index];
    return theirs?.name === name && theirs.sha256 === sha256;
  });
  if (isOurs && same.length === migrations.length) return same;
  const message = `The backup is of newsrank ${version}, whose schema this version does not know. Restore it with that version or a newer one.`;
  throw new CodedError('schema-newer', message);
}

async function refuseUsed(sql: Sql): Promise<void> {
  const { rows } = await sql.query<{ is_used: boolean }>(
    'select exists (select from feeds) or exists (select from articles) or exists (select from read_counts) as is_used',
  );
  if (rows[0]?.is_used !== true) return;
  throw new CodedError('database-used', 'The database has feeds or articles already. Restore into an empty one.');
}

const BOUNDS = /^FOR VALUES FROM \('[\d :+-]+'\) TO \('[\d :+-]+'\)$/;

/** The backup is read as data, whatever it says: only what this version would make itself is made. */
async function makePartition(sql: Sql, { name, parent, bounds }: Partition, tables: ReadonlyMap<string, Table>) {
  const isOurs = /^\w+$/.test(name) && [...tables.keys()].some((table) => parent.startsWith(`${table}_`));
  if (!isOurs || !/^\w+$/.test(parent) || !BOUNDS.test(bounds))
    throw unreadable(`its partition ${name} is none of ours`);
  await sql.script(`create table if not exists ${name} partition of ${parent} ${bounds}`);
}

interface Reference {
  readonly table: string;
  readonly name: string;
  readonly rule: string;
}

async function listReferences(sql: Sql): Promise<Reference[]> {
  const { rows } = await sql.query<Reference>(
    `select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(oid) as rule
     from pg_constraint where contype = 'f' and conparentid = 0 and connamespace = current_schema()::regnamespace
     order by 1, 2`,
  );
  return rows;
}

async function load(
  sql: Sql,
  lines: AsyncIterator<string>,
  tables: ReadonlyMap<string, Table>,
  onProgress: (rows: number, table: string) => void,
): Promise<number> {
  const rows = openRows(sql, onProgress);
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    const line = next.value;
    if (line.startsWith('{')) {
      await rows.add(line);
      continue;
    }
    const written = await rows.flush();
    const { what, name, fields } = readMark(line);
    if (what === 'table') rows.turnTo(tableOf(tables, name));
    else if (what === 'sequences' && fields !== undefined) await setSequences(sql, fields);
    else if (what === 'end' && fields?.['rows'] === written) return await nothingMore(lines, written);
    else throw unreadable(`it says "${what}" where it has ${written} rows`);
  }
  throw unreadable('it ends too early');
}

/** Reads to the very end, before anything is committed: there stands the checksum of what was unpacked. */
async function nothingMore(lines: AsyncIterator<string>, written: number): Promise<number> {
  if ((await lines.next()).done === true) return written;
  throw unreadable('something follows its end');
}

/** A line that says what follows: of a table its name, else what it says by fields. */
function readMark(line: string) {
  const parsed = parse(line);
  const [what, value]: unknown[] = Array.isArray(parsed) ? parsed : [];
  return { what, name: value, fields: isObject(value) ? value : undefined };
}

/** Gathers the rows of one table after the other, and writes many at a time. */
function openRows(sql: Sql, onProgress: (rows: number, table: string) => void) {
  let table: Table | undefined;
  let waiting: string[] = [];
  let bytes = 0;
  let written = 0;
  const flush = async (): Promise<number> => {
    if (waiting.length === 0) return written;
    if (table === undefined) throw unreadable('it has rows of no table');
    await insert(sql, table, waiting);
    written += waiting.length;
    onProgress(written, table.name);
    [waiting, bytes] = [[], 0];
    return written;
  };
  return {
    flush,
    async add(row: string): Promise<void> {
      waiting.push(row);
      bytes += row.length;
      if (waiting.length >= ROWS_WRITTEN || bytes >= BYTES_WRITTEN) await flush();
    },
    turnTo(next: Table): void {
      table = next;
    },
  };
}

function tableOf(tables: ReadonlyMap<string, Table>, name: unknown): Table {
  const table = tables.get(String(name));
  if (table === undefined) throw unreadable(`its table ${name} is none of ours`);
  return table;
}

/** PostgreSQL reads the rows as it wrote them: numbers and times keep every digit. */
async function insert(sql: Sql, { name, columns }: Table, rows: readonly string[]): Promise<void> {
  const list = columns.join(', ');
  await sql.query(
    `insert into ${name} (${list}) overriding system value
     select ${list} from jsonb_populate_recordset(null::${name}, $1::jsonb)`,
    [`[${rows.join(',')}]`],
  );
}

async function setSequences(sql: Sql, values: Readonly<Record<string, unknown>>): Promise<void> {
  const ours = await readSequences(sql);
  for (const [name, value] of Object.entries(values)) {
    if (!ours.includes(name)) throw unreadable(`its sequence ${name} is none of ours`);
    await sql.query('select setval($1::regclass, $2::bigint)', [name, value]);
  }
}

async function readSequences(sql: Sql): Promise<string[]> {
  const { rows } = await sql.query<{ name: string }>(
    'select sequencename as name from pg_sequences where schemaname = current_schema()',
  );
  return rows.map(({ name }) => name);
}
