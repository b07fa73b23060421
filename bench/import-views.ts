/**
 * How quick `views import` is, beside Node's own readline over the same file: a day of a news site in the combined format
 * (assets, pages, bots, errors; a third of the lines views of 1,500 articles, read as 1/rank), into PostgreSQL.
 *
 *     DATABASE_URL=postgres://… node --import tsx bench/import-views.ts [--lines 1000000]
 *
 * By CPU of this process, since other programs may share the machine. Takes a database of its own on the server. A second
 * import of the same file must count nothing, and a log of views alone tells how many reads are counted.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { canonicalUrl } from '../src/articles/canonical-url.ts';
import { urlKey } from '../src/articles/keys.ts';
import { findArticleIdsByUrl, findCounted } from '../src/articles/store.ts';
import { DAY, systemClock } from '../src/clock.ts';
import type { Sql } from '../src/engines/sql.ts';
import { newArticleId } from '../src/ids.ts';
import { migrate } from '../src/schema/migrate.ts';
import { readCrawlers } from '../src/views/crawlers.ts';
import { openAccessLog } from '../src/views/import/access-log.ts';
import { importLog } from '../src/views/import/import-log.ts';
import { ledgerOnSql } from '../src/views/import/store.ts';
import { databaseUrl, openDatabase } from '../tests/support/engines.ts';

const { values } = parseArgs({ options: { lines: { type: 'string', default: '1000000' } } });
const lines = Number(values.lines);
if (databaseUrl === undefined) throw new Error('set DATABASE_URL to a server');
const ARTICLES = 1500;
const SITE = 'https://news.example';
const START = Date.now() - 2 * DAY;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const isCrawler = await readCrawlers(undefined);
const { sql, close } = await openDatabase(databaseUrl, migrate);
const folder = await mkdtemp(join(tmpdir(), 'newsrank-bench-'));
try {
  await storeArticles(sql);
  const [mixed, views] = [join(folder, 'mixed.log'), join(folder, 'views.log')];
  await writeLog(mixed, lines, 0.33);
  await writeLog(views, Math.ceil(lines / 4), 1);
  await measure('readline alone', lines, () => readLines(mixed));
  await measure('readline and parsing', lines, () => parseLines(mixed));
  const first = await measure('import', lines, () => run(mixed));
  const again = await measure('the same file again', lines, () => run(mixed));
  const dense = await measure('import of views alone', Math.ceil(lines / 4), () => run(views));
  console.log({ first, again, dense });
} finally {
  await rm(folder, { recursive: true });
  await close();
}

async function measure<T>(name: string, count: number, work: () => Promise<T>): Promise<T> {
  const [from, cpu] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = (user + system) / 1e6;
  const reads = typeof result === 'object' && result !== null && 'reads' in result ? Number(result.reads) : undefined;
  console.log({
    name,
    linesPerCpuSecond: Math.round(count / cpuSeconds),
    ...(reads !== undefined && { reads, readsPerCpuSecond: Math.round(reads / cpuSeconds) }),
    cpuSeconds: Number(cpuSeconds.toFixed(2)),
    seconds: Number(((performance.now() - from) / 1000).toFixed(2)),
    residentMb: Math.round(process.memoryUsage().rss / 1e6),
  });
  return result;
}

function run(file: string) {
  const finder = {
    byIds: (ids: string[]) => findCounted(sql, ids),
    byUrls: (urls: string[]) => findArticleIdsByUrl(sql, urls),
  };
  const tools = { ledger: ledgerOnSql(sql, finder, systemClock), clock: systemClock, random: randomBytes, isCrawler };
  const log = {
    name: file,
    open: () => createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>,
  };
  const options = { source: '', site: SITE, format: undefined, zone: 'UTC', since: undefined, until: undefined };
  return importLog(tools, log, options);
}

async function readLines(file: string): Promise<number> {
  let count = 0;
  for await (const line of createInterface(createReadStream(file))) count += line.length > 0 ? 1 : 0;
  return count;
}

async function parseLines(file: string): Promise<number> {
  const read = openAccessLog();
  let count = 0;
  for await (const line of createInterface(createReadStream(file))) count += typeof read(line) === 'object' ? 1 : 0;
  return count;
}

function urlOf(rank: number): string {
  return `/${['politics', 'world', 'sports', 'arts'][rank % 4]}/2026/11/${(rank * 7919) % 100_000}-a-headline-of-some-length.html`;
}

async function storeArticles(to: Sql): Promise<void> {
  const all = Array.from({ length: ARTICLES }, (_, rank) => ({
    id: newArticleId(new Date(START - DAY), rank),
    key: urlKey(canonicalUrl(SITE + urlOf(rank)) ?? ''),
  }));
  const ids = all.map(({ id }) => id);
  await to.query(
    `insert into articles (id, title, published_at, published_from, first_seen_at, updated_at, content_hash)
     select id, id, now(), 'feed', now(), now(), '' from unnest($1::text[]) as id`,
    [ids],
  );
  await to.query(
    `insert into article_aliases (key, article_id) select decode(key, 'hex'), id from unnest($1::text[], $2::text[]) as a (key, id)`,
    [all.map(({ key }) => key), ids],
  );
}

async function writeLog(file: string, count: number, share: number): Promise<void> {
  const popularity = Array.from({ length: ARTICLES }, (_, rank) =>
    Array<number>(Math.ceil(ARTICLES / (rank + 1))).fill(rank),
  ).flat();
  const out = createWriteStream(file, { highWaterMark: 1024 * 1024 });
  const pick = (below: number) => Math.floor(Math.random() * below);
  for (let i = 0; i < count; i++) {
    const at = new Date(START + (i / count) * DAY);
    const time = `${String(at.getUTCDate()).padStart(2, '0')}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}:${at.toISOString().slice(11, 19)} +0000`;
    const visitor = pick(200_000);
    const address = `203.${visitor % 251}.${(visitor >> 8) % 256}.${visitor % 256}`;
    const chance = Math.random();
    const version = pick(40);
    const agent =
      Math.random() > 0.95
        ? 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
        : `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${100 + version}.0.${visitor % 50}.0 Safari/537.36`;
    const article = urlOf(popularity[pick(popularity.length)] ?? 0);
    const tail = Math.random() < 0.2 ? `?utm_source=feed&utm_campaign=c${pick(500)}` : '';
    const path =
      chance < share ? article + tail : `/assets/${pick(300)}.${['css', 'js', 'webp'][pick(3)]}?v=${pick(3)}`;
    const status = Math.random() < 0.03 ? 404 : 200;
    const line = `${address} - - [${time}] "GET ${path} HTTP/1.1" ${status} ${pick(90_000)} "https://www.google.com/" "${agent}"\n`;
    if (!out.write(line)) await new Promise<void>((resolve) => out.once('drain', resolve));
  }
  out.end();
  await finished(out);
}
