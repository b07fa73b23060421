import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { removeOldArticles } from '../../src/articles/clean-up.ts';
import type { CarryingFeed } from '../../src/articles/draft.ts';
import { listArticles } from '../../src/articles/list.ts';
import { saveArticles } from '../../src/articles/save.ts';
import {
  countByCategory,
  findArticle,
  findArticleIdsByUrl,
  findArticles,
  findCounted,
  listCategories,
} from '../../src/articles/store.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { type ArticleId, parseArticleId } from '../../src/ids.ts';
import { openTestSql } from '../support/engines.ts';
import { addFeed, countOf, entryOf, forgetArticles, later, NOW } from './entries.ts';

const opened = { sql: undefined as unknown as Sql, close: async () => {} };
const site = { politics: undefined as unknown as CarryingFeed, world: undefined as unknown as CarryingFeed };
before(async () => void Object.assign(opened, await openTestSql()));
after(() => opened.close());
beforeEach(async () => {
  await forgetArticles(opened.sql);
  site.politics = await addFeed(opened.sql, 'https://example.com/politics.rss', ['politics']);
  site.world = await addFeed(opened.sql, 'https://example.com/world.rss', ['world', 'asia']);
});

async function save(feed: CarryingFeed, titles: readonly string[], published = 0): Promise<readonly ArticleId[]> {
  const entries = titles.map((title, n) =>
    entryOf({ guid: title, url: `https://example.com/${title}`, title, publishedAt: later(published - 5000 - n) }),
  );
  return (await saveArticles(opened.sql, feed, entries, NOW)).insertedIds;
}

async function allTitles(): Promise<string[]> {
  return (await listArticles(opened.sql, { limit: 50 })).items.map(({ title }) => title);
}

describe('finding', () => {
  it('gives an article whole, with its sources', async () => {
    const [id] = await save(site.politics, ['a']);
    assert.ok(id);
    await saveArticles(
      opened.sql,
      site.world,
      [entryOf({ guid: 'w1', url: 'https://example.com/a', title: 'Theirs' })],
      later(1),
    );
    await saveArticles(
      opened.sql,
      site.world,
      [entryOf({ guid: 'w2', url: 'https://example.com/a', title: 'Theirs' })],
      later(2),
    );
    const article = await findArticle(opened.sql, id);
    assert.deepEqual(article, {
      id,
      title: 'a',
      url: 'https://example.com/a',
      source: 'Title of https://example.com/politics.rss',
      summary: '',
      content: '',
      author: null,
      image: null,
      language: null,
      publishedAt: later(-5000),
      updatedAt: later(-5000),
      revision: 1,
      categories: ['asia', 'politics', 'world'],
      revisions: [],
      sources: [
        { feed: 'Title of https://example.com/politics.rss', url: 'https://example.com/a', firstSeenAt: NOW },
        { feed: 'Title of https://example.com/world.rss', url: 'https://example.com/a', firstSeenAt: later(1) },
      ],
      original: null,
      copies: [],
    });
    assert.equal(await findArticle(opened.sql, parseArticleId('0'.repeat(12)) as ArticleId), undefined);
  });

  it('tells of a copy whose it is, and of an original its copies, the oldest first', async () => {
    const [late, original, early] = (await save(site.politics, ['Late copy', 'Original', 'Early copy'])) as [
      ArticleId,
      ArticleId,
      ArticleId,
    ];
    await opened.sql.query('update articles set original_id = $1 where id = any ($2::text[])', [
      original,
      [late, early],
    ]);
    const whole = await findArticle(opened.sql, original);
    assert.equal(whole?.original, null);
    assert.deepEqual(whole?.copies, [
      {
        id: early,
        title: 'Early copy',
        url: 'https://example.com/Early%20copy',
        source: 'Title of https://example.com/politics.rss',
        language: null,
        publishedAt: later(-5002),
      },
      { ...whole?.copies[1], id: late, title: 'Late copy' },
    ]);
    const copy = await findArticle(opened.sql, early);
    assert.deepEqual([copy?.original?.id, copy?.original?.title, copy?.copies], [original, 'Original', []]);
  });

  it('names the host where no feed is left', async () => {
    await save(site.politics, ['a']);
    await opened.sql.query('delete from feeds');
    const { items } = await listArticles(opened.sql, { limit: 1 });
    assert.equal(items[0]?.source, 'example.com');
  });

  it('finds by ids, and what counting needs', async () => {
    const ids = await save(site.world, ['a', 'b']);
    const articles = await findArticles(opened.sql, [...ids, 'zzzzzzzzzzzz' as ArticleId]);
    assert.deepEqual([...articles.keys()].sort(), [...ids].sort());
    const counted = await findCounted(opened.sql, [...ids, 'zzzzzzzzzzzz', "'; drop table", '\0']);
    assert.deepEqual(
      [...counted.values()].map(({ categories }) => [...categories].sort()),
      [
        ['asia', 'world'],
        ['asia', 'world'],
      ],
    );
    assert.equal((await findCounted(opened.sql, [])).size, 0);
    assert.equal((await findArticles(opened.sql, [])).size, 0);
  });

  it('finds by URL, in any form that leads to the page', async () => {
    const [id] = await save(site.world, ['a']);
    const urls = [
      'http://www.example.com/a/?utm_source=x#c',
      'https://example.com/a',
      'https://example.com/b',
      'no url',
    ];
    assert.deepEqual(
      [...(await findArticleIdsByUrl(opened.sql, urls))],
      [
        [urls[0], id],
        [urls[1], id],
      ],
    );
  });

  it('lists categories in the site’s order, and counts their articles without copies', async () => {
    await save(site.world, ['a', 'b']);
    await save(site.politics, ['b', 'c']);
    await opened.sql.query(`update categories set position = 1 where slug = 'asia'`);
    const categories = await listCategories(opened.sql);
    assert.deepEqual(
      categories.map(({ slug, isEmpty }) => [slug, isEmpty]),
      [
        ['politics', false],
        ['world', false],
        ['asia', false],
      ],
    );
    const counts = async () => Object.fromEntries(await countByCategory(opened.sql));
    assert.deepEqual(await counts(), { politics: 2, world: 2, asia: 2 });
    const { rows } = await opened.sql.query<{ filed: number }>(
      `with copy as (
         update articles set original_id = (select max(id) from articles) where id = (select min(id) from articles)
         returning id
       )
       select count(*) as filed from copy join article_categories on article_id = id`,
    );
    const sum = Object.values(await counts()).reduce((total, count) => total + count);
    assert.equal(sum + (rows[0]?.filed ?? 0), 6);
    await opened.sql.query('delete from article_categories');
    assert.deepEqual(
      (await listCategories(opened.sql)).map(({ isEmpty }) => isEmpty),
      [true, true, true],
    );
  });
});

