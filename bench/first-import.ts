/**
 * A first import: feeds that were never polled, each full of articles, until all are stored and matched. A tenth of the
 * articles are told by two feeds, as agencies' stories are. Prints the time, and CPU for each article.
 *
 *     DATABASE_URL=postgres://… REDIS_URL=redis://… node --import tsx bench/first-import.ts [--feeds 1000] [--entries 50]
 *
 * Takes a database of its own on each server.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { addFeeds } from '../src/feeds/store.ts';
import { migrate } from '../src/schema/migrate.ts';
import { databaseUrl, openDatabase, openTestRedis } from '../tests/support/engines.ts';
import { measureProcess } from './process-cost.ts';
import { redisCpu, sessionCpu, startProduct, stopProduct } from './quiet-feeds.ts';

const { values } = parseArgs({
  options: { feeds: { type: 'string', default: '1000' }, entries: { type: 'string', default: '50' } },
});
const [feeds, entries] = [Number(values.feeds), Number(values.entries)];
if (databaseUrl === undefined) throw new Error('set DATABASE_URL and REDIS_URL to servers');

const VOCABULARY = 30_000;
const COPIED = 0.1;
const HOURS = 48;
const start = Date.now();
const random = seeded(7);
const wires: string[] = [];
const bodies = Array.from({ length: feeds }, (_, feed) => feedOf(feed));

const origin = createServer((request, response) => {
  const body = bodies[Number((request.url ?? '/').slice(1))];
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/rss+xml' }).end(body ?? '');
});
await new Promise<void>((resolve) => origin.listen(0, '0.0.0.0', resolve));
const { port } = origin.address() as AddressInfo;

const database = await openDatabase(databaseUrl, migrate);
const redis = await openTestRedis();
const { sql } = database;
const product = await startProduct({
  DATABASE_URL: database.url,
  REDIS_URL: redis.url,
  ROLES: 'scheduler,poller',
  SCHEDULE_INTERVAL: '500ms',
  HOST_REQUESTS_PER_MINUTE: '1000000',
});
const before = await cost();
await addFeeds(
  sql,
  bodies.map((_, feed) => ({ url: `http://127.0.${Math.floor(feed / 200)}.${1 + (feed % 200)}:${port}/${feed}` })),
  new Date(),
);
const startedAt = performance.now();
const passed = () => (performance.now() - startedAt) / 1000;
let told = 0;
for (;;) {
  await sleep(250);
  const { rows } = await sql.query<{ polled: number; waiting: number }>(
    `select (select count(*) from feeds where last_outcome is not null) as polled,
            (select count(*) from articles where matched_at is null) as waiting`,
  );
  const [{ polled, waiting } = { polled: 0, waiting: 0 }] = rows;
  if (polled === feeds && waiting === 0) break;
  if (passed() - told < 15) continue;
  told = passed();
  console.error(`${told.toFixed(0)} s: ${polled} feeds polled, ${waiting} articles wait to be matched`);
}
const seconds = passed();
const after = await cost();
const { rows } = await sql.query<{ articles: number; copies: number }>(
  'select count(*) as articles, count(original_id) as copies from articles',
);
const each = (of: 'product' | 'postgresql' | 'redis') =>
  Number((((after[of] - before[of]) / (rows[0]?.articles ?? 1)) * 1000).toFixed(2));
console.log({
  ...{ feeds, ...rows[0], seconds: Number(seconds.toFixed(1)) },
  // Of all three; a machine that had nothing else to do would need no less than this, divided by its cores.
  cpuSeconds: Number((sum(after) - sum(before)).toFixed(1)),
  cpuMillisecondsAnArticle: { product: each('product'), postgresql: each('postgresql'), redis: each('redis') },
  peakMb: measureProcess(product.pid).peakMb,
});
await stopProduct(product);
origin.close();
origin.closeAllConnections();
await redis.close();
await database.close();

function sum(costs: Awaited<ReturnType<typeof cost>>): number {
  return costs.product + costs.postgresql + costs.redis;
}

async function cost() {
  return {
    product: measureProcess(product.pid).cpuSeconds,
    postgresql: await sessionCpu(sql),
    redis: await redisCpu(redis.redis),
  };
}

function feedOf(feed: number): string {
  const items = Array.from({ length: entries }, (_, entry) => {
    const link = `https://site-${feed}.example/${feed}/${entry}`;
    const date = new Date(start - random() * HOURS * 3_600_000).toUTCString();
    return `<item><guid>${link}</guid><link>${link}</link><pubDate>${date}</pubDate>${wordsOf()}</item>`;
  });
  return `<?xml version="1.0"?><rss version="2.0"><channel><title>Site ${feed}</title>${items.join('')}</channel></rss>`;
}

function wordsOf(): string {
  if (wires.length > 0 && random() < COPIED) return wires.splice(Math.floor(random() * wires.length), 1)[0] ?? '';
  const text = `<title>${sentence(9)}</title><description>&lt;p&gt;${sentence(35)}&lt;/p&gt;</description>`;
  if (random() < COPIED * 2) wires.push(text);
  return text;
}

/** Words as often as words are: the second half as often as the first, and so on. */
function sentence(length: number): string {
  const words = Array.from({ length }, () => `w${Math.floor(VOCABULARY ** random()).toString(36)}`);
  return words.join(' ');
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
