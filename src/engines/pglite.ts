import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { CodedError, messageOf } from '../errors.ts';
import type { Result, Sql } from './sql.ts';
import { type Session, sqlOver } from './transactions.ts';
import { decoderOf, encode } from './values.ts';

/** PGlite looks a value's reader and writer up by the type's OID. Values reach the writers encoded already. */
const PARSERS = new Proxy<PGlite['parsers']>({}, { get: (_, type) => decoderOf(Number(type)) });
const SERIALIZERS = new Proxy<PGlite['serializers']>({}, { get: () => (value: string) => value });

/**
 * PostgreSQL inside this process, kept in `folder`, or in memory where that is undefined. All that was committed survives
 * the death of the process, but not a power cut: there is no fsync. The caller holds the folder's lock, because two
 * processes on one folder corrupt it silently.
 */
export async function openPglite(folder: string | undefined): Promise<{ sql: Sql; close(): Promise<void> }> {
  const database = folder === undefined ? await PGlite.create() : await createInFolder(folder);
  return { sql: sqlOnPglite(database), close: () => database.close() };
}

/** The Sql of an open PGlite. It has one session: a statement outside a transaction waits for the open one. */
export function sqlOnPglite(database: PGlite): Sql {
  database.parsers = PARSERS;
  database.serializers = SERIALIZERS;
  return sqlOver({
    isSingle: true,
    free: sessionOn(database),
    begin: (work) =>
      database.transaction(async (transaction) => {
        const { value, settled } = await work(sessionOn(transaction));
        await settled;
        return value;
      }),
  });
}

async function createInFolder(folder: string): Promise<PGlite> {
  // A first start that was killed leaves half a database, which looks like a whole one to the next start.
  const unfinished = `${folder}.unfinished`;
  try {
    if (existsSync(unfinished)) await rm(folder, { recursive: true, force: true });
    const isNew = !existsSync(join(folder, 'PG_VERSION'));
    if (isNew) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(unfinished, '');
    }
    const database = await PGlite.create({ dataDir: folder });
    await rm(unfinished, { force: true });
    return database;
  } catch (error) {
    const message = `The embedded PostgreSQL in ${folder} does not start (${messageOf(error)}). Restore the folder from a backup, move it away to start empty, or set DATABASE_URL.`;
    throw new CodedError('data-folder-unusable', message, { cause: error });
  }
}

function sessionOn(target: PGlite | Transaction): Session {
  return {
    async query<Row>(text: string, parameters: readonly unknown[]): Promise<Result<Row>> {
      const { rows, rowCount } = await target.query<Row>(text, parameters.map(encode));
      return { rows, count: rowCount ?? 0 };
    },
    async script(text) {
      await target.exec(text);
    },
  };
}
