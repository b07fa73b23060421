import assert from 'node:assert/strict';
import { after, before, beforeEach, it } from 'node:test';
import { changeFeed } from '../../src/articles/change-feed.ts';
import type { CarryingFeed } from '../../src/articles/draft.ts';
import { importFeeds, importFeedsAtStart } from '../../src/articles/import-feeds.ts';
import { saveArticles } from '../../src/articles/save.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { findFeed, readPollTarget } from '../../src/feeds/store.ts';
import type { ArticleId, FeedId } from '../../src/ids.ts';
import { openTestSql, skipWithoutPostgres } from '../support/engines.ts';
import { entryOf, forgetArticles, NOW } from './entries.ts';

const opened = { sql: undefined as unknown as Sql, close: async () => {} };
before(async () => void Object.assign(opened, await openTestSql()));
after(() => opened.close());
beforeEach(() => forgetArticles(opened.sql));

const urlOf = (n: number) => `https://host${n}.example/feed`;

async function save(id: FeedId, names: readonly string[]): Promise<readonly ArticleId[]> {
  const feed: CarryingFeed | undefined = await readPollTarget(opened.sql, id);
  assert.ok(feed);
  const entries = names.map((name) => entryOf({ guid: name, url: `https://example.com/${name}`, title: name }));
  return (await saveArticles(opened.sql, feed, entries, NOW)).insertedIds;
}

async function filed(): Promise<Record<string, string[]>> {
  const { rows } = await opened.sql.query<{ title: string; categories: string[] }>(
    `select title, array(select category from article_categories where article_id = id order by 1) as categories
     from articles order by title`,
  );
  return Object.fromEntries(rows.map(({ title, categories }) => [title, categories]));
}

async function takeWaiting(): Promise<ArticleId[]> {
  const { rows } = await opened.sql.query<{ id: ArticleId }>('delete from count_changes returning article_id as id');
  return rows.map(({ id }) => id).sort();
}

it('gives known feeds the categories that they lack, and takes their articles there', async () => {
  const first = { url: urlOf(1), title: 'One', categories: ['Sports'] };
  const { added } = await importFeeds(opened.sql, [first, { url: urlOf(2), categories: ['World'] }], NOW);
  const [sports, world] = added as [FeedId, FeedId];
  const ids = await save(sports, ['own', 'shared']);
  await save(world, ['shared', 'other']);
  await takeWaiting();

  const again = [
    { url: urlOf(1), title: 'Another title', categories: ['sports', 'Home'] },
    { url: urlOf(3), categories: ['Home'] },
  ];
  const imported = await importFeeds(opened.sql, again, NOW);
  assert.deepEqual([imported.added.length, imported.existing], [1, [sports]]);
  const feed = await findFeed(opened.sql, sports);
  assert.deepEqual([feed?.title, feed?.categories], ['One', ['home', 'sports']]);
  const expected = { other: ['world'], own: ['home', 'sports'], shared: ['home', 'sports', 'world'] };
  assert.deepEqual(await filed(), expected);
  assert.deepEqual(await takeWaiting(), [...ids].sort(), 'their reads are to follow');
});

it('does so for any number of feeds, and a second time nothing', async () => {
  const feeds = (categories: readonly string[]) =>
    Array.from({ length: 55 }, (_, n) => ({ url: urlOf(n), categories: categories.slice(0, 1 + (n % 2)) }));
  const { added } = await importFeeds(opened.sql, feeds(['News']), NOW);
  for (const [n, id] of added.entries()) await save(id, [`of ${n}`]);
  await takeWaiting();

  assert.equal((await importFeeds(opened.sql, feeds(['News', 'More']), NOW)).existing.length, added.length);
  const wide = Object.entries(await filed()).filter(([, categories]) => categories.includes('more'));
  assert.deepEqual(
    wide.map(([title]) => Number(title.slice(3)) % 2).filter((n) => n === 0),
    [],
  );
  assert.equal(wide.length, 27);
  assert.equal((await takeWaiting()).length, 27);

  const before = await allRows();
  await importFeeds(opened.sql, feeds(['News', 'More']), NOW);
  await importFeedsAtStart(opened.sql, feeds(['News', 'More']), NOW);
  assert.deepEqual(await allRows(), before, 'not a row is written');
});

/** Every row with its place on disk, and the number that the next feed would get. */
async function allRows(): Promise<unknown> {
  const tables = ['categories', 'feeds', 'feed_categories', 'article_categories', 'count_changes'];
  const found = [];
  for (const table of tables) {
    found.push((await opened.sql.query(`select ctid::text, xmin::text, t::text from ${table} t order by 1`)).rows);
  }
  const { rows } = await opened.sql.query("select last_value from pg_sequences where sequencename = 'feeds_id_seq'");
  return [...found, rows];
}

it('of processes that start at the same time one adds each feed, and all know it', {
  skip: skipWithoutPostgres,
}, async () => {
  const feeds = Array.from({ length: 1200 }, (_, n) => ({ url: urlOf(n), categories: ['News', `Desk ${n % 3}`] }));
  const wider = feeds.map((feed) => ({ ...feed, categories: [...feed.categories, 'More'] }));
  const imported = await Promise.all([feeds, wider, feeds].map((each) => importFeedsAtStart(opened.sql, each, NOW)));
  assert.equal(
    imported.reduce((sum, { added }) => sum + added.length, 0),
    feeds.length,
  );
  for (const { added, existing } of imported) assert.equal(new Set([...added, ...existing]).size, feeds.length);
  const { rows } = await opened.sql.query('select count(*) as n from feed_categories');
  assert.deepEqual(rows, [{ n: 3 * feeds.length }]);
});

it('at a start does not take back what somebody chose since', async () => {
  const file = [
    { url: urlOf(1), categories: ['Sports'] },
    { url: urlOf(2), categories: ['Sports'] },
  ];
  const [chosen, left] = (await importFeedsAtStart(opened.sql, file, NOW)).added as [FeedId, FeedId];
  await save(chosen, ['one']);
  await save(left, ['two']);
  await changeFeed(opened.sql, chosen, { categories: ['World'] }, NOW);
  await importFeedsAtStart(opened.sql, file, NOW);
  assert.deepEqual(await filed(), { one: ['world'], two: ['sports'] });

  const wider = file.map((feed) => ({ ...feed, categories: ['Sports', 'Home'] }));
  await importFeedsAtStart(opened.sql, wider, NOW);
  assert.deepEqual(await filed(), { one: ['world'], two: ['home', 'sports'] }, 'of the others the file still decides');
  await importFeeds(opened.sql, wider, NOW);
  assert.deepEqual(
    await filed(),
    { one: ['home', 'sports', 'world'], two: ['home', 'sports'] },
    'who asks for it gets it',
  );
});

it('lets two imports bring the same new feeds and categories at once, in opposite order', {
  skip: skipWithoutPostgres,
}, async () => {
  // More than one batch: what a later one needs, the other import has inserted long ago.
  const feeds = Array.from({ length: 2500 }, (_, n) => ({
    url: `https://both.example/${n}`,
    categories: [`One of ${Math.floor(n / 10)}`],
  }));
  const both = await Promise.all([feeds, feeds.toReversed()].map((given) => importFeeds(opened.sql, given, NOW)));
  const added = both.flatMap((one) => one.added);
  assert.equal(new Set(added).size, feeds.length);
  assert.equal(added.length, feeds.length);
});
