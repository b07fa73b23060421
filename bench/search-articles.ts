/**
 * How long searches and filtered pages take among very many articles: rare and frequent words, Japanese, phrases, words of
 * one time only, first pages and pages deep down; and what a word's entry costs when an article is stored.
 *
 *     DATABASE_URL=postgres://… node --import tsx bench/search-articles.ts [--articles 1000000] [--days 365] [--keep URL]
 *
 * Takes a database of its own on the server, and about 3 GB on its disk for a million articles. With --keep the database
 * at this URL is used: filled where it is empty, and kept. --only TEXT measures the cases with this text in their names.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ArticleQuery, listArticles } from '../src/articles/list.ts';
import { tsvectorOf } from '../src/articles/search/document.ts';
import { saveWords } from '../src/articles/search/save-words.ts';
import { openPostgres } from '../src/engines/postgres.ts';
import type { Sql } from '../src/engines/sql.ts';
import { type CategorySlug, feedId, newArticleId } from '../src/ids.ts';
import { migrate } from '../src/schema/migrate.ts';
import { databaseUrl, openDatabase } from '../tests/support/engines.ts';

const { values } = parseArgs({
  options: {
    articles: { type: 'string', default: '1000000' },
    days: { type: 'string', default: '365' },
    rounds: { type: 'string', default: '3' },
    keep: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
const [total, days, rounds] = [Number(values.articles), Number(values.days), Number(values.rounds)];
const END = Date.UTC(2026, 10, 23);
const CHUNK = 5000;
const FEEDS = 1000;
const CATEGORIES = 50;

if (databaseUrl === undefined) throw new Error('set DATABASE_URL to a server');
const { sql, close } =
  values.keep === undefined ? await openDatabase(databaseUrl, migrate) : await openPostgres(values.keep);
const kept = await sql.query<{ isThere: boolean }>(`select to_regclass('article_words') is not null as "isThere"`);
if (!kept.rows[0]?.isThere) await migrate(sql);

// Always the same numbers, so that two runs compare.
let state = 20_261_126;
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}

/** Words by Zipf's law, as in news: the first in nearly every article, the last in a few. */
const word = (): string => `w${Math.floor(Math.exp(random() * Math.log(200_000)))}`;
const KANJI = '日本東京政府首相経済対策予算会議選挙大統領米国中国株価円安市場企業発表地震台風大雨警報高校野球優勝';
const kanji = (): string => KANJI.charAt(Math.floor(random() ** 1.5 * KANJI.length));

function japanese(length: number): string {
  let text = '';
  while (text.length < length) text += random() < 0.25 ? 'のをにがで'.charAt(Math.floor(random() * 5)) : kanji();
  return text;
}

function textsOf(share: number): { title: string; summary: string; language: string } {
  const words = (count: number) => Array.from({ length: count }, word).join(' ');
  // One word in half of all articles, one in a half of the older half only, one of a single month, one in 200 articles.
  const marks = [
    random() < 0.5 && 'often',
    share < 0.5 && random() < 0.5 && 'formerly',
    share > 0.1 && share < 0.18 && 'olympics',
    random() < 0.0002 && 'seldom',
    random() < 0.01 && 'sometimes',
  ].filter(Boolean);
  if (random() < 0.25) return { title: japanese(28), summary: `${japanese(110)} ${marks.join(' ')}`, language: 'ja' };
  return { title: words(10), summary: `${words(35)} ${marks.join(' ')}`, language: random() < 0.001 ? 'sw' : 'en-US' };
}

