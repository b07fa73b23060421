/**
 * What pages cost: CPU of this process for each page of a site with news, in both languages, beside a Fastify route that
 * does nothing, in the same run; how heavy each is with all that it needs, compressed; and, where Debian's Chromium is
 * there, when a reader with an empty cache first sees something of it (first contentful paint).
 *
 *     DATABASE_URL=postgres://… REDIS_URL=redis://… node --import tsx bench/render-pages.ts [--pages 400]
 *
 * Without servers the embedded engines run in this process, and their work counts as the page's.
 */
import { parseArgs } from 'node:util';
import compress from '@fastify/compress';
import fastify from 'fastify';
import { COMPRESS } from '../src/api/security.ts';
import { registerPages } from '../src/web/pages.ts';
import { lacksChromium, openBrowser } from '../tests/support/chromium.ts';
import { databaseUrl, openTestRedis, openTestSql, redisUrl } from '../tests/support/engines.ts';
import { fillSite } from '../tests/web/filled-site.ts';

const MAX_CPU_MS = 5;
const MAX_BYTES = 60_000;
const MAX_PAINT_MS = 300;
const LOADS = 9;
/** When something was first painted; it may be about to be. */
const FIRST_PAINT = `new Promise((resolve) => new PerformanceObserver((list) => {
  for (const { name, startTime } of list.getEntries()) if (name === 'first-contentful-paint') resolve(startTime);
}).observe({ type: 'paint', buffered: true }))`;

const { values } = parseArgs({ options: { pages: { type: 'string', default: '400' } } });
const pages = Number(values.pages);

const [{ sql, close }, store] = await Promise.all([openTestSql(), openTestRedis()]);
const ids = await fillSite(sql, store.redis);
const app = fastify();
await app.register(async (plain) => {
  await plain.register(compress, COMPRESS);
  plain.get('/nothing', async (_request, reply) => reply.type('text/html').send('<!doctype html><p>Nothing'));
});
const settings = { SITE_NAME: 'JN', SITE_TIME_ZONE: 'Asia/Tokyo', RANK_INTERVAL: 5000, PUBLIC_URL: undefined };
await registerPages(app, { settings, sql, redis: store.redis, clock: () => new Date() });
const origin = await app.listen({ host: '127.0.0.1', port: 0 });

/** Of many ids, so that nothing is remembered from the page before. */
const articleAt = (index: number) => `/article/${ids[index % ids.length]}`;
const PAGES: Readonly<Record<string, (index: number) => string>> = {
  'nothing (Fastify)': () => '/nothing',
  article: articleAt,
  'article, Japanese': (index) => `${articleAt(index)}?lang=ja`,
  front: () => '/',
  category: () => '/category/politics',
  ranking: () => '/ranking',
  search: () => '/search?q=assembly',
};

async function cpuOf(path: (index: number) => string): Promise<number> {
  for (let index = 0; index < pages / 4; index++) await app.inject({ url: path(index) });
  const before = process.cpuUsage();
  for (let index = 0; index < pages; index++) await app.inject({ url: path(index) });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / pages;
}

async function weightOf(url: string): Promise<number> {
  const { body } = await app.inject({ url });
  const assets = [...new Set([...body.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, asset]) => asset ?? ''))];
  const headers = { 'accept-encoding': 'br, gzip' };
  const answers = await Promise.all([url, ...assets].map((part) => app.inject({ url: part, headers })));
  return answers.reduce((sum, answer) => sum + answer.rawPayload.length, 0);
}

const isEmbedded = databaseUrl === undefined || redisUrl === undefined;
console.log(`${pages} of each page${isEmbedded ? '; the engines run in this process' : ''}`);
await cpuOf(articleAt);
const nothing = await cpuOf(() => '/nothing');
for (const [name, path] of Object.entries(PAGES)) {
  const cpu = await cpuOf(path);
  const weight = await weightOf(path(0));
  console.log(
    `${name.padEnd(18)} ${cpu.toFixed(2)} ms CPU (${(cpu / nothing).toFixed(1)} × nothing), ${(weight / 1000).toFixed(1)} kB`,
  );
  if (name.startsWith('article') && cpu > MAX_CPU_MS) process.exitCode = 1;
  if (weight > MAX_BYTES) process.exitCode = 1;
}

if (lacksChromium === false) {
  const browser = await openBrowser();
  const context = await browser.context();
  const firstPaint = async (path: string): Promise<number> => {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    await page.goto(`${origin}${path}`, { waitUntil: 'load' });
    const painted = Number(await page.evaluate(FIRST_PAINT));
    await page.close();
    return painted;
  };
  // A browser that has just been started is busy with itself.
  for (let load = 0; load < 3; load++) await firstPaint('/');
  for (const name of ['nothing (Fastify)', 'front', 'article', 'ranking']) {
    const paints: number[] = [];
    for (let load = 0; load < LOADS; load++) paints.push(await firstPaint(PAGES[name]?.(load) ?? '/'));
    paints.sort((one, other) => one - other);
    const [least = 0, median = 0, most = 0] = [0, Math.floor(LOADS / 2), LOADS - 1].map((place) => paints[place]);
    console.log(
      `${name}: first contentful paint ${median.toFixed(0)} ms (${least.toFixed(0)} to ${most.toFixed(0)} of ${LOADS})`,
    );
    if (median > MAX_PAINT_MS) process.exitCode = 1;
  }
  await browser.close();
} else {
  console.log(`first contentful paint left out: ${lacksChromium}`);
}

await app.close();
await close();
await store.close();
process.exit();
