import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { saveArticles } from '../../src/articles/save.ts';
import { findArticle } from '../../src/articles/store.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import { openTestSql } from '../support/engines.ts';
import { addFeed, countOf, entryOf, forgetArticles, later, rowsOnDisk } from './entries.ts';

const opened = { sql: undefined as unknown as Sql, close: async () => {} };
before(async () => void Object.assign(opened, await openTestSql()));
after(() => opened.close());
beforeEach(() => forgetArticles(opened.sql));

const DAY = 1440;
const entry = {
  guid: '1',
  url: 'https://example.com/a',
  title: 'Eto Dismissed',
  summary: 'Early words.',
  content: '<p>Early words.</p>',
  image: 'https://example.com/1.jpg?sig=1',
};

/** The article after these versions of its entry, each with the minute at which it is seen. */
async function articleAfter(...versions: readonly (readonly [number, Partial<Entry>])[]) {
  const feed = await addFeed(opened.sql, 'https://example.com/news.rss');
  const updated: number[] = [];
  for (const [minute, version] of versions) {
    const saved = await saveArticles(opened.sql, feed, [entryOf({ ...entry, ...version })], later(minute));
    updated.push(saved.updated);
  }
  const { rows } = await opened.sql.query<{ id: Parameters<typeof findArticle>[1] }>('select id from articles');
  assert.equal(rows.length, 1);
  const [row] = rows;
  assert.ok(row);
  const article = await findArticle(opened.sql, row.id);
  assert.ok(article);
  return { article, updated, feed };
}

describe('revisions', () => {
  it('say what each update changed', async () => {
    const { article } = await articleAfter(
      [0, {}],
      [1, { title: 'Eto Dismissed (UPDATE 2)' }],
      [2, { title: 'Eto Dismissed (UPDATE 2)', summary: 'Later words.', content: '<p>Later words.</p>' }],
      [3, { title: 'Eto Dismissed (UPDATE 2)', summary: 'Later words.', content: '<p>Later words.</p>', image: null }],
      [4, { title: 'Eto Out', url: 'https://example.com/eto', summary: 'Later words.', content: '', image: null }],
    );
    assert.deepEqual(
      article.revisions.map(({ revision, changed }) => [revision, changed]),
      [
        [4, ['title', 'content', 'url']],
        [3, ['image']],
        [2, ['summary', 'content']],
        [1, ['title']],
      ],
    );
    assert.deepEqual([article.revision, article.title, article.url], [5, 'Eto Out', 'https://example.com/eto']);
    const [first] = article.revisions.slice(-1);
    assert.deepEqual([first?.title, first?.summary, first?.url], [entry.title, entry.summary, entry.url]);
  });

  it('are not made of a new author or of a picture that is signed anew', async () => {
    const { article, updated } = await articleAfter(
      [0, {}],
      [1, { author: 'A. Uthor' }],
      [2, { image: `${entry.image}2` }],
    );
    assert.deepEqual([article.revision, article.revisions.length, updated], [1, 0, [0, 1, 1]]);
  });

  it('are made once of two titles in turn, of which one stands for a day at least', async () => {
    const flips = Array.from(
      { length: 30 },
      (_, n) => [n * 10, { title: n % 2 === 0 ? 'Headline A' : 'Headline B' }] as const,
    );
    const { article, updated, feed } = await articleAfter(...flips);
    // A, B and A again: from then on both are known.
    assert.deepEqual([article.title, article.revision, article.revisions.length], ['Headline A', 3, 2]);
    assert.equal(
      updated.reduce((sum, n) => sum + n, 0),
      2,
    );
    const seen = async (minute: number, title: string) => {
      await saveArticles(opened.sql, feed, [entryOf({ ...entry, title })], later(minute));
      const found = await findArticle(opened.sql, article.id);
      return [found?.title, found?.revision];
    };
    assert.deepEqual(await seen(DAY - 30, 'Headline B'), ['Headline A', 3]);
    assert.deepEqual(await seen(DAY + 30, 'Headline B'), ['Headline B', 3]);
    assert.deepEqual(await seen(DAY + 40, 'Headline A'), ['Headline B', 3]);
    assert.deepEqual(await seen(DAY + 50, 'Headline C'), ['Headline C', 4]);
    assert.equal(await countOf(opened.sql, 'article_revisions'), 3);
  });

  it('are kept to the last fifty', async () => {
    const { article } = await articleAfter(
      ...Array.from({ length: 60 }, (_, n) => [n, { summary: `Minute ${n}.` }] as const),
    );
    assert.equal(article.revision, 60);
    assert.equal(article.revisions.length, 50);
    assert.equal(article.revisions.at(-1)?.revision, 10);
  });

  it('asks for copies and stories again where title or summary changed, and only there', async () => {
    const { feed } = await articleAfter([0, {}]);
    const matched = async (version: Partial<Entry>) => {
      await opened.sql.query('update articles set matched_at = now()');
      await saveArticles(opened.sql, feed, [entryOf({ ...entry, ...version })], later(5));
      const { rows } = await opened.sql.query<{ is: boolean }>('select matched_at is not null as is from articles');
      return rows[0]?.is;
    };
    assert.equal(await matched({}), true);
    assert.equal(await matched({ content: '<p>New.</p>' }), true);
    assert.equal(await matched({ content: '<p>New.</p>', title: 'New' }), false);
  });

  it('write nothing where nothing changed', async () => {
    const { feed } = await articleAfter([0, {}], [1, { title: 'New' }]);
    const rows = await rowsOnDisk(opened.sql);
    await saveArticles(opened.sql, feed, [entryOf({ ...entry, title: 'New' })], later(2));
    assert.deepEqual(await rowsOnDisk(opened.sql), rows);
  });
});
