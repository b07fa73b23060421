/**
 * How well stories are told apart, and what an article costs, on the labelled headlines of the tests among noise.
 *
 *     DATABASE_URL=postgres://… node --import tsx bench/story-quality.ts [--noise 3000] [--batch 200] [--stored 0]
 *
 * `--stored n` first stores n articles, a tenth of them in open stories, to show whether the cost stays flat. CPU is
 * that of this process; what PostgreSQL does shows in the wall time and the rows written. Takes a database of its own on the server.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { StoryArticle } from '../src/articles/stories/assign.ts';
import { termsOf } from '../src/articles/stories/terms.ts';
import type { Sql } from '../src/engines/sql.ts';
import type { ArticleId } from '../src/ids.ts';
import { migrate } from '../src/schema/migrate.ts';
import { labelledStream, scorePairs } from '../tests/articles/stories/labelled.ts';
import { giveStories, insertPlain, storiesOf } from '../tests/articles/stories/stored.ts';
import { databaseUrl, openDatabase } from '../tests/support/engines.ts';

const { values } = parseArgs({
  options: {
    noise: { type: 'string', default: '3000' },
    batch: { type: 'string', default: '200' },
    stored: { type: 'string', default: '0' },
  },
});
const [noise, batch, stored] = [values.noise, values.batch, values.stored].map(Number) as [number, number, number];
if (databaseUrl === undefined) throw new Error('set DATABASE_URL to a server');
const START = new Date('2026-11-16T00:00:00Z');

for (const language of ['en', 'ja'] as const) {
  const { sql, close } = await openDatabase(databaseUrl, migrate);
  const { articles, events } = labelledStream(language, noise, START);
  if (stored > 0) await fill(sql, articles, stored);
  await insertPlain(sql, articles);
  const cpu = process.cpuUsage();
  const began = await rowsWritten(sql);
  const startedAt = performance.now();
  for (let at = 0; at < articles.length; at += batch) {
    const given = articles.slice(at, at + batch);
    await giveStories(sql, given, given.at(-1)?.publishedAt ?? START);
  }
  const wall = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  const stories = await storiesOf(sql);
  const { precision, recall, pairs } = scorePairs(events, (id: ArticleId) => stories.get(id));
  const per = (ms: number) => Number((ms / articles.length).toFixed(3));
  console.log({
    ...{ language, noise, batch, stored, pairs },
    precision: Number((100 * precision).toFixed(1)),
    recall: Number((100 * recall).toFixed(1)),
    cpuMsAnArticle: per((user + system) / 1000),
    wallMsAnArticle: per(wall),
    rowsWrittenAnArticle: per((await rowsWritten(sql)) - began),
  });
  await close();
}

/** Rows that the server has inserted, updated and deleted so far. It says so a second later, and then with a next statement. */
async function rowsWritten(sql: Sql): Promise<number> {
  await sleep(1100);
  await sql.query('select 1');
  const { rows } = await sql.query<{ written: number }>(
    'select sum(n_tup_ins + n_tup_upd + n_tup_del) as written from pg_stat_user_tables',
  );
  return rows[0]?.written ?? 0;
}

/**
 * So many articles, a tenth of them in stories that are still open: each has four common words, at first those of the
 * headlines, and six of names that a hundred stories share.
 */
async function fill(sql: Sql, articles: readonly StoryArticle[], count: number): Promise<void> {
  const words = [...new Set(articles.flatMap((article) => [...termsOf(article).keys()]))];
  await sql.query(
    `insert into articles (id, title, published_at, published_from, first_seen_at, updated_at, content_hash, story_id, matched_at)
     select lpad(to_hex(n), 12, '0'), 'Title ' || n, $2, 'feed', $2, $2, '', n / 2, $2 from generate_series(1, $1::int) n`,
    [count, START],
  );
  await sql.query('insert into stories (first_at) select $2::timestamptz from generate_series(1, $1::int)', [
    Math.ceil(count / 10),
    START,
  ]);
  await sql.query(
    `insert into story_centroids (story_id, terms, weights, size, first_at, last_at, touched_at)
     select id, array_agg(term), array_agg(0.3), 1, $3, $3, $3
     from (
       select distinct id, term from stories cross join lateral (
         select ($1::text[])[1 + floor(power(random(), 2) * $2 + id * 0)::int] as term from generate_series(1, 4)
         union all
         select 'en:name' || floor(random() * $4 + id * 0)::int from generate_series(1, 6)
       ) terms
     ) terms
     group by id`,
    [words, words.length - 1, START, Math.ceil(((count / 10) * 6) / 100)],
  );
  await sql.query(
    `insert into story_postings select term, story_id from story_centroids cross join lateral unnest(terms) term`,
  );
  await sql.query(
    `insert into term_frequencies select term, count(*), $1::timestamptz from story_postings group by term
     union all select 'en:', $2::int, $1 union all select 'ja:', $2::int, $1`,
    [START, Math.ceil(count / 10)],
  );
  await sql.script('vacuum analyze articles, stories, story_centroids, story_postings, term_frequencies');
}
