import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { listArticles } from '../../src/articles/list.ts';
import { mergeMovedFeed } from '../../src/articles/merge-feeds.ts';
import { saveArticles } from '../../src/articles/save.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import { addFeeds, findFeed, readPollTarget } from '../../src/feeds/store.ts';
import type { FeedId } from '../../src/ids.ts';
import { entryAt, later, NOW } from '../feeds/poll-fixtures.ts';
import { openTestSql, skipWithoutPostgres } from '../support/engines.ts';

const OLD = 'http://a.example/feed';
const NEW = 'https://b.example/feed';
const DAY = 86_400;
let sql: Sql;
let close: () => Promise<void>;
let moved: FeedId;
let owner: FeedId;

before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());
beforeEach(async () => {
  await sql.script('truncate feeds, articles, categories cascade');
  const feeds = [
    { url: OLD, title: 'Old', categories: ['News', 'Old'] },
    { url: NEW, categories: ['News', 'New'] },
  ];
  const { added } = await addFeeds(sql, feeds, NOW);
  assert.ok(added[0] !== undefined && added[1] !== undefined);
  [moved, owner] = added as [FeedId, FeedId];
  await sql.query('update feeds set moved_to = $2, moved_since = $3, moved_polls = 3 where id = $1', [moved, NEW, NOW]);
});

const entry = (title: string, more: Partial<Entry> = {}): Entry => ({ ...entryAt(NOW), title, ...more });

async function save(id: FeedId, entries: readonly Entry[], now = NOW) {
  const feed = await readPollTarget(sql, id);
  assert.ok(feed);
  const { inserted, updated, rejected } = await saveArticles(sql, feed, entries, now);
  return { inserted, updated, rejected };
}

const merge = (now = later(DAY)) => sql.transaction((within) => mergeMovedFeed(within, moved, now));
const NOTHING_NEW = { inserted: 0, updated: 0, rejected: 0 };

/** Entries that each are told apart in another way. */
const ENTRIES: readonly Entry[] = [
  entry('With guid and link', { guid: 'g1', url: 'https://a.example/1' }),
  entry('With a guid alone', { guid: 'g2' }),
  entry('With a link alone', { url: 'https://a.example/3' }),
  entry('With a title alone'),
  entry('One of two under a shared guid', { guid: 'shared' }),
  entry('Quite another under that guid', { guid: 'shared' }),
  entry('First part of a page', { url: 'https://a.example/day#1' }),
  entry('Second part of it', { url: 'https://a.example/day#2' }),
  entry('A very long guid', { guid: 'x'.repeat(5000), url: 'https://a.example/9' }),
];

test('what the moved feed carried is known when the owner of the URL carries it: nothing lost, nothing doubled', async () => {
  const before = await save(moved, ENTRIES);
  assert.equal(before.inserted, ENTRIES.length);
  assert.equal(await merge(), owner);
  assert.deepEqual(await save(owner, ENTRIES, later(DAY + 60)), NOTHING_NEW);
  assert.deepEqual(await save(owner, ENTRIES.slice(5, 7), later(DAY + 120)), NOTHING_NEW, 'nor one by one');
  const { items } = await listArticles(sql, { limit: 50 });
  assert.equal(items.length, ENTRIES.length);
  const { rows } = await sql.query('select 1 from sources where feed_id <> $1', [owner]);
  assert.equal(rows.length, 0);
});

test('a link or guid that the moved feed gave to several articles names none of them to the owner either', async () => {
  const link = { url: 'https://a.example/live' };
  await save(moved, [entry('Morning', { guid: 'g1', ...link }), entry('Rain', { guid: 'g3' })]);
  await save(moved, [entry('Morning', { guid: 'g1', ...link }), entry('Noon', { guid: 'g2', ...link })]);
  await save(moved, [entry('Rain', { guid: 'g3' }), entry('Snow', { guid: 'g3' })]);
  assert.equal(await merge(), owner);
  const later_ = [entry('Evening', { guid: 'g4', ...link }), entry('Hail', { guid: 'g3' })];
  assert.deepEqual(await save(owner, later_, later(DAY + 60)), { ...NOTHING_NEW, inserted: 2 });
});

test('articles that both carried stay one, first seen when the first of them was', async () => {
  const both = ENTRIES.slice(0, 3);
  await save(moved, both, NOW);
  // Known to the owner by link only where the guid is another feed's: the second is its own article there.
  assert.equal((await save(owner, both, later(60))).inserted, 1);
  assert.equal(await merge(), owner);
  assert.deepEqual(await save(owner, both, later(DAY + 60)), NOTHING_NEW);
  const { rows } = await sql.query<{ feeds: number; first: Date }>(
    `select count(*) as feeds, min(first_seen_at) as first from sources where article_id in (
       select article_id from sources where url is not null) group by article_id`,
  );
  assert.deepEqual(rows, [
    { feeds: 1, first: NOW },
    { feeds: 1, first: NOW },
  ]);
});

