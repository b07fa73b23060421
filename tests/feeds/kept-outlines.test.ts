import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Sql } from '../../src/engines/sql.ts';
import { keepOutlines, readOutlines } from '../../src/feeds/other-outlines.ts';
import * as store from '../../src/feeds/store.ts';
import { openTestSql } from '../support/engines.ts';
import { NOW } from './poll-fixtures.ts';

let sql: Sql;
let close: () => Promise<void>;

before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());
beforeEach(() => sql.script('truncate feeds, categories, other_outlines cascade'));

test('all feeds are read as they came, with the names of their categories', async () => {
  const places = [
    { folders: ['Arts & Life', 'Zoo'], position: 1, attributes: [{ icon: 'x' }, {}] },
    { folders: [], position: 5 },
  ];
  const feeds = [
    {
      ...{ url: 'https://a.example/', title: 'A', siteUrl: 'https://a.example/', language: 'ja' },
      ...{
        categories: ['Zoo', 'Arts & Life'],
        outline: { text: 'a', description: 'd', category: 'Zoo', attributes: { a: 'b' }, places },
      },
    },
    { ...{ url: 'https://b.example/', title: '', siteUrl: null, language: null }, categories: [], outline: {} },
  ];
  await store.addFeeds(sql, feeds, NOW);
  assert.deepEqual(await store.readAllFeeds(sql), feeds);
  const again = { ...feeds[0], url: 'https://A.example/#x', outline: { places: [{ folders: ['New'], position: 0 }] } };
  await store.addFeeds(sql, [again], NOW);
  assert.deepEqual((await store.readAllFeeds(sql))[0]?.outline, feeds[0]?.outline, 'a feed that is there stays');
  const [feed] = (await store.listFeeds(sql, { limit: 1 })).items;
  assert.ok(feed);
  await store.updateFeed(sql, feed.id, { title: 'Renamed' });
  assert.deepEqual((await store.readAllFeeds(sql))[0]?.outline, {
    description: 'd',
    category: 'Zoo',
    attributes: { a: 'b' },
    places,
  });
});

test('feeds of one URL in one file keep all their places', async () => {
  const at = (position: number) => ({ outline: { places: [{ folders: [`F${position}`], position }] } });
  const feeds = [
    { url: 'https://a.example/', categories: ['F0'], ...at(0) },
    { url: 'https://A.example', categories: ['F1'], ...at(1) },
  ];
  await store.addFeeds(sql, feeds, NOW);
  const [feed] = await store.readAllFeeds(sql);
  assert.deepEqual(feed?.categories, ['F0', 'F1']);
  assert.deepEqual(feed.outline.places, [...at(0).outline.places, ...at(1).outline.places]);
});

test('outlines without a feed are kept once, however often their file is read', async () => {
  const others = [
    { folders: ['World'], position: 0, outline: { text: 'Empty' } },
    { folders: [], position: 4, outline: { text: 'A page', url: 'https://p.example/' } },
  ];
  await keepOutlines(sql, others);
  await keepOutlines(sql, [...others.map((each) => ({ ...each, position: each.position + 1 })), ...others]);
  await keepOutlines(sql, []);
  assert.deepEqual(await readOutlines(sql), others);
});