async function fill(): Promise<void> {
  await sql.query(
    `insert into feeds (url, host, title) select 'https://f' || n || '.example/', 'f' || n || '.example', 'Feed ' || n
     from generate_series(1, $1::int) n`,
    [FEEDS],
  );
  await sql.query(`insert into categories (slug, name) select 'c' || n, 'C' || n from generate_series(1, $1::int) n`, [
    CATEGORIES,
  ]);
  const { rows } = await sql.query<{ definition: string }>(
    `select pg_get_indexdef('article_words_by_word'::regclass) as definition`,
  );
  // Made at the end, it takes a tenth of the time.
  await sql.script('drop index article_words_by_word');
  for (let from = 0; from < total; from += CHUNK) {
    const articles = articlesOf(from, Math.min(total, from + CHUNK));
    await store(articles);
    await sql.query('insert into article_words select * from unnest($1::text[], $2::tsvector[])', [
      articles.map(({ id }) => id),
      articles.map(tsvectorOf),
    ]);
  }
  await sql.transaction(async (within) => {
    await within.script('set local statement_timeout = 0');
    await within.script(`${rows[0]?.definition}; analyze`);
  });
}

function articlesOf(from: number, to: number) {
  return Array.from({ length: to - from }, (_, index) => {
    const share = (from + index) / total;
    const publishedAt = new Date(END - (1 - share) * days * 86_400_000 - random() * 3_600_000);
    return { id: newArticleId(publishedAt, from + index), publishedAt, ...textsOf(share), content: '' };
  });
}

async function store(rows: ReturnType<typeof articlesOf>): Promise<void> {
  const ids = rows.map(({ id }) => id);
  await sql.query(
    `insert into articles (id, url, title, summary, language, published_at, published_from, first_seen_at, updated_at,
       content_hash, matched_at)
     select id, 'https://f.example/' || id, title, summary, language, at, 'feed', at, at, sha256(id::bytea), at
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) g (id, title, summary, language, at)`,
    [ids, ...(['title', 'summary', 'language', 'publishedAt'] as const).map((name) => rows.map((row) => row[name]))],
  );
  // Squared: the first feeds and categories are large ones.
  await sql.query(
    `insert into sources (feed_id, guid_hash, article_id, guid, first_seen_at, last_seen_at)
     select 1 + floor(random() ^ 2 * $2::int), sha256(id::bytea), id, id, now(), now() from unnest($1::text[]) id`,
    [ids, FEEDS],
  );
  await sql.query(
    `insert into article_categories (article_id, category)
     select id, 'c' || 1 + floor(random() ^ 2 * $2::int) from unnest($1::text[]) id`,
    [ids, CATEGORIES],
  );
}

/** What making so many more articles findable costs, in polls of twenty new ones. */
async function storeWords(count: number): Promise<void> {
  const articles = articlesOf(total, total + count);
  await store(articles);
  const cpu = process.cpuUsage();
  for (const article of articles) tsvectorOf(article);
  const tokens = process.cpuUsage(cpu).user / 1000 / count;
  const times: number[] = [];
  const before = await cpuTime();
  for (let from = 0; from < count; from += 20) {
    const started = performance.now();
    await saveWords(sql, articles.slice(from, from + 20));
    times.push(performance.now() - started);
  }
  const all = ((await cpuTime()) - before) / count;
  console.log(
    `storing: ${tokens.toFixed(3)} ms CPU for words, ${all.toFixed(2)} ms CPU in all an article; ` +
      `the slowest 20: ${Math.max(...times).toFixed(0)} ms`,
  );
  await sql.query('delete from articles where id = any ($1::text[])', [articles.map(({ id }) => id)]);
}

