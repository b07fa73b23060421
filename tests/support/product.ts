import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseUrl, fillDataFolder, openDatabase, openTestRedis, redisUrl } from './engines.ts';
import { emptyFolder } from './folders.ts';

const ROOT = new URL('../../', import.meta.url);

/** The product as its users start it, in a process of its own. */
export interface Product {
  readonly url: string;
  /** Ends it as an operator does; resolves to the exit code. */
  stop(): Promise<number | null>;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, with nothing in its environment but what is given here. */
export async function run(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const child = spawnProduct(args, environment);
  const [stdout, stderr] = [gather(child.stdout), gather(child.stderr)];
  const [code] = await once(child, 'close');
  return { code, stdout: stdout(), stderr: stderr() };
}

/** Runs a command whose output nobody reads, as that of `| head` that has enough. */
export async function runUnread(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const child = spawnProduct(args, environment);
  const stderr = gather(child.stderr);
  child.stdout?.destroy();
  const [code] = await once(child, 'close');
  return { code, stdout: '', stderr: stderr() };
}

/** Runs a command that is asked to stop as soon as it logs what matches. */
export async function runUntil(
  logged: RegExp,
  args: readonly string[],
  environment: Record<string, string>,
): Promise<Ended> {
  const child = spawnProduct(args, { LOG_LEVEL: 'info', PORT: '0', ...environment });
  const [stdout, stderr] = [gather(child.stdout), gather(child.stderr)];
  let isAsked = false;
  child.stdout?.on('data', () => {
    // A second signal would end it at once.
    if (isAsked || !logged.test(stdout())) return;
    isAsked = child.kill('SIGTERM');
  });
  const [code] = await once(child, 'close');
  return { code, stdout: stdout(), stderr: stderr() };
}

/** Runs `npm start` and ends npm as soon as the product is ready; resolves when the product has ended, too. */
export async function endNpm(environment: Record<string, string>): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn('npm', ['start', '--silent'], {
    cwd: ROOT,
    env: { PATH, HOME, LOG_LEVEL: 'info', PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout = gather(child.stdout);
  child.stdout.on('data', () => /is ready/.test(stdout()) && child.kill('SIGTERM'));
  await once(child, 'close');
  return stdout();
}

/** Starts it and waits until it is ready. It is killed when the test is over, if it still runs. */
export async function startProduct(
  t: Pick<TestContext, 'after'>,
  environment: Record<string, string>,
  command: readonly string[] = ['start'],
): Promise<Product> {
  const child = spawnProduct(command, { PORT: '0', LOG_LEVEL: 'info', ...environment });
  const ended = once(child, 'close');
  const stderr = gather(child.stderr);
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    url: await readyUrl(child, stderr),
    async stop() {
      child.kill('SIGTERM');
      const [code] = await ended;
      return code;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Settings for empty engines that live as long as the test: embedded in a folder, or on the servers that tests run on. */
export async function engineSettings(t: TestContext): Promise<Record<string, string>> {
  const folder = await emptyFolder(t);
  const settings: Record<string, string> = { DATA_DIR: folder };
  if (databaseUrl === undefined) await fillDataFolder(join(folder, 'postgres'));
  if (databaseUrl !== undefined) {
    const database = await openDatabase(databaseUrl, async () => undefined);
    t.after(() => database.close());
    settings['DATABASE_URL'] = database.url;
  }
  return { ...settings, ...(await redisUrlOf(t)) };
}

/** REDIS_URL of an empty database that lives as long as the test, where tests run on a server. */
export async function redisUrlOf(t: TestContext): Promise<Record<string, string>> {
  if (redisUrl === undefined) return {};
  const redis = await openTestRedis();
  t.after(() => redis.close());
  return { REDIS_URL: redis.url };
}

/** Waits until `find` gives something, asking again and again; errors count as nothing. Fails after `seconds`. */
export async function eventually<T>(
  what: string,
  find: () => Promise<T | undefined | false>,
  seconds = 30,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const found = await find();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    await sleep(50);
  }
  throw new Error(`not within ${seconds} s: ${what}`, { cause: last });
}

export async function getJson<T>(url: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

function spawnProduct(args: readonly string[], environment: Record<string, string>): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  // The flags that the tests themselves run with: WebAssembly compiled once, not optimised for a process of seconds.
  const flags = process.execArgv.filter((flag) => flag === '--liftoff-only');
  return spawn(process.execPath, [...flags, 'bin/newsrank.js', ...args], {
    cwd: ROOT,
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function gather(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: string[] = [];
  stream?.on('data', (chunk) => chunks.push(String(chunk)));
  return () => chunks.join('');
}

async function readyUrl(child: ChildProcess, stderr: () => string): Promise<string> {
  if (child.stdout === null) throw new Error('the product has no output');
  for await (const line of createInterface(child.stdout)) {
    const url = /is ready: (http\S+?)"/.exec(line)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return url;
    }
  }
  throw new Error(`the product ended before it was ready: ${stderr()}`);
}
