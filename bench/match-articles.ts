/**
 * What it costs to look for copies and stories of new articles, beside how many are stored: CPU of this process and of
 * PostgreSQL's (which must run on this machine), for each article.
 *
 *     DATABASE_URL=postgres://… node --import tsx bench/match-articles.ts [--stored 10000,1000000] [--fresh 2000]
 *
 * Takes a database of its own on the server, and about 3 GB on its disk for a million articles, which take some minutes.
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { matchArticles } from '../src/articles/copies/match-articles.ts';
import type { Sql } from '../src/engines/sql.ts';
import { newArticleId } from '../src/ids.ts';
import { migrate } from '../src/schema/migrate.ts';
import { databaseUrl, openDatabase } from '../tests/support/engines.ts';
import { measureProcess } from './process-cost.ts';

const { values } = parseArgs({
  options: { stored: { type: 'string', default: '10000,1000000' }, fresh: { type: 'string', default: '2000' } },
});
const fresh = Number(values.fresh);
if (databaseUrl === undefined) throw new Error('set DATABASE_URL to a server');
const NOW = new Date();
const CHUNK = 20_000;
const KEYS = 42;

const { sql, url, close } = await openDatabase(databaseUrl, migrate);
const client = new Client(url);
await client.connect();
let stored = 0;
let sequence = 0;
for (const size of values.stored.split(',').map(Number)) {
  await fill(size);
  await measure(200);
  console.log({ stored: size, fresh, ...(await measure(fresh)) });
}
await client.end();
await close();

/** Articles of the last three days with keys of their own, which are what the index is made of. */
async function fill(size: number): Promise<void> {
  const isLarge = size - stored > 50_000;
  if (isLarge) await client.query('drop index fingerprints_by_key');
  for (; stored < size; stored += CHUNK) {
    const range = [stored, Math.min(size, stored + CHUNK) - 1];
    await client.query(
      `with made as (
         insert into articles (
           id, title, summary, published_at, published_from, first_seen_at, updated_at, content_hash, matched_at
         )
         select '0' || lpad(n::text, 11, '0'), 'Title ' || md5(n::text), repeat(md5(n::text) || ' ', 8),
           $3::timestamptz - make_interval(secs => (random() * 259200)::float8), 'feed', $3, $3, '', $3
         from generate_series($1::int, $2::int) n
         returning id, published_at, title
       )
       insert into fingerprints
       select id, published_at, $3::timestamptz - interval '1 day', title, array(
         select (random() * 4294967295 - 2147483648)::int8::int4 from generate_series(1, ${KEYS}) where made.id is not null
       ) from made`,
      [...range, NOW],
    );
  }
  if (isLarge) {
    await client.query(`set maintenance_work_mem = '1GB'`);
    await client.query('create index fingerprints_by_key on fingerprints using gin (keys) with (fastupdate = off)');
  }
  await client.query('vacuum analyze articles');
  await client.query('vacuum analyze fingerprints');
  await client.query('checkpoint').catch(() => {});
}

/** Milliseconds of CPU for each of `count` new articles, a fifth of which are copies. */
async function measure(count: number): Promise<object> {
  await storeFresh(count);
  const before = { own: process.cpuUsage(), server: await serverCpu(sql) };
  const started = performance.now();
  const { matched, copies } = await matchArticles(sql, NOW);
  const wall = performance.now() - started;
  const own = process.cpuUsage(before.own);
  const client = (own.user + own.system) / 1000;
  const server = ((await serverCpu(sql)) - before.server) * 1000;
  const each = (ms: number) => Number((ms / matched).toFixed(3));
  return {
    matched,
    copies,
    clientMs: each(client),
    serverMs: each(server),
    cpuMs: each(client + server),
    wallMs: each(wall),
  };
}

async function serverCpu(on: Sql): Promise<number> {
  const { rows } = await on.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend'`,
  );
  return rows.reduce((sum, { pid }) => sum + measureProcess(pid).cpuSeconds, 0);
}

async function storeFresh(count: number): Promise<void> {
  let last = '';
  for (let index = 0; index < count; index++) {
    const isCopy = index % 5 === 4;
    const title = isCopy ? `UPDATE 1-${last}` : sentence(9);
    const id = newArticleId(new Date(NOW.getTime() - index * 1000), ++sequence);
    await sql.query(
      `insert into articles (id, title, summary, published_at, published_from, first_seen_at, updated_at, content_hash)
       values ($1, $2, $3, $4, 'feed', $5, $4, $6)`,
      [id, title, sentence(40), new Date(NOW.getTime() - index * 1000), NOW, createHash('md5').update(id).digest()],
    );
    last = title;
  }
}

/** Words as rare and as frequent as in a language (Zipf), of 30,000. */
function sentence(words: number): string {
  const one = () => {
    const rank = Math.floor(30_000 ** Math.random());
    const hash = createHash('md5').update(String(rank)).digest('hex').replace(/[0-9]/g, '');
    return hash.slice(0, 3 + (rank % 6));
  };
  return Array.from({ length: words }, one).join(' ');
}