test('the owner has the words of what the other feed carried from now on', async () => {
  await save(moved, [entry('As it was', { guid: 'g', url: 'https://a.example/1' })]);
  await merge();
  const changed = [entry('As it is', { guid: 'g', url: 'https://a.example/1' })];
  assert.deepEqual(await save(owner, changed, later(DAY + 60)), { inserted: 0, updated: 1, rejected: 0 });
});

test('categories, names and URLs go over; the moved feed is found as the owner', async () => {
  await sql.query("insert into feed_aliases values ('http://older.example/', $1)", [moved]);
  await sql.query("update feeds set default_zone = 'Asia/Tokyo', basic_auth = 'me:secret' where id = $1", [moved]);
  assert.equal(await merge(), owner);
  const feed = await readPollTarget(sql, owner);
  assert.deepEqual(feed?.categories, ['new', 'news', 'old']);
  assert.deepEqual([feed.title, feed.url, feed.defaultZone, feed.basicAuth], ['Old', NEW, 'Asia/Tokyo', null]);
  assert.equal(await findFeed(sql, moved), undefined);
  const again = await addFeeds(sql, [{ url: OLD }, { url: 'http://older.example/' }], NOW);
  assert.deepEqual([again.added, again.existing], [[], [owner]]);
  assert.equal(await merge(), undefined, 'run twice');
});

test('what either carried stands in the categories of both, and its reads are to follow', async () => {
  await save(moved, [entry('Of the old', { guid: '1' })]);
  await save(owner, [entry('Of the owner', { guid: '2' })]);
  await sql.query('delete from count_changes');
  await merge();
  const { items } = await listArticles(sql, { limit: 10 });
  assert.deepEqual(
    items.map(({ title, categories }) => [title, [...categories].sort()]),
    [
      ['Of the owner', ['new', 'news', 'old']],
      ['Of the old', ['new', 'news', 'old']],
    ],
  );
  const { rows } = await sql.query('select 1 from count_changes');
  assert.equal(rows.length, 2);
});

test('an alias of the owner leads to it too', async () => {
  await sql.query("update feeds set url = 'https://c.example/' where id = $1", [owner]);
  await sql.query('insert into feed_aliases values ($1, $2)', [NEW, owner]);
  assert.equal(await merge(), owner);
});

test('nothing is merged before the move is sure, while the owner is polled, or where news would end with it', async () => {
  const refused = async (change: string) => {
    await sql.query('update feeds set state = default, leased_until = null');
    await sql.query('update feeds set moved_polls = 3, moved_to = $2 where id = $1', [moved, NEW]);
    await sql.query(change);
    assert.equal(await merge(), undefined, change);
    assert.ok(await findFeed(sql, moved));
  };
  assert.equal(await merge(later(DAY - 1)), undefined, 'under a day');
  await refused('update feeds set moved_polls = 2');
  await refused(`update feeds set moved_to = 'https://nobody.example/'`);
  await refused(`update feeds set leased_until = '${later(DAY + 30).toISOString()}' where id = ${owner}`);
  await refused(`update feeds set state = 'paused' where id = ${owner}`);
  await refused(`update feeds set state = 'retired' where id = ${owner}`);
  await refused(`update feeds set state = 'paused' where id = ${moved}`);
});

test('a merger that fails half-way leaves everything as it was', async () => {
  await save(moved, ENTRIES);
  const failing = sql.transaction(async (within) => {
    await mergeMovedFeed(within, moved, later(DAY));
    throw new Error('power cut');
  });
  await assert.rejects(failing, /power cut/);
  assert.ok(await findFeed(sql, moved));
  assert.deepEqual(await save(moved, ENTRIES, later(DAY + 60)), NOTHING_NEW);
});

test('a merger does not wait for somebody who has the owner in hand', { skip: skipWithoutPostgres }, async () => {
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  let isHeld = () => {};
  const holding = new Promise<void>((done) => {
    isHeld = done;
  });
  const other = sql.transaction(async (within) => {
    await within.query('select 1 from feeds where id = $1 for update', [owner]);
    isHeld();
    await held;
  });
  await holding;
  assert.equal(await merge(), undefined);
  release();
  await other;
  assert.equal(await merge(), owner);
});
