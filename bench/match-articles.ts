/**
 * What it costs to look for copies and stories of new articles, beside how many are stored: CPU of this process and of
 * PostgreSQL's (which must run on this machine), for each article.
 *
 *     DATABASE_URL=postgres://… node --import tsx bench/match-articles.ts [--stored 10000,1000000] [--fresh 2000] [--batch 200]
 *
 * Takes a database of its own on the server, and about 3 GB on its disk for a million articles, which take some minutes.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { matchArticles } from '../src/articles/copies/match-articles.ts';
import { newArticleId } from '../src/ids.ts';
import { migrate } from '../src/schema/migrate.ts';
import { databaseUrl, openDatabase } from '../tests/support/engines.ts';

const { values } = parseArgs({
  options: {
    stored: { type: 'string', default: '10000,1000000' },
    fresh: { type: 'string', default: '2000' },
    // Articles that wait when matching is called; several sizes, one after the other.
    batch: { type: 'string', default: '200,1' },
  },
});
const fresh = Number(values.fresh);
if (databaseUrl === undefined) throw new Error('set DATABASE_URL to a server');
const NOW = new Date();
const CHUNK = 20_000;
const KEYS = 42;
/** Articles that come alone, at least: as many are matched before any are measured. */
const ALONE = 1000;
/** And so many before these, which are removed again: as long as V8 compiles, that is a seventh of what newsrank takes. */
const WARM_UP = 3000;
const FEEDS = 200;

const { sql, url, close } = await openDatabase(databaseUrl, migrate);
const client = new Client(url);
await client.connect();
await client.query(
  `insert into feeds (url, host) select 'https://' || n || '.example/feed', n || '.example' from generate_series(1, ${FEEDS}) n`,
);
let stored = 0;
let sequence = 0;
let last = '';
let isWarm = false;
for (const size of values.stored.split(',').map(Number)) {
  await fill(size);
  for (const batch of values.batch.split(',').map(Number)) {
    if (batch === 1 && !isWarm) {
      await measure(WARM_UP, 1);
      await forgetFresh();
      // Their fingerprints were cheap to remove at first, and would lie in the way of all that are measured.
      await client.query('vacuum articles, sources, fingerprints, term_frequencies');
      isWarm = true;
    }
    // Some hundred before: else to compile this code were a tenth of what is measured.
    await measure(batch === 1 ? ALONE : 200, batch);
    console.log({ stored: size, batch, ...(await measure(batch === 1 ? Math.max(ALONE, fresh / 4) : fresh, batch)) });
    await forgetFresh();
  }
}
await client.end();
await close();

/** They are like each other, as stored ones are not: the next are to find as few of them. */
async function forgetFresh(): Promise<void> {
  await client.query(`delete from articles where id > '0s'; delete from stories; delete from story_postings`);
  // Autovacuum would do so before long: plans are made anew, for empty tables, and kept while these fill.
  await client.query('vacuum analyze stories, story_centroids, story_postings');
}

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

/** Milliseconds of CPU for each of `count` new articles, a fifth of which are copies; `batch` of them wait at a time. */
async function measure(count: number, batch: number): Promise<object> {
  const pids = await serverPids();
  const sums = { matched: 0, copies: 0, client: 0, server: 0, wall: 0 };
  for (let stored = 0; stored < count; stored += batch) {
    await storeFresh(stored, Math.min(count, stored + batch));
    const before = { server: serverCpu(pids), own: process.cpuUsage() };
    const started = performance.now();
    const { matched, copies } = await matchArticles(sql, NOW);
    sums.wall += performance.now() - started;
    const own = process.cpuUsage(before.own);
    sums.client += (own.user + own.system) / 1000;
    sums.server += (serverCpu(pids) - before.server) * 1000;
    sums.matched += matched;
    sums.copies += copies;
  }
  const each = (ms: number) => Number((ms / sums.matched).toFixed(3));
  return {
    matched: sums.matched,
    copies: sums.copies,
    clientMs: each(sums.client),
    serverMs: each(sums.server),
    cpuMs: each(sums.client + sums.server),
    wallMs: each(sums.wall),
  };
}

/** Seconds of CPU that these processes had so far. */
function serverCpu(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9, 0);
}

async function serverPids(): Promise<number[]> {
  const { rows } = await sql.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend'`,
  );
  return rows.map(({ pid }) => pid);
}

async function storeFresh(from: number, to: number): Promise<void> {
  for (let index = from; index < to; index++) {
    const isCopy = index % 5 === 4;
    const title = isCopy ? `UPDATE 1-${last}` : sentence(9);
    const id = newArticleId(new Date(NOW.getTime() - index * 1000), ++sequence);
    await sql.query(
      `insert into articles (id, title, summary, published_at, published_from, first_seen_at, updated_at, content_hash)
       values ($1, $2, $3, $4, 'feed', $5, $4, $6)`,
      [id, title, sentence(40), new Date(NOW.getTime() - index * 1000), NOW, createHash('md5').update(id).digest()],
    );
    await sql.query(
      `insert into sources (feed_id, guid_hash, article_id, guid, first_seen_at, last_seen_at)
       select id, $2, $1, $1, $3, $3 from feeds order by id offset $4 limit 1`,
      [id, createHash('md5').update(id).digest(), NOW, sequence % FEEDS],
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