describe('removeOldArticles', () => {
  const document = (...titles: string[]) => titles.map((title) => entryOf({ title, publishedAt: later(-50_000) }));

  it('removes what no feed carries any more, and nothing that one still does', async () => {
    await saveArticles(opened.sql, site.politics, document('Carried', 'Dropped', 'Elsewhere'), NOW);
    await saveArticles(opened.sql, site.world, [...document('Of the world')], NOW);
    await saveArticles(
      opened.sql,
      site.politics,
      [...document('Carried', 'Recent'), entryOf({ title: 'New', publishedAt: NOW })],
      later(300),
    );
    assert.equal((await removeOldArticles(opened.sql, later(-1), 1000, NOW)).removed.length, 2);
    assert.deepEqual((await allTitles()).sort(), ['Carried', 'New', 'Of the world', 'Recent']);
    assert.equal(await countOf(opened.sql, 'sources'), 4);
    // A poll of the same document afterwards brings nothing back.
    const again = await saveArticles(opened.sql, site.politics, document('Carried', 'Recent'), later(301));
    assert.equal(again.inserted, 0);
  });

  it('keeps what the last fetch contained although it was noted up to an hour before', async () => {
    await saveArticles(opened.sql, site.politics, document('Carried'), NOW);
    await saveArticles(opened.sql, site.politics, document('Carried', 'Second'), later(59));
    assert.equal((await removeOldArticles(opened.sql, NOW, 1000, NOW)).removed.length, 0);
  });

  it('removes so many at a time, the oldest first, and what is left of removed feeds', async () => {
    await save(site.politics, ['a', 'b', 'c']);
    await opened.sql.query('delete from feeds');
    assert.equal((await removeOldArticles(opened.sql, NOW, 2, NOW)).removed.length, 2);
    assert.deepEqual(await allTitles(), ['a']);
    assert.equal((await removeOldArticles(opened.sql, NOW, 2, NOW)).removed.length, 1);
    assert.equal((await removeOldArticles(opened.sql, NOW, 2, NOW)).removed.length, 0);
    assert.equal(await countOf(opened.sql, 'article_aliases'), 0);
  });
});
