import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { removeFeed } from '../../src/articles/remove-feed.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { CodedError } from '../../src/errors.ts';
import { countFeedsByState, countOverdue } from '../../src/feeds/count.ts';
import * as store from '../../src/feeds/store.ts';
import { feedId } from '../../src/ids.ts';
import { openTestSql } from '../support/engines.ts';
import { later, NOW } from './poll-fixtures.ts';

let sql: Sql;
let close: () => Promise<void>;

before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());
beforeEach(() => sql.script('truncate feeds, categories cascade'));

async function addOne(url = 'https://a.example/feed', categories: string[] = []) {
  const { added } = await store.addFeeds(sql, [{ url, categories }], NOW);
  const [id] = added;
  assert.ok(id);
  return id;
}

test('adds feeds with their categories; what cannot be used is named', async () => {
  const result = await store.addFeeds(
    sql,
    [
      {
        url: 'https://a.example/feed#x',
        title: ' A\u0000\u0007 ',
        siteUrl: 'https://a.example',
        categories: ['Arts & Life', '政治'],
      },
      { url: 'https://A.example/feed', categories: ['Sport'] },
      { url: 'https://b.example/feed', siteUrl: 'javascript:alert(1)', categories: [' ', '\u0000'] },
      { url: 'ftp://c.example/' },
    ],
    NOW,
  );
  assert.equal(result.added.length, 2);
  assert.deepEqual(result.existing, []);
  assert.deepEqual(
    result.rejected.map(({ url }) => url),
    ['ftp://c.example/'],
  );
  const { items } = await store.listFeeds(sql, { limit: 10 });
  assert.deepEqual(
    items.map(({ url, host, title, siteUrl, categories }) => ({ url, host, title, siteUrl, categories })),
    [
      {
        ...{ url: 'https://a.example/feed', host: 'a.example', title: 'A', siteUrl: 'https://a.example/' },
        categories: ['arts-life', 'sport', '政治'],
      },
      { url: 'https://b.example/feed', host: 'b.example', title: '', siteUrl: null, categories: [] },
    ],
  );
  const { rows } = await sql.query('select slug, name from categories order by position');
  assert.deepEqual(rows, [
    { slug: 'arts-life', name: 'Arts & Life' },
    { slug: '政治', name: '政治' },
    { slug: 'sport', name: 'Sport' },
  ]);
});

test('a feed that is there stays as it is, and which categories it lacks is said', async () => {
  const id = await addOne('https://a.example/feed', ['One']);
  await store.updateFeed(sql, id, { title: 'Mine', state: 'paused' });
  const again = await store.addFeeds(
    sql,
    [{ url: 'https://a.example/feed', title: 'X', categories: ['one', 'Two'] }],
    NOW,
  );
  assert.deepEqual([again.added, again.existing], [[], [id]]);
  assert.deepEqual(again.wider, [{ id, categories: ['two'], hasOwnCategories: false }]);
  const feed = await store.findFeed(sql, id);
  assert.deepEqual([feed?.title, feed?.state, feed?.categories], ['Mine', 'paused', ['one']]);
  const { rows } = await sql.query('select name from categories order by position');
  assert.deepEqual(rows, [{ name: 'One' }, { name: 'Two' }]);
});

test('a URL that a feed moved from means that feed', async () => {
  const id = await addOne('https://new.example/feed');
  await sql.query('insert into feed_aliases (url, feed_id) values ($1, $2)', ['https://old.example/feed', id]);
  const result = await store.addFeeds(sql, [{ url: 'https://old.example/feed', categories: ['Found'] }], NOW);
  assert.deepEqual([result.added, result.existing], [[], [id]]);
  assert.deepEqual(result.wider, [{ id, categories: ['found'], hasOwnCategories: false }]);
  await store.updateFeed(sql, id, { categories: [] });
  const again = await store.addFeeds(sql, [{ url: 'https://old.example/feed', categories: ['Found'] }], NOW);
  assert.deepEqual(again.wider, [{ id, categories: ['found'], hasOwnCategories: true }]);
});