/** CPU time of this process and of our sessions on a server of this machine, in milliseconds (in steps of 10). */
async function cpuTime(): Promise<number> {
  const { user, system } = process.cpuUsage();
  const { rows } = await sql.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and application_name = 'newsrank'`,
  );
  const ticks = rows.map(({ pid }) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return Number(fields[11]) + Number(fields[12]);
    } catch {
      return 0;
    }
  });
  return (user + system) / 1000 + ticks.reduce((sum, one) => sum + one, 0) * 10;
}

async function timesOf(on: Sql, query: Omit<ArticleQuery, 'limit'>, pages = 1) {
  const times: number[] = [];
  let found = 0;
  const cpu = await cpuTime();
  for (let round = 0; round < rounds; round++) {
    let cursor = query.cursor;
    found = 0;
    for (let page = 0; page < pages; page++) {
      const started = performance.now();
      const { items, next } = await listArticles(on, { ...query, limit: 20, ...(cursor && { cursor }) });
      times.push(performance.now() - started);
      found += items.length;
      if (next === null) break;
      cursor = next;
    }
  }
  const cpuEach = ((await cpuTime()) - cpu) / times.length;
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(1).padStart(8);
  return `${String(found).padStart(5)} found ${cpuEach.toFixed(1).padStart(8)} ms CPU ${at(0.5)} ms median ${at(1)} ms max`;
}

const { rows: filled } = await sql.query('select from articles limit 1');
if (filled.length === 0) await fill();
const size = await sql.query<{ name: string; size: string }>(
  `select relname as name, pg_size_pretty(pg_total_relation_size(oid)) as size from pg_class
   where relname in ('articles', 'article_words', 'article_words_by_word')`,
);
console.log(size.rows.map(({ name, size }) => `${name} ${size}`).join(', '));

const old = new Date(END - days * 0.8 * 86_400_000);
const middle = Buffer.from(newArticleId(new Date(END - days * 0.6 * 86_400_000), 0)).toString('base64url');
const category = 'c1' as CategorySlug;
const thin = `c${CATEGORIES}` as CategorySlug;
const CASES: readonly [string, Omit<ArticleQuery, 'limit'>, number?][] = [
  ['newest', {}, 20],
  ['category', { category }, 20],
  ['thin category, deep', { category: thin, cursor: middle }, 20],
  ['source', { source: feedId(1) }, 20],
  ['category and source', { category, source: feedId(1) }],
  ['rare language', { language: 'sw' }, 20],
  ['ten days of the past', { from: old, to: new Date(old.getTime() + 864e6) }, 20],
  ['q: word of half of all', { q: 'often' }, 20],
  ['q: word of half, deep', { q: 'often', cursor: middle }, 20],
  ['q: word of 1 in 100', { q: 'sometimes' }, 20],
  ['q: word of 1 in 100, deep', { q: 'sometimes', cursor: middle }, 20],
  ['q: word of 1 in 5,000', { q: 'seldom' }, 20],
  ['q: word of no article', { q: 'nowhere' }],
  ['q: frequent, only in the past (250,000)', { q: 'formerly' }, 20],
  ['q: of one month, long ago', { q: 'olympics' }, 20],
  ['q: rare and frequent', { q: 'seldom often' }, 20],
  ['q: two of 1 in 100', { q: 'sometimes w700' }, 20],
  ['q: 経済対策', { q: '経済対策' }, 20],
  ['q: 首相 東京', { q: '首相 東京' }, 20],
  ['q: 雨', { q: '雨' }, 20],
  ['q: phrase of frequent words', { q: '"w1 w2 w3"' }],
  ['q: prefix', { q: 'seld*' }, 20],
  ['q: wide prefix', { q: 'w1*' }],
  ['q: excluded', { q: 'often -w1' }, 20],
  ['q: only excluded', { q: '-often' }, 20],
  ['q: OR', { q: 'seldom OR olympics' }, 20],
  ['q frequent, in a thin category', { q: 'often', category: thin }, 20],
  ['q rare, in a category', { q: 'seldom', category }],
  ['q of the past, in a thin category', { q: 'formerly', category: thin }],
  ['q Japanese, in a language without', { q: '東京', language: 'sw' }],
  ['q frequent, in ten days of the past', { q: 'often', from: old, to: new Date(old.getTime() + 864e6) }, 20],
  ['relevance: frequent', { q: 'often w50', sort: 'relevance' }],
  ['relevance: rare', { q: 'seldom', sort: 'relevance' }],
];
for (const [name, query, pages = 1] of CASES) {
  if (name.includes(values.only)) console.log(name.padEnd(42), await timesOf(sql, query, pages));
}
await storeWords(2000);
await close();
