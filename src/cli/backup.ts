import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { openClosers } from '../closers.ts';
import { openDatabase } from '../engines/database.ts';
import { mastersOf, openRedis } from '../engines/redis.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError, messageOf } from '../errors.ts';
import { backUp } from '../schema/backup.ts';
import { compareMigrations } from '../schema/migrate.ts';
import { restore } from '../schema/restore.ts';
import { readVersion } from '../version.ts';
import { withDatabase } from './database.ts';
import type { Terminal } from './terminal.ts';

export function addBackup(program: Command, terminal: Terminal): void {
  const onProgress = (rows: number, table: string) => terminal.progress(`${rows} rows, ${table}`);
  program
    .command('backup <file>')
    .description('write all that must be kept into a file, packed by gzip (- for standard output)')
    .action(async (file: string) => {
      const about = { version: readVersion(), at: systemClock().toISOString() };
      const rows = await withDatabase(
        terminal.settings(),
        (sql) => writePacked(file, (write) => backUp(sql, about, write, onProgress)),
        refuseEmpty,
      );
      terminal.progress('');
      if (file !== '-') terminal.print(`${rows} rows are in ${file}.`);
    });
  program
    .command('restore <file>')
    .description('fill an empty database from a backup, of a server or of the embedded one (- for standard input)')
    .action(async (file: string) => {
      const settings = terminal.settings();
      await refuseUsedRedis(settings.REDIS_URL);
      const closers = openClosers(() => undefined);
      try {
        const { sql } = await openDatabase(settings, closers);
        const input = file === '-' ? terminal.inputBytes() : createReadStream(file);
        const rows = await restore(sql, linesOf(input), onProgress);
        terminal.progress('');
        terminal.print(`${rows} rows were restored.`);
      } finally {
        await closers.closeAll();
      }
    });
}

/** Migrates nothing: the backup that is made before an upgrade, perhaps by the new version, is to lead back to the old one. */
async function refuseEmpty(sql: Sql): Promise<void> {
  if ((await compareMigrations(sql)).applied.length > 0) return;
  const message =
    'There is nothing to back up: the database has no tables of newsrank. Look at DATABASE_URL and DATA_DIR.';
  throw new CodedError('backup-unwritable', message);
}

/**
 * Under its name a file is whole: what was begun and not finished leaves nothing. It holds the passwords of feeds, so that
 * it is its owner's alone.
 */
async function writePacked<T>(file: string, work: (write: (line: string) => Promise<void>) => Promise<T>): Promise<T> {
  const part = `${file}.part`;
  const input = new PassThrough();
  const output: Writable = file === '-' ? process.stdout : createWriteStream(part, { mode: 0o600 });
  const written = pipeline(input, createGzip({ level: 3 }), output, { end: file !== '-' });
  written.catch(() => {});
  const write = async (line: string) => {
    if (input.destroyed) await written;
    if (!input.write(`${line}\n`)) await once(input, 'drain');
  };
  try {
    const value = await work(write);
    input.end();
    await written;
    if (file !== '-') await named(part, file);
    return value;
  } catch (error) {
    input.destroy();
    const failure = await written.then(
      () => undefined,
      (cause: NodeJS.ErrnoException) => cause,
    );
    if (file !== '-') await rm(part, { force: true });
    // Cut short by the line above: then the work failed, not the writing.
    if (failure === undefined || failure.code === 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    throw unwritable(file, failure);
  }
}

async function named(part: string, file: string): Promise<void> {
  await rename(part, file).catch((error: unknown) => {
    throw unwritable(file, error);
  });
}

function unwritable(file: string, cause: unknown): CodedError {
  const name = file === '-' ? 'Standard output' : file;
  const message = `${name} cannot be written: ${messageOf(cause)}. Name a file in a folder with room that you may write to.`;
  return new CodedError('backup-unwritable', message, { cause });
}

/** What to do about it, by the code of what reading or unpacking failed with. */
const UNREADABLE: Readonly<Record<string, string>> = {
  Z_BUF_ERROR: 'It is cut off: take it from where it was copied from, or an older one.',
  Z_DATA_ERROR: 'It is no backup of newsrank, or was changed on its way: take another copy.',
};

async function* linesOf(input: Readable | AsyncIterable<Buffer>): AsyncGenerator<string> {
  const unpacked = createGunzip();
  const reading = pipeline(input, unpacked);
  reading.catch(() => {});
  try {
    yield* createInterface({ input: unpacked, crlfDelay: Number.POSITIVE_INFINITY });
    await reading;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const message = `The backup cannot be read: ${messageOf(error)}. ${UNREADABLE[code] ?? 'Name a file that newsrank backup wrote.'}`;
    throw new CodedError('backup-unreadable', message, { cause: error });
  }
}

/** Counts of another database in Redis would be taken for those of the restored one. */
async function refuseUsedRedis(url: string | undefined): Promise<void> {
  if (url === undefined) return;
  const redis = await openRedis(url, 'commands', () => {});
  try {
    const sizes = await Promise.all(mastersOf(redis).map((master) => master.dbsize()));
    if (sizes.every((size) => size === 0)) return;
    throw new CodedError('database-used', 'Redis is not empty. Empty it first (redis-cli FLUSHDB): it is filled anew.');
  } finally {
    redis.disconnect();
  }
}
