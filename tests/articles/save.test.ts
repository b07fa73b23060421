import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { listArticles } from '../../src/articles/list.ts';
import { saveArticles } from '../../src/articles/save.ts';
import { findArticle } from '../../src/articles/store.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import { openTestSql } from '../support/engines.ts';
import { addFeed, countOf, entryOf, forgetArticles, later, NOW, rowsOnDisk } from './entries.ts';

const opened = { sql: undefined as unknown as Sql, close: async () => {} };
before(async () => void Object.assign(opened, await openTestSql()));
after(() => opened.close());
beforeEach(() => forgetArticles(opened.sql));

const at = (path: string) => `https://example.com${path}`;
const RSS = 'https://example.com/politics.rss';
const OTHER_RSS = 'https://example.com/world.rss';

/** Polls of one feed, one document after the other; the titles of all articles afterwards, in alphabetical order. */
async function titlesAfter(...documents: Partial<Entry>[][]): Promise<string[]> {
  const feed = await addFeed(opened.sql, RSS);
  for (const [round, document] of documents.entries()) {
    await saveArticles(opened.sql, feed, document.map(entryOf), later(round * 10));
  }
  const { items } = await listArticles(opened.sql, { limit: 100 });
  return items.map(({ title }) => title).sort();
}

describe('identity between polls of one feed', () => {
  const a = { guid: 'g', url: at('/a'), title: 'A' };
  const dated = { ...a, publishedAt: later(-61) };
  const table: [string, Partial<Entry>[][], string[]][] = [
    ['the same entry', [[a], [a]], ['A']],
    ['another title', [[a], [{ ...a, title: 'B' }]], ['B']],
    ['another link under the guid', [[a], [{ ...a, url: at('/moved') }]], ['A']],
    ['another link and title under the guid and date', [[dated], [{ ...dated, url: at('/moved'), title: 'B' }]], ['B']],
    ['another link and title under the guid', [[a], [{ ...a, url: at('/other'), title: 'B' }]], ['A', 'B']],
    ['another guid for the link', [[a], [{ ...a, guid: 'new', title: 'B' }]], ['B']],
    ['the guid given up', [[a], [{ ...a, guid: null }]], ['A']],
    [
      'a guid taken up',
      [[{ ...dated, guid: null }], [{ ...dated, title: 'B' }], [{ ...dated, url: at('/moved'), title: 'C' }]],
      ['C'],
    ],
    ['http, then https', [[{ ...a, guid: null, url: 'http://www.example.com/a/' }], [{ ...a, guid: null }]], ['A']],
    ['tracking', [[{ ...a, guid: null, url: at('/a?utm_source=1') }], [{ ...a, guid: null, url: at('/a#2') }]], ['A']],
    ['a title alone', [[{ title: 'A' }], [{ title: 'A' }, { title: 'B' }]], ['A', 'B']],
    ['a changed title without guid', [[{ ...a, guid: null }], [{ ...a, guid: null, title: 'B' }]], ['B']],
    ['a new guid at each poll', [[a], [{ ...a, guid: '2' }], [{ ...a, guid: '3' }]], ['A']],
    ['one link for all', [[a], [a, { ...a, guid: 'h', title: 'B' }], [{ ...a, guid: 'h', title: 'B' }]], ['A', 'B']],
    [
      'one guid for all',
      [[a], [a, { ...a, url: at('/b'), title: 'B' }], [{ ...a, url: at('/b'), title: 'B' }]],
      ['A', 'B'],
    ],
    [
      'one page and title for all',
      [
        [1, 2].map((n) => ({ url: at(`/page#${n}`), title: 'A' })),
        [3, 1, 2].map((n) => ({ url: at(`/page#${n}`), title: 'A' })),
        [{ url: at('/page#3'), title: 'A' }],
      ],
      ['A', 'A', 'A'],
    ],
    ['the front page for all', [[{ ...a, url: at('/') }], [{ guid: 'h', url: at('/'), title: 'B' }]], ['A', 'B']],
    ['an empty title, later one', [[{ ...a, title: '', summary: 'Words' }], [a]], ['A']],
  ];
  for (const [name, documents, titles] of table) {
    it(`${name}: ${titles.join(', ')}`, async () => {
      assert.deepEqual(await titlesAfter(...documents), titles);
    });
  }
});

