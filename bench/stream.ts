/**
 * What listeners to lists cost one process: it holds 5,000 event streams, and says how much memory each takes, how long it
 * takes until all have a new version, how long everybody else waits meanwhile, and what 5,000 who went and came back at
 * once cost. Beside it, in the same run, a bare `node:http` server that writes the same bytes to as many responses.
 *
 *     DATABASE_URL=postgres://… REDIS_URL=redis://… node --import tsx bench/stream.ts [--listeners 5000] [--versions 20]
 *
 * Listeners come from as many addresses as one address may not hold. Takes a database of its own on each server.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ArticleId } from '../src/ids.ts';
import { type ListKey, listRedisKey, type Snapshot } from '../src/ranking/list.ts';
import { emptySnapshot } from '../src/ranking/store.ts';
import { migrate } from '../src/schema/migrate.ts';
import { databaseUrl, openDatabase, openTestRedis } from '../tests/support/engines.ts';
import { measureProcess } from './process-cost.ts';
import { startProduct, stopProduct } from './quiet-feeds.ts';

const KEY: ListKey = { kind: 'access', scope: 'site', window: '24h' };
const PER_ADDRESS = 900;
const AT_ONCE = 200;

const { values } = parseArgs({
  options: { listeners: { type: 'string', default: '5000' }, versions: { type: 'string', default: '20' } },
});
const [listeners, versions] = [Number(values.listeners), Number(values.versions)];
if (databaseUrl === undefined) throw new Error('set DATABASE_URL and REDIS_URL to servers');

/** Five items with headlines of usual length, as a box has them. */
function snapshot(version: number): Snapshot {
  const now = new Date().toISOString();
  const empty = emptySnapshot(KEY, { siteName: 'JN' }, new Date());
  const items = Array.from({ length: 5 }, (_, index) => ({
    ...{ rank: index + 1, previousRank: index + 2, movement: 'up' as const, peakRank: 1, since: now },
    ...{ reads: 1000 - index + version, fill: null, sparkline: Array.from({ length: 24 }, (_, step) => step * 7) },
    article: {
      id: `0t9rrc40000${index}` as ArticleId,
      title: 'Japan to Offer U.S. Proposals on Trade, Security Ahead of the Summit Next Month',
      url: `https://news.example/politics/20261130-000${index}/`,
      ...{ source: 'The Japan News', publishedAt: now, updatedAt: now, categories: [], image: null },
    },
  }));
  return { ...empty, version: `v${version}`, confidence: 'ok', items };
}

/** Listeners, of whom one knows when each had its last event; they read and keep nothing. */
function openListeners(url: URL) {
  const sockets: Socket[] = [];
  const heard = new Map<
    string,
    { count: number; readonly all: Promise<number>; readonly done: (at: number) => void }
  >();
  const waitFor = (version: string) => {
    const known = heard.get(version);
    if (known !== undefined) return known;
    let done: (at: number) => void = () => {};
    const all = new Promise<number>((resolve) => {
      done = resolve;
    });
    const entry = { count: 0, all, done };
    heard.set(version, entry);
    return entry;
  };
  const listen = async (index: number): Promise<void> => {
    const socket = connect({
      ...{ port: Number(url.port), host: url.hostname },
      localAddress: `127.0.0.${2 + Math.floor(index / PER_ADDRESS)}`,
    });
    await once(socket, 'connect');
    sockets.push(socket);
    let end = '';
    const begun = new Promise<void>((resolve) => {
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        const [, version] = /\nid: (\w+)\n/.exec(end + chunk) ?? [];
        end = version === undefined ? chunk.slice(-32) : '';
        if (version === undefined) return;
        const entry = waitFor(version);
        if (++entry.count === listeners) entry.done(performance.now());
        resolve();
      });
    });
    socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`);
    await begun;
  };
  return {
    waitFor,
    async open(): Promise<number> {
      const from = performance.now();
      for (let index = 0; index < listeners; index += AT_ONCE) {
        await Promise.all(
          Array.from({ length: Math.min(AT_ONCE, listeners - index) }, (_, next) => listen(index + next)),
        );
      }
      return performance.now() - from;
    },
    close() {
      for (const socket of sockets.splice(0)) socket.destroy();
    },
  };
}

/** The longest that anybody else waits while `work` goes on. */
async function longestWait(url: string, work: Promise<unknown>): Promise<number> {
  let isOver = false;
  void work.finally(() => {
    isOver = true;
  });
  let longest = 0;
  while (!isOver) {
    const from = performance.now();
    await (await fetch(url)).text();
    longest = Math.max(longest, performance.now() - from);
    await sleep(5);
  }
  return longest;
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const rounded = (milliseconds: number) => Math.round(milliseconds);

interface Subject {
  readonly pid: number;
  readonly stream: URL;
  /** Answers at once when the event loop is free. */
  readonly other: string;
  /** Makes a new version known; resolves with when it was begun to be sent. */
  publish(version: number): Promise<number>;
}

async function measure(name: string, subject: Subject): Promise<void> {
  const before = measureProcess(subject.pid);
  await subject.publish(0);
  const crowd = openListeners(subject.stream);
  const joining = await crowd.open();
  await sleep(1500);
  const open = measureProcess(subject.pid);
  const took: number[] = [];
  const waits: number[] = [];
  for (let version = 1; version <= versions; version++) {
    const all = crowd.waitFor(`v${version}`).all;
    const published = subject.publish(version);
    waits.push(await longestWait(subject.other, all));
    took.push((await all) - (await published));
  }
  const after = measureProcess(subject.pid);
  console.log(name, {
    listeners,
    kilobytesEach: Number((((open.residentMb - before.residentMb) * 1024) / listeners).toFixed(1)),
    millisecondsToJoin: rounded(joining),
    millisecondsUntilAllKnow: { median: rounded(median(took)), most: rounded(Math.max(...took)) },
    cpuMicrosecondsAnEvent: Math.round(((after.cpuSeconds - open.cpuSeconds) / versions / listeners) * 1e6),
    longestOthersWait: { median: rounded(median(waits)), most: rounded(Math.max(...waits)) },
  });
  crowd.close();
}

const bare: ChildProcess = spawn(
  process.execPath,
  ['--import', 'tsx', new URL('bare-stream.ts', import.meta.url).pathname],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const [port] = bare.stdout === null ? [] : await once(createInterface(bare.stdout), 'line');
const bareUrl = `http://127.0.0.1:${port}`;
await measure('bare node:http', {
  pid: bare.pid ?? 0,
  stream: new URL(`${bareUrl}/stream`),
  other: `${bareUrl}/livez`,
  async publish(version) {
    const body = `event: list\nid: v${version}\ndata: ${JSON.stringify(snapshot(version))}\n\n`;
    const from = performance.now();
    await fetch(`${bareUrl}/publish`, { method: 'POST', body });
    return from;
  },
});
bare.kill();

const database = await openDatabase(databaseUrl, migrate);
const redis = await openTestRedis();
const product = await startProduct({ DATABASE_URL: database.url, REDIS_URL: redis.url, ROLES: 'api' });
await measure('newsrank', {
  pid: product.pid,
  stream: new URL(`${product.url}/v1/stream?lists=access:24h`),
  other: `${product.url}/livez`,
  async publish(version) {
    await redis.redis.set(listRedisKey(KEY), JSON.stringify(snapshot(version)));
    // Up to a second of it is the look that finds the new version.
    return performance.now();
  },
});
await stopProduct(product);
await redis.close();
await database.close();