test('many new feeds: some are due at once, the others follow, and pages list them all', async () => {
  const feeds = Array.from({ length: 1250 }, (_, index) => ({ url: `https://h${index}.example/feed` }));
  assert.equal((await store.addFeeds(sql, feeds, NOW)).added.length, 1250);
  const { rows } = await sql.query<{ now: number; last: Date }>(
    'select count(*) filter (where next_poll_at <= $1) as now, max(next_poll_at) as last from feeds',
    [NOW],
  );
  assert.equal(rows[0]?.now, 51);
  assert.ok(rows[0].last > later(10) && rows[0].last < later(60));
  const seen = new Set<number>();
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof store.listFeeds>> = await store.listFeeds(sql, {
      limit: 500,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { id } of page.items) seen.add(id);
    cursor = page.next;
  } while (cursor !== null);
  assert.equal(seen.size, 1250);
});

test('a wrong cursor is refused', async () => {
  for (const cursor of ['', 'x', '-1', '1 or 1=1', '9'.repeat(30)]) {
    const isRefused = (error: unknown) => error instanceof CodedError && error.code === 'cursor-invalid';
    await assert.rejects(store.listFeeds(sql, { cursor, limit: 1 }), isRefused, cursor);
  }
});

test('what the owner sets is kept and reaches the poll', async () => {
  const id = await addOne('https://a.example/feed', ['One', 'Two']);
  await sql.query('update feeds set failures = 9, strikes = 2 where id = $1', [id]);
  const feed = await store.updateFeed(sql, id, {
    ...{ title: 'T', state: 'active', categories: ['two', 'Three'], userAgent: 'ua', basicAuth: 'a:b' },
    ...{ requestHeaders: { 'X-Key': 'v' }, defaultZone: 'Asia/Tokyo' },
  });
  assert.deepEqual([feed?.title, feed?.categories, feed?.failures], ['T', ['three', 'two'], 0]);
  const target = await store.readPollTarget(sql, id);
  assert.deepEqual(target?.requestHeaders, { 'X-Key': 'v' });
  assert.deepEqual([target?.userAgent, target?.basicAuth, target?.defaultZone], ['ua', 'a:b', 'Asia/Tokyo']);
  assert.equal(target?.strikes, 0);
  await store.updateFeed(sql, id, { userAgent: null });
  assert.equal((await store.readPollTarget(sql, id))?.userAgent, null);
  assert.deepEqual((await store.updateFeed(sql, id, { categories: [] }))?.categories, []);
  assert.equal(await store.updateFeed(sql, feedId(987_654), { title: 'x', categories: ['y'] }), undefined);
});

test('headers that could change the request itself are refused', async () => {
  const id = await addOne();
  for (const requestHeaders of [
    { Host: 'x' },
    { 'content-length': '1' },
    { 'a b': 'c' },
    { a: 'b\r\nc: d' },
    { '': 'x' },
  ]) {
    await assert.rejects(store.updateFeed(sql, id, { requestHeaders }), CodedError);
  }
});

test('removes a feed and all that is its own', async () => {
  const id = await addOne('https://a.example/feed', ['One']);
  assert.equal(await removeFeed(sql, id), true);
  assert.equal(await removeFeed(sql, id), false);
  assert.equal(await store.findFeed(sql, id), undefined);
  assert.equal(await store.readPollTarget(sql, id), undefined);
});

