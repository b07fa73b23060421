import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { removeOldArticles } from '../../src/articles/clean-up.ts';
import type { CarryingFeed } from '../../src/articles/draft.ts';
import { saveArticles } from '../../src/articles/save.ts';
import {
  type ArticleQuery,
  countArticles,
  findArticle,
  findArticleIdsByUrl,
  findArticles,
  findCounted,
  listArticles,
  listCategories,
} from '../../src/articles/store.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { type ArticleId, type CategorySlug, parseArticleId } from '../../src/ids.ts';
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

async function titlesOf(query: Partial<ArticleQuery>): Promise<string[]> {
  return (await listArticles(opened.sql, { limit: 50, ...query })).items.map(({ title }) => title);
}

describe('listArticles', () => {
  it('lists the newest first, page by page, while articles arrive', async () => {
    const titles = Array.from({ length: 11 }, (_, n) => `T${n}`);
    await save(site.politics, titles);
    const pages: string[][] = [];
    let cursor: string | null | undefined;
    do {
      const page = await listArticles(opened.sql, { limit: 4, ...(cursor ? { cursor } : {}) });
      pages.push(page.items.map(({ title }) => title));
      cursor = page.next;
      await save(site.world, [`Late ${pages.length}`], 60);
    } while (cursor !== null);
    assert.deepEqual(pages, [titles.slice(0, 4), titles.slice(4, 8), titles.slice(8)]);
  });

  it('gives no cursor after the last page, and pages through articles of one second', async () => {
    const entries = ['A', 'B', 'C'].map((title) => entryOf({ title, publishedAt: NOW }));
    await saveArticles(opened.sql, site.politics, entries, NOW);
    const first = await listArticles(opened.sql, { limit: 2 });
    const second = await listArticles(opened.sql, { limit: 2, cursor: first.next ?? '' });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ title }) => title),
      ['C', 'B', 'A'],
    );
    assert.equal(second.next, null);
    assert.equal((await listArticles(opened.sql, { limit: 3 })).next, null);
  });

  it('refuses cursors that it did not give', async () => {
    const odd = (text: string) => Buffer.from(text).toString('base64url');
    for (const cursor of [
      '',
      'x',
      odd('1.abc'),
      odd('1e3.000000000000'),
      odd('99999999999999999.000000000000'),
      odd('-99999999999999.000000000000'),
      `${odd('1.000000000000')}=`,
      '\0',
    ]) {
      await assert.rejects(listArticles(opened.sql, { limit: 1, cursor }), { code: 'cursor-invalid' }, cursor);
    }
  });

  it('selects by category, by source and by words', async () => {
    await save(site.politics, ['Rain in Tokyo', '50% off_the\\record']);
    await save(site.world, ['TOKYO votes', '東京で雨']);
    assert.deepEqual(await titlesOf({ category: 'politics' as CategorySlug }), [
      'Rain in Tokyo',
      '50% off_the\\record',
    ]);
    assert.deepEqual(await titlesOf({ category: 'none' as CategorySlug }), []);
    assert.deepEqual(await titlesOf({ source: site.world.id }), ['TOKYO votes', '東京で雨']);
    assert.deepEqual(await titlesOf({ q: 'tokyo' }), ['TOKYO votes', 'Rain in Tokyo'].sort().reverse());
    assert.deepEqual(await titlesOf({ q: ' tokyo  rain ' }), ['Rain in Tokyo']);
    assert.deepEqual(await titlesOf({ q: '東京 雨' }), ['東京で雨']);
    for (const literal of ['50%', 'off_', '\\record'])
      assert.deepEqual(await titlesOf({ q: literal }), ['50% off_the\\record']);
    for (const wildcard of ['R%n', 'T_kyo', '\0'])
      assert.equal((await titlesOf({ q: wildcard })).length, wildcard === '\0' ? 4 : 0);
    assert.deepEqual(await titlesOf({ q: 'tokyo', category: 'asia' as CategorySlug, source: site.world.id }), [
      'TOKYO votes',
    ]);
  });

  it('finds words of the summary', async () => {
    await saveArticles(opened.sql, site.politics, [entryOf({ title: 'Rain', summary: 'Umbrellas sold out' })], NOW);
    assert.deepEqual(await titlesOf({ q: 'umbrellas rain' }), ['Rain']);
  });
});

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
    });
    assert.equal(await findArticle(opened.sql, parseArticleId('0'.repeat(12)) as ArticleId), undefined);
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

  it('counts articles, by category in the site’s order', async () => {
    await save(site.world, ['a', 'b']);
    await save(site.politics, ['b', 'c']);
    await opened.sql.query(`update categories set position = 1 where slug = 'asia'`);
    assert.deepEqual(
      (await listCategories(opened.sql)).map(({ slug, articles }) => [slug, articles]),
      [
        ['politics', 2],
        ['world', 2],
        ['asia', 2],
      ],
    );
    assert.equal(await countArticles(opened.sql), 3);
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
    assert.equal(await removeOldArticles(opened.sql, later(-1), 1000), 2);
    assert.deepEqual((await titlesOf({})).sort(), ['Carried', 'New', 'Of the world', 'Recent']);
    assert.equal(await countOf(opened.sql, 'sources'), 4);
    // A poll of the same document afterwards brings nothing back.
    const again = await saveArticles(opened.sql, site.politics, document('Carried', 'Recent'), later(301));
    assert.equal(again.inserted, 0);
  });

  it('keeps what the last fetch contained although it was noted up to an hour before', async () => {
    await saveArticles(opened.sql, site.politics, document('Carried'), NOW);
    await saveArticles(opened.sql, site.politics, document('Carried', 'Second'), later(59));
    assert.equal(await removeOldArticles(opened.sql, NOW, 1000), 0);
  });

  it('removes so many at a time, the oldest first, and what is left of removed feeds', async () => {
    await save(site.politics, ['a', 'b', 'c']);
    await opened.sql.query('delete from feeds');
    assert.equal(await removeOldArticles(opened.sql, NOW, 2), 2);
    assert.deepEqual(await titlesOf({}), ['a']);
    assert.equal(await removeOldArticles(opened.sql, NOW, 2), 1);
    assert.equal(await removeOldArticles(opened.sql, NOW, 2), 0);
    assert.equal(await countOf(opened.sql, 'article_aliases'), 0);
  });
});
