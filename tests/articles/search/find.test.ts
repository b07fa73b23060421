import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ArticleQuery, listArticles } from '../../../src/articles/list.ts';
import { saveWords } from '../../../src/articles/search/save-words.ts';
import type { Sql } from '../../../src/engines/sql.ts';
import { type ArticleId, type CategorySlug, newArticleId } from '../../../src/ids.ts';
import { openTestSql } from '../../support/engines.ts';

const NOW = Date.UTC(2026, 10, 23);
const DAY = 86_400_000;

interface Written {
  readonly id: ArticleId;
  readonly title: string;
  readonly publishedAt: Date;
  readonly isWorld: boolean;
}

/**
 * More than the newest that are looked at, and more of them with one word than the index may give at once: so that each
 * way of finding is taken. `formerly` is in all but the newest, most of them of one day.
 */
const articles: readonly Written[] = Array.from({ length: 3600 }, (_, n) => {
  const age = n < 600 ? n / 600 : n < 3000 ? 40 + n / 10_000 : (n - 2990) * 3;
  const words = [
    n % 2 === 0 ? 'even' : 'odd',
    ...(n >= 600 ? ['formerly'] : []),
    ...(n % 97 === 0 ? ['seldom'] : []),
    ...(n >= 3000 ? ['anciently'] : []),
  ];
  const publishedAt = new Date(Math.floor((NOW - age * DAY) / 1000) * 1000);
  return { id: newArticleId(publishedAt, n), title: words.join(' '), publishedAt, isWorld: n % 10 === 0 };
});

const opened = { sql: undefined as unknown as Sql, close: async () => {} };
before(async () => {
  Object.assign(opened, await openTestSql());
  const { sql } = opened;
  await sql.query(
    `insert into articles (id, title, published_at, published_from, first_seen_at, updated_at, content_hash)
     select id, title, at, 'feed', at, at, '' from unnest($1::text[], $2::text[], $3::timestamptz[]) given (id, title, at)`,
    [articles.map(({ id }) => id), articles.map(({ title }) => title), articles.map((one) => one.publishedAt)],
  );
  await saveWords(
    sql,
    articles.map(({ id, title }) => ({ id, title, summary: '', content: '' })),
  );
  await sql.query(`insert into categories (slug, name) values ('world', 'World')`);
  await sql.query(`insert into article_categories (article_id, category) select unnest($1::text[]), 'world'`, [
    articles.filter(({ isWorld }) => isWorld).map(({ id }) => id),
  ]);
});
after(() => opened.close());

async function allOf(query: Omit<ArticleQuery, 'limit'>, limit: number): Promise<ArticleId[]> {
  const ids: ArticleId[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await listArticles(opened.sql, { ...query, limit, ...(cursor && { cursor }) });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== null);
  return ids;
}

const newestFirst = (some: readonly Written[]) =>
  some
    .map(({ id }) => id)
    .sort()
    .reverse();

for (const [q, isMatch] of [
  ['even', (title: string) => title.includes('even')],
  ['seldom', (title: string) => title.includes('seldom')],
  ['formerly', (title: string) => title.includes('formerly')],
  ['anciently -odd', (title: string) => /anciently/.test(title) && !/odd/.test(title)],
  ['-formerly', (title: string) => !title.includes('formerly')],
  ['-even OR anciently', (title: string) => !/even/.test(title) || /anciently/.test(title)],
  ['nowhere', () => false],
] as const) {
  test(`${q}: all that match, each once, the newest first, however far back`, async () => {
    const matching = articles.filter(({ title }) => isMatch(title));
    assert.deepEqual(await allOf({ q }, 700), newestFirst(matching));
    const category = 'world' as CategorySlug;
    assert.deepEqual(await allOf({ q, category }, 60), newestFirst(matching.filter(({ isWorld }) => isWorld)));
    const [from, to] = [new Date(NOW - 400 * DAY), new Date(NOW - 20 * DAY)];
    const then = matching.filter(({ publishedAt }) => publishedAt >= from && publishedAt < to);
    assert.deepEqual(await allOf({ q, from, to }, 1500), newestFirst(then));
  });
}