test('a poll that is asked for is due and leased at once', async () => {
  const id = await addOne();
  await sql.query('update feeds set next_poll_at = $2 where id = $1', [id, later(9999)]);
  const claimedUntil = await store.pollNow(sql, id, NOW);
  assert.ok(claimedUntil !== undefined && claimedUntil > NOW);
  const target = await store.readPollTarget(sql, id);
  assert.deepEqual([target?.nextPollAt, target?.leasedUntil], [NOW, claimedUntil]);
  assert.equal(await store.pollNow(sql, id, later(1)), undefined, 'one that runs goes on');
  assert.deepEqual((await store.readPollTarget(sql, id))?.leasedUntil, claimedUntil);
  assert.equal(await store.pollNow(sql, feedId(987_654), NOW), undefined);
});

test('counts by state, and those that are late', async () => {
  await store.addFeeds(
    sql,
    [1, 2, 3].map((n) => ({ url: `https://h${n}.example/` })),
    NOW,
  );
  await store.updateFeed(sql, await addOne(), { state: 'paused' });
  await sql.query("update feeds set failures = 4 where url = 'https://h1.example/' or state = 'paused'");
  await sql.query("update feeds set failures = 5 where url = 'https://h2.example/'");
  assert.deepEqual(await countFeedsByState(sql), { active: 1, backoff: 1, failing: 1, paused: 1 });
  assert.deepEqual(await countOverdue(sql, later(60)), { all: 0, heldByHost: 0 });
  assert.deepEqual(await countOverdue(sql, later(61)), { all: 3, heldByHost: 0 });
  // Claimed again and again, and never polled: nobody does.
  await sql.query("update feeds set leased_until = $1 where url = 'https://h1.example/'", [later(120)]);
  await sql.query("update feeds set waits_by_host = true where url = 'https://h2.example/'");
  assert.deepEqual(await countOverdue(sql, later(61)), { all: 3, heldByHost: 1 });
});

test('feeds are listed by what they are, page by page, and found by URL', async () => {
  const urls = [1, 2, 3, 4].map((n) => `https://h${n}.example/`);
  await store.addFeeds(
    sql,
    urls.map((url, index) => ({ url, categories: [index < 3 ? 'Low' : 'High'] })),
    NOW,
  );
  await sql.query(`update feeds set failures = 2 where url <> $1`, [urls[0]]);
  const listed = async (filter: store.FeedFilter & { cursor?: string }) => {
    const { items, next } = await store.listFeeds(sql, { limit: 1, ...filter });
    return { urls: items.map(({ url }) => url), next };
  };
  const first = await listed({ category: 'low', isFailing: true });
  assert.deepEqual(first.urls, [urls[1]]);
  assert.ok(first.next !== null);
  assert.deepEqual(await listed({ category: 'low', isFailing: true, cursor: first.next }), {
    urls: [urls[2]],
    next: null,
  });
  assert.deepEqual(await listed({ isFailing: false, state: 'active' }), { urls: [urls[0]], next: null });
  const found = await store.findFeedByUrl(sql, urls[1] ?? '');
  assert.ok(found);
  assert.equal(found.url, urls[1]);
  await sql.query('insert into feed_aliases (url, feed_id) values ($1, $2)', ['https://old.example/', found.id]);
  assert.equal((await store.findFeedByUrl(sql, 'https://old.example/'))?.id, found.id);
  assert.equal(await store.findFeedByUrl(sql, 'https://none.example/'), undefined);
});

test('a feed is made due without a lease; one that is paused is not', async () => {
  const id = await addOne();
  await sql.query('update feeds set next_poll_at = $2 where id = $1', [id, later(9999)]);
  assert.equal(await store.makeDue(sql, id, NOW), true);
  const target = await store.readPollTarget(sql, id);
  assert.deepEqual([target?.nextPollAt, target?.leasedUntil], [NOW, null]);
  assert.equal(await store.makeDue(sql, id, later(5)), true);
  assert.deepEqual((await store.readPollTarget(sql, id))?.nextPollAt, NOW, 'never later');
  await store.updateFeed(sql, id, { state: 'paused' });
  assert.equal(await store.makeDue(sql, id, NOW), false);
  assert.equal(await store.makeDue(sql, feedId(987_654), NOW), false);
});