describe('saveArticles', () => {
  it('says what became of each article, and writes nothing the second time', async () => {
    const feed = await addFeed(opened.sql, RSS, ['politics']);
    const broken = { ...entryOf({ guid: 'x', title: 'Broken' }), summary: null } as unknown as Entry;
    const entries = [
      entryOf({ guid: '1', title: 'One' }),
      broken,
      entryOf({ guid: '2' }),
      entryOf({ guid: '3', title: 'Three' }),
    ];
    const first = await saveArticles(opened.sql, feed, entries, NOW);
    assert.deepEqual(
      { ...first, insertedIds: first.insertedIds.length },
      { inserted: 2, updated: 0, unchanged: 0, rejected: 2, insertedIds: 2 },
    );
    const before = await rowsOnDisk(opened.sql);
    const second = await saveArticles(opened.sql, feed, entries, later(5));
    assert.deepEqual(second, { inserted: 0, updated: 0, unchanged: 2, rejected: 2, insertedIds: [] });
    assert.deepEqual(await rowsOnDisk(opened.sql), before);
    assert.equal((await saveArticles(opened.sql, feed, [], NOW)).inserted, 0);
  });

  it('notes once an hour that a feed still carries an article', async () => {
    const feed = await addFeed(opened.sql, RSS);
    const seen = async (minutes: number) => {
      await saveArticles(opened.sql, feed, [entryOf({ guid: '1', title: 'One' })], later(minutes));
      const { rows } = await opened.sql.query<{ last_seen_at: Date }>('select last_seen_at from sources');
      return rows[0]?.last_seen_at;
    };
    assert.deepEqual(await seen(0), NOW);
    assert.deepEqual(await seen(60), NOW);
    assert.deepEqual(await seen(61), later(61));
  });

  it('keeps the earlier words of an update, and the id', async () => {
    const feed = await addFeed(opened.sql, RSS);
    const entry = entryOf({
      guid: '1',
      url: at('/a'),
      title: 'Eto Dismissed',
      summary: 'Early.',
      publishedAt: later(-60),
    });
    const { insertedIds } = await saveArticles(opened.sql, feed, [entry], NOW);
    const update = { ...entry, title: 'Eto Dismissed (UPDATE 2)', updatedAt: later(3) };
    assert.equal((await saveArticles(opened.sql, feed, [update], later(5))).updated, 1);
    assert.equal((await saveArticles(opened.sql, feed, [{ ...update, content: '<p>More.</p>' }], later(9))).updated, 1);
    assert.equal(
      (await saveArticles(opened.sql, feed, [{ ...update, content: '<p>More.</p>', author: 'X' }], later(12))).updated,
      1,
    );
    const [id] = insertedIds;
    assert.ok(id);
    const article = await findArticle(opened.sql, id);
    assert.ok(article);
    const { title, content, revision, publishedAt, updatedAt, author, revisions } = article;
    assert.deepEqual(
      { title, content, revision, publishedAt, updatedAt, author },
      {
        title: 'Eto Dismissed (UPDATE 2)',
        content: '<p>More.</p>',
        // A new author is none.
        revision: 3,
        publishedAt: later(-60),
        updatedAt: later(9),
        author: 'X',
      },
    );
    const words = { summary: 'Early.', url: at('/a'), image: null };
    assert.deepEqual(revisions, [
      { revision: 2, title: 'Eto Dismissed (UPDATE 2)', ...words, changed: ['content'], replacedAt: later(9) },
      { revision: 1, title: 'Eto Dismissed', ...words, changed: ['title'], replacedAt: later(5) },
    ]);
  });

  it('makes one article in two categories of what two feeds carry, in the words of the first', async () => {
    const politics = await addFeed(opened.sql, RSS, ['politics']);
    const world = await addFeed(opened.sql, OTHER_RSS, ['world', 'asia']);
    const mine = [entryOf({ guid: '1', url: at('/a'), title: 'Our title' })];
    const theirs = [entryOf({ guid: '9', url: 'http://m.example.com/a?utm_source=w', title: 'Their title' })];
    // Polled in the same millisecond, the second feed even by a clock that is behind.
    await saveArticles(opened.sql, world, mine, NOW);
    assert.equal(await countOf(opened.sql, 'count_changes'), 0, 'nobody has read it yet');
    const joined = await saveArticles(opened.sql, politics, theirs, later(-1));
    assert.deepEqual(joined, { inserted: 0, updated: 0, unchanged: 1, rejected: 0, insertedIds: [] });
    assert.equal(await countOf(opened.sql, 'count_changes'), 1, 'its reads go to its new category');
    const before = await rowsOnDisk(opened.sql);
    await saveArticles(opened.sql, politics, theirs, later(5));
    await saveArticles(opened.sql, world, mine, later(5));
    assert.deepEqual(await rowsOnDisk(opened.sql), before);
    const { items } = await listArticles(opened.sql, { limit: 9 });
    assert.deepEqual(
      items.map(({ title, source, categories }) => ({ title, source, categories })),
      [{ title: 'Our title', source: `Title of ${OTHER_RSS}`, categories: ['asia', 'politics', 'world'] }],
    );
  });

  it('listens to the next feed when the first is removed', async () => {
    const first = await addFeed(opened.sql, RSS);
    const next = await addFeed(opened.sql, OTHER_RSS);
    const entry = entryOf({ guid: '1', url: at('/a'), title: 'First' });
    await saveArticles(opened.sql, first, [entry], NOW);
    await saveArticles(opened.sql, next, [{ ...entry, title: 'Next' }], NOW);
    await opened.sql.query('delete from feeds where id = $1', [first.id]);
    assert.equal((await saveArticles(opened.sql, next, [{ ...entry, title: 'Next' }], later(5))).updated, 1);
  });

  it('stores a thousand entries at once', async () => {
    const feed = await addFeed(opened.sql, RSS, ['politics']);
    const entries = Array.from({ length: 1000 }, (_, n) =>
      entryOf({ guid: `${n}`, url: at(`/${n}`), title: `Title "${n}" \\ 政治` }),
    );
    assert.equal((await saveArticles(opened.sql, feed, entries, NOW)).inserted, 1000);
    assert.equal((await saveArticles(opened.sql, feed, entries, later(1))).unchanged, 1000);
    assert.equal(await countOf(opened.sql, 'articles'), 1000);
    // By guid, link, content and path.
    assert.equal(await countOf(opened.sql, 'article_aliases'), 4000);
  });

  it('is undone with the transaction around it', async () => {
    const feed = await addFeed(opened.sql, RSS);
    const failed = opened.sql.transaction(async (sql) => {
      await saveArticles(sql, feed, [entryOf({ title: 'A' })], NOW);
      throw new Error('later');
    });
    await assert.rejects(failed, /later/);
    assert.equal(await countOf(opened.sql, 'articles'), 0);
  });
});
