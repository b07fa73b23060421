import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readLockHolder } from '../engines/folder-lock.ts';

/** How the command line reaches a newsrank that holds the embedded data folder, which it cannot open beside it. */
export interface LocalAccess {
  readonly url: string;
  readonly token: string;
}

const FILE = 'api.json';

/** A token for one run: 256 bits. */
export function newLocalToken(): string {
  return randomBytes(32).toString('hex');
}

/**
 * Leaves the way in for the command line, readable by the folder's owner only, who could read and write the database
 * itself just as well. It names the run that holds the folder's lock: one that a crash left behind is taken for nothing.
 * `remove` is to be called before the lock is released.
 */
export async function announceAccess(folder: string, access: LocalAccess): Promise<{ remove(): Promise<void> }> {
  const holder = await readLockHolder(folder);
  const file = join(folder, FILE);
  // Whole from the first moment, and with its own mode, whatever lay there before.
  const part = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(part, JSON.stringify({ ...access, holder }), { flag: 'wx', mode: 0o600 });
  await rename(part, file);
  return { remove: () => rm(file, { force: true }) };
}

/** The way into the newsrank that holds the folder right now; undefined where it left none. */
export async function findAccess(folder: string): Promise<LocalAccess | undefined> {
  const holder = await readLockHolder(folder);
  if (holder === undefined) return undefined;
  try {
    const found = JSON.parse(await readFile(join(folder, FILE), 'utf8'));
    const isWhole = typeof found.url === 'string' && typeof found.token === 'string';
    return isWhole && found.holder === holder ? { url: found.url, token: found.token } : undefined;
  } catch {
    return undefined;
  }
}

/** The URL under which this machine itself reaches what listens at `listening`; undefined where it cannot by loopback. */
export function loopbackUrl(listening: string): string | undefined {
  const url = new URL(listening);
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  if (url.hostname === '[::]') url.hostname = '[::1]';
  return ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname) ? url.origin : undefined;
}
