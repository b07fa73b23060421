import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, messageOf } from '../errors.ts';

/**
 * One process at a time may use a data folder. The lock is a file with the holder's pid. A holder that was killed leaves
 * it behind, so a lock counts only while its holder lives: the pid exists, and the process of that pid started when the
 * holder did, because pids are used again. Of a holder on another machine or in another container, where pids say
 * nothing, only the time of the file tells: the holder touches it every few seconds.
 */
interface Holder {
  readonly pid: number;
  /** When the process started, in the kernel's ticks since boot; null where that cannot be read. */
  readonly started: string | null;
  /** Where pids mean the same: the machine, its boot, and the pid namespace. */
  readonly place: string;
}

const TOUCH_MS = 5000;
const FOREIGN_STALE_MS = 30_000;
const ATTEMPTS = 20;
const MARKER_WAIT_MS = 20;
const EMPTY_WAIT_MS = 1000;

/** Takes the lock of `folder`, which is made where missing. Throws `data-folder-locked` or `data-folder-unusable`. */
export async function lockFolder(folder: string): Promise<{ release(): Promise<void> }> {
  const file = join(folder, 'lock');
  const own = JSON.stringify(self());
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await create(file, own)) return hold(file, own);
      const found = await readLock(file);
      if (found === undefined) continue;
      const holder = parse(found);
      if (holder !== undefined && (await isAlive(holder, file))) throw locked(folder, holder);
      await removeStale(file, found);
    }
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const message = `The data folder ${folder} cannot be used (${messageOf(error)}). Make it writable, or set DATA_DIR to another one.`;
    throw new CodedError('data-folder-unusable', message, { cause: error });
  }
  throw new CodedError(
    'data-folder-locked',
    `Several processes want the data folder ${folder} at once. Start one only.`,
  );
}

/**
 * Names the run that holds the lock of `folder` now, in a text that no other run ever has; undefined where nobody holds
 * it, or somebody whose processes and addresses are not ours (another machine, another container).
 */
export async function readLockHolder(folder: string): Promise<string | undefined> {
  const file = join(folder, 'lock');
  const found = await readLock(file);
  const holder = parse(found ?? '');
  if (holder === undefined || holder.place !== place() || !(await isAlive(holder, file))) return undefined;
  return found;
}

function hold(file: string, own: string): { release(): Promise<void> } {
  const timer = setInterval(() => {
    const now = new Date();
    // Where the file is gone, nothing can be done: the folder was deleted under us.
    utimes(file, now, now).catch(() => {});
  }, TOUCH_MS).unref();
  return {
    async release() {
      clearInterval(timer);
      if ((await readLock(file)) === own) await rm(file, { force: true });
    },
  };
}

async function create(file: string, contents: string): Promise<boolean> {
  try {
    await writeFile(file, contents, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The lock's contents, or undefined where there is none any more. */
async function readLock(file: string): Promise<string | undefined> {
  try {
    const contents = await readFile(file, 'utf8');
    if (contents !== '') return contents;
    // Its holder is about to write it, or was killed just then: rare enough to wait for a busy machine.
    await sleep(EMPTY_WAIT_MS);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Removes a lock whose holder is dead. Who may do that holds a second lock, named after what the stale one says, and looks
 * again under it: else a slow process would remove the lock that a faster one has put in the place meanwhile.
 */
async function removeStale(file: string, stale: string): Promise<void> {
  const marker = `${file}.${createHash('sha256').update(stale).digest('hex').slice(0, 12)}`;
  if (await create(marker, JSON.stringify(self()))) {
    if ((await readLock(file)) === stale) await rm(file, { force: true });
    await rm(marker, { force: true });
    return;
  }
  const found = await readLock(marker);
  const holder = parse(found ?? '');
  if (holder !== undefined && (await isAlive(holder, marker))) await sleep(MARKER_WAIT_MS);
  else if (found !== undefined) await removeStale(marker, found);
}

function self(): Holder {
  return { pid: process.pid, started: startOf(process.pid), place: place() };
}

async function isAlive(holder: Holder, file: string): Promise<boolean> {
  if (holder.place !== place()) {
    const { mtimeMs } = await stat(file);
    return Math.abs(Date.now() - mtimeMs) < FOREIGN_STALE_MS;
  }
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    if (codeOf(error) !== 'EPERM') return false;
  }
  return holder.started === null || holder.started === (startOf(holder.pid) ?? holder.started);
}

/** Field 22 of proc_pid_stat(5), counted behind the command's name, which may hold spaces; null outside Linux. */
function startOf(pid: number): string | null {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function place(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${hostname()} ${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

function parse(contents: string): Holder | undefined {
  try {
    const { pid, started, place } = JSON.parse(contents);
    return Number.isInteger(pid) && pid > 0 ? { pid, started: started ?? null, place: String(place) } : undefined;
  } catch {
    return undefined;
  }
}

function locked(folder: string, { pid, place }: Holder): CodedError {
  const [machine] = place.split(' ');
  const where = machine === hostname() ? '' : ` on ${machine}`;
  const message = `Process ${pid}${where} uses the data folder ${folder}. Stop it, set DATA_DIR to another folder, or set DATABASE_URL: a server takes any number of processes.`;
  return new CodedError('data-folder-locked', message);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
