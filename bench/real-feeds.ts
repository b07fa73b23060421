/**
 * Polls a folder of captured feeds from an origin on this machine, twice, as an installation would: the product runs in
 * a process of its own. Prints how many feeds were read, what was stored, which failed and why, time, CPU and memory.
 *
 *   node --import tsx bench/real-feeds.ts FOLDER          (DATABASE_URL and REDIS_URL decide on the engines)
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPostgres } from '../src/engines/postgres.ts';
import { measureProcess } from './process-cost.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.log('real-feeds: skipped, since no folder of feeds was given');
  process.exit(0);
}

const files = (await readdir(folder)).sort();
const bodies = new Map(
  await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file))] as const)),
);
const origin = createServer((request, response) => {
  const body = bodies.get(decodeURIComponent((request.url ?? '').slice(1)));
  if (body === undefined) return response.writeHead(404).end();
  const etag = `"${createHash('sha1').update(body).digest('hex')}"`;
  const isKnown = request.headers['if-none-match'] === etag;
  return response.writeHead(isKnown ? 304 : 200, { etag, 'content-type': 'application/xml' }).end(isKnown ? '' : body);
});
await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;

const work = await mkdtemp(join(tmpdir(), 'newsrank-bench-'));
const outlines = files.map((file) => `<outline type="rss" text="feed" xmlUrl="${base}/${encodeURIComponent(file)}"/>`);
const opml = join(work, 'feeds.opml');
await writeFile(
  opml,
  `<opml version="2.0"><body><outline text="Captured">${outlines.join('\n')}</outline></body></opml>`,
);

const token = randomBytes(24).toString('hex');
const site = 'http://127.0.0.1:18099';
const started = performance.now();
const product = spawn('node', ['bin/newsrank.js', 'start'], {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: {
    ...process.env,
    LOG_LEVEL: 'error',
    PORT: '18099',
    DATA_DIR: work,
    FEEDS_FILE: opml,
    FETCH_ALLOW_CIDRS: '127.0.0.1/32',
    ADMIN_TOKEN: token,
    HOST_REQUESTS_PER_MINUTE: '100000',
    SCHEDULE_INTERVAL: '500ms',
    POLL_CONCURRENCY: process.env['POLL_CONCURRENCY'] ?? '16',
  },
});
const headers = { authorization: `Bearer ${token}` };
const pid = product.pid ?? 0;

try {
  await until(async () => (await fetch(`${site}/readyz`)).ok);
  report('ready', started);
  let before = measureProcess(pid);
  let since = performance.now();
  for (const round of [1, 2]) {
    if (round > 1) {
      before = measureProcess(pid);
      since = performance.now();
      await pollAll();
    }
    const wanted = round * files.length;
    await until(async () => (await metric(/^newsrank_polls_total\{.*\} (\d+)/gm)) >= wanted);
    report(`round ${round}`, since);
    const after = measureProcess(pid);
    console.log(`  CPU ${(after.cpuSeconds - before.cpuSeconds).toFixed(1)} s, peak memory ${after.peakMb} MB`);
    for (const result of ['inserted', 'updated', 'unchanged', 'rejected']) {
      console.log(
        `  ${result}: ${await metric(new RegExp(`^newsrank_articles_total\\{result="${result}"\\} (\\d+)`, 'gm'))}`,
      );
    }
  }
  await showFailures();
} finally {
  product.kill('SIGTERM');
  await new Promise((resolve) => product.once('exit', resolve));
  origin.close();
  origin.closeAllConnections();
  await rm(work, { recursive: true });
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 180_000; performance.now() < deadline; await sleep(50)) {
    if (product.exitCode !== null) throw new Error(`the product ended with ${product.exitCode}`);
    if (await isTrue().catch(() => false)) return;
  }
  throw new Error('not within three minutes');
}

function report(what: string, since: number): void {
  console.log(`${what}: ${((performance.now() - since) / 1000).toFixed(2)} s`);
}

/** The sum of all series whose line matches. */
async function metric(line: RegExp): Promise<number> {
  const text = await (await fetch(`${site}/metrics`)).text();
  return [...text.matchAll(line)].reduce((sum, [, value]) => sum + Number(value), 0);
}

interface Feed {
  id: number;
  url: string;
  lastOutcome: string;
  lastError: string | null;
}

async function allFeeds(): Promise<Feed[]> {
  const feeds: Feed[] = [];
  for (let next: string | null = ''; next !== null; ) {
    const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
    const page = await (await fetch(`${site}/v1/feeds?limit=100${cursor}`, { headers })).json();
    feeds.push(...(page as { items: Feed[] }).items);
    next = (page as { next: string | null }).next;
  }
  return feeds;
}

/** All feeds due at once, as the first round had them; on the embedded engine, which is the product's own, one by one. */
async function pollAll(): Promise<void> {
  const { DATABASE_URL: database } = process.env;
  if (database === undefined) {
    for (const { id } of await allFeeds()) await fetch(`${site}/v1/feeds/${id}/poll`, { method: 'POST', headers });
    return;
  }
  const { sql, close } = await openPostgres(database);
  await sql.query('update feeds set next_poll_at = now()');
  await close();
}

async function showFailures(): Promise<void> {
  const failed = (await allFeeds()).filter(({ lastError }) => lastError !== null);
  console.log(`feeds: ${files.length}, failed: ${failed.length}`);
  for (const feed of failed) console.log(`  ${decodeURIComponent(feed.url.slice(base.length))}: ${feed.lastError}`);
}
