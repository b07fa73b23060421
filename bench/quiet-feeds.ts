import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Redis } from 'ioredis';
import type { Sql } from '../src/engines/sql.ts';
import { measureProcess } from './process-cost.ts';

/** An origin of feeds without news, in a process of its own. */
export async function startQuietOrigin(): Promise<{ port: number; process: ChildProcess }> {
  const origin = spawn(process.execPath, ['--import', 'tsx', new URL('quiet-origin.ts', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(origin.stdout), 'line');
  return { port: Number(line), process: origin };
}

/**
 * Writes feeds that were polled before, so that the next poll finds nothing new, shared out among `hosts` hosts of
 * loopback, and due one after the other over the next `spreadSeconds`.
 */
export async function insertQuietFeeds(
  sql: Sql,
  { count, hosts, port, spreadSeconds }: { count: number; hosts: number; port: number; spreadSeconds: number },
): Promise<void> {
  await sql.query(
    `insert into feeds (url, host, etag, poll_count, interval_seconds, rhythm_seconds, last_polled_at, next_poll_at)
     select 'http://' || host || ':' || $3::text || '/' || n, host, '"1"', 1, 300, 300, now(),
            now() + make_interval(secs => $4::float8 * n / $1::integer)
     from generate_series(1, $1::integer) as n,
          lateral (select '127.' || (n % $2) / 65536 || '.' || (n % $2) / 256 % 256 || '.' || 1 + n % $2 % 255 as host) as at`,
    [count, hosts, port, spreadSeconds],
  );
  await sql.script('analyze feeds');
}

export interface Product {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Where it answers, for its metrics. */
  readonly url: string;
}

/** As in `npm start`. */
const FLAGS = [
  ...['--max-semi-space-size=64', '--min-semi-space-size=64'],
  ...['--heap-growing-percent=20', '--no-memory-reducer'],
];

/** The product's roles in a process of their own, polling what the database says. Ready when this returns. */
export async function startProduct(environment: Record<string, string>): Promise<Product> {
  const { PATH = '', HOME = '' } = process.env;
  const flags = (process.env['PRODUCT_FLAGS'] ?? '').split(' ').filter((flag) => flag !== '');
  const product = spawn(process.execPath, [...FLAGS, ...flags, 'bin/newsrank.js', 'start'], {
    cwd: new URL('..', import.meta.url),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH, HOME, PORT: '0', FEEDS_FILE: 'bench/no-feeds.opml', FETCH_ALLOW_CIDRS: '127.0.0.0/8', ...environment },
  });
  for await (const line of createInterface(product.stdout)) {
    const [, url] = /is ready: (http[^"]+)"/.exec(line) ?? [];
    if (url === undefined) continue;
    product.stdout.resume();
    return { process: product, pid: product.pid ?? 0, url };
  }
  throw new Error('the product ended before it was ready');
}

/** CPU seconds of this database's sessions. */
export async function sessionCpu(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ pid: number }>(
    "select pid from pg_stat_activity where datname = current_database() and application_name = 'newsrank'",
  );
  return rows.reduce((sum, { pid }) => sum + measureProcess(pid).cpuSeconds, 0);
}

/** CPU seconds of the whole Redis server, whoever else uses it. */
export async function redisCpu(redis: Redis): Promise<number> {
  const info = await redis.info('cpu');
  const of = (field: string) => Number(new RegExp(`${field}:([\\d.]+)`).exec(info)?.[1]);
  return of('used_cpu_sys') + of('used_cpu_user');
}

/** Ends it as an operator does. */
export async function stopProduct({ process: product }: Product): Promise<void> {
  const ended = once(product, 'close');
  product.kill('SIGTERM');
  await ended;
}
