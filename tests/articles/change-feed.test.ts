import assert from 'node:assert/strict';
import { after, before, beforeEach, it } from 'node:test';
import { changeFeed } from '../../src/articles/change-feed.ts';
import type { CarryingFeed } from '../../src/articles/draft.ts';
import { removeFeed } from '../../src/articles/remove-feed.ts';
import { saveArticles } from '../../src/articles/save.ts';
import { findArticles } from '../../src/articles/store.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { ArticleId } from '../../src/ids.ts';
import { openTestSql } from '../support/engines.ts';
import { addFeed, entryOf, forgetArticles, NOW } from './entries.ts';

const opened = { sql: undefined as unknown as Sql, close: async () => {} };
before(async () => void Object.assign(opened, await openTestSql()));
after(() => opened.close());
beforeEach(() => forgetArticles(opened.sql));

async function save(feed: CarryingFeed, names: readonly string[]): Promise<readonly ArticleId[]> {
  const entries = names.map((name) => entryOf({ guid: name, url: `https://example.com/${name}`, title: name }));
  return (await saveArticles(opened.sql, feed, entries, NOW)).insertedIds;
}

const byTitle = async (ids: readonly ArticleId[]) =>
  Object.fromEntries(
    [...(await findArticles(opened.sql, ids)).values()].map(({ title, categories }) => [title, [...categories].sort()]),
  );

async function waiting(): Promise<ArticleId[]> {
  const { rows } = await opened.sql.query<{ id: ArticleId }>('select article_id as id from count_changes order by 1');
  return rows.map(({ id }) => id);
}

it('takes its articles to its new categories, but for what another feed holds where it is', async () => {
  const sports = await addFeed(opened.sql, 'https://example.com/sports.rss', ['sports', 'home']);
  const also = await addFeed(opened.sql, 'https://example.com/also.rss', ['sports']);
  const gone = await addFeed(opened.sql, 'https://example.com/gone.rss', ['archive']);
  const ids = await save(sports, ['own', 'shared', 'kept']);
  await save(also, ['shared']);
  await save(gone, ['kept']);
  const [other] = await save(also, ['other']);
  assert.ok(other);
  await removeFeed(opened.sql, gone.id);
  await opened.sql.query('delete from count_changes');

  const changed = await changeFeed(opened.sql, sports.id, { categories: ['Culture', 'Home'] }, NOW);
  assert.deepEqual(changed?.categories, ['culture', 'home']);
  assert.deepEqual(await byTitle([...ids, other]), {
    own: ['culture', 'home'],
    shared: ['culture', 'home', 'sports'],
    kept: ['archive', 'culture', 'home'],
    other: ['sports'],
  });
  assert.deepEqual(await waiting(), [...ids].sort(), 'their reads are to follow');
});

it('notes nothing where nothing moves', async () => {
  const feed = await addFeed(opened.sql, 'https://example.com/sports.rss', ['sports']);
  const ids = await save(feed, ['own']);
  await opened.sql.query('delete from count_changes');
  await changeFeed(opened.sql, feed.id, { categories: ['Sports'], title: 'Sports' }, NOW);
  await changeFeed(opened.sql, feed.id, { title: 'Sports again' }, NOW);
  assert.deepEqual(await byTitle(ids), { own: ['sports'] });
  assert.deepEqual(await waiting(), []);
});
