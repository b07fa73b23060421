import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { changeFeed } from '../../src/articles/change-feed.ts';
import { importFeeds } from '../../src/articles/import-feeds.ts';
import { listArticles } from '../../src/articles/list.ts';
import { removeFeed } from '../../src/articles/remove-feed.ts';
import { DAY } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { openAddressGuard } from '../../src/feeds/address-guard.ts';
import { explainFeed } from '../../src/feeds/explain.ts';
import { openHttpClient } from '../../src/feeds/http-client.ts';
import { openOutageWatch } from '../../src/feeds/outage.ts';
import { openFeedReader } from '../../src/feeds/reader.ts';
import { savePolls } from '../../src/feeds/save-poll.ts';
import { addFeeds, findFeed, readPollTarget } from '../../src/feeds/store.ts';
import type { FeedId } from '../../src/ids.ts';
import { openLog } from '../../src/log.ts';
import { openMetrics } from '../../src/metrics.ts';
import { expectOutcomes, type PollFeedTools, pollFeedInSlot } from '../../workers/poll-one.ts';
import { openTestSql } from '../support/engines.ts';
import { type Origin, openOrigin, redirecting, sending } from '../support/origin.ts';

const NOW = new Date('2026-11-23T03:00:00Z');
const FEED = `<rss version="2.0"><channel><title>Times</title>
<item><title>One</title><guid>1</guid></item><item><title>Two</title><guid>2</guid></item></channel></rss>`;
const client = openHttpClient({
  // Every name is on loopback.
  guard: openAddressGuard(['127.0.0.1/32'], (_, __, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }])),
  userAgent: 'test',
});
const reader = openFeedReader({ threads: 1 });
let sql: Sql;
let close: () => Promise<void>;
let origin: Origin;
let tools: PollFeedTools;

before(async () => {
  ({ sql, close } = await openTestSql());
  origin = await openOrigin();
});
after(async () => {
  await Promise.all([client.close(), reader.close()]);
  await origin.close();
  await close();
});
beforeEach(async () => {
  await sql.script('truncate feeds, articles, categories cascade');
  tools = {
    ...{ sql, outage: openOutageWatch(), limits: { minSeconds: 300, maxSeconds: 3600 }, random: () => 0.5 },
    fetching: { client, reader, budget: { take: async () => 0, stop: async () => {} } },
    saver: { add: async (line) => (await savePolls(sql, [line])).has(line.feed) },
    ...{ clock: () => NOW, metrics: openMetrics('test'), log: openLog('silent') },
  };
});

async function poll(id: FeedId): Promise<string> {
  await sql.query('update feeds set leased_until = $2 where id = $1', [id, new Date(NOW.getTime() + 60_000)]);
  const target = await readPollTarget(sql, id);
  assert.ok(target);
  const { outcome, written } = await pollFeedInSlot(tools, target, 0);
  await written;
  return outcome;
}

test('the feeds that failed before an outage of our own was recognised are forgiven', async () => {
  const gone = await openOrigin();
  await gone.close();
  const { port } = new URL(gone.url);
  const urls = Array.from({ length: 6 }, (_, host) => ({ url: `http://host${host}.example:${port}/feed` }));
  const { added } = await addFeeds(sql, urls, NOW);
  const failures = async () => {
    const feeds = await Promise.all(added.map((id) => findFeed(sql, id)));
    return feeds.map((feed) => feed?.failures);
  };
  for (const id of added.slice(0, 4)) assert.equal(await poll(id), 'failed');
  assert.deepEqual(await failures(), [1, 1, 1, 1, 0, 0]);
  for (const id of added.slice(4)) assert.equal(await poll(id), 'failed');
  assert.deepEqual(await failures(), [0, 0, 0, 0, 0, 0]);
  const soon = await sql.query("select 1 from feeds where next_poll_at > $1::timestamptz + interval '10 minutes'", [
    NOW,
  ]);
  assert.equal(soon.rows.length, 0);
});

test('a feed that moved for good to the URL of another is merged into it by its own poll', async () => {
  origin.on('/feed', sending(FEED));
  origin.on('/old', redirecting('/feed', 301));
  const feeds = [
    { url: `${origin.url}/old`, categories: ['Old'] },
    { url: `${origin.url}/feed`, categories: ['New'] },
  ];
  const [old, owner] = (await addFeeds(sql, feeds, NOW)).added;
  assert.ok(old !== undefined && owner !== undefined);
  assert.equal(await poll(old), 'fresh');
  const since = new Date(NOW.getTime() - DAY);
  await sql.query('update feeds set moved_polls = 2, moved_since = $2 where id = $1', [old, since]);
  assert.equal(await poll(old), 'moved');
  assert.equal(await findFeed(sql, old), undefined);
  assert.deepEqual((await findFeed(sql, owner))?.categories, ['new', 'old']);
  assert.equal(await poll(owner), 'fresh');
  assert.equal((await listArticles(sql, { limit: 10 })).items.length, 2, 'the same articles, without links, stay two');
});

test('the poll that takes a new URL over for good is counted as moved, once, and its news is stored', async () => {
  expectOutcomes(tools.metrics);
  const counted = async () =>
    Object.fromEntries(
      (await tools.metrics.polls.get()).values.map(({ labels, value }) => [String(labels.outcome), value]),
    );
  assert.equal((await counted())['moved'], 0, 'from 0, so that a rate sees the first');
  origin.on('/new', sending(FEED));
  origin.on('/old', redirecting('/new', 301));
  const [id] = (await addFeeds(sql, [{ url: `${origin.url}/old` }], NOW)).added;
  assert.ok(id !== undefined);
  for (const polls of [0, 2]) {
    // The redirect is young, then seen often enough, but not by so many polls.
    const since = new Date(NOW.getTime() - (polls === 0 ? DAY : 0));
    await sql.query('update feeds set moved_polls = $2, moved_since = $3, moved_to = $4 where id = $1', [
      ...[id, polls, since, `${origin.url}/new`],
    ]);
    assert.notEqual(await poll(id), 'moved');
  }
  assert.equal((await counted())['moved'], 0);
  await sql.query('update feeds set moved_polls = 2, moved_since = $2 where id = $1', [id, new Date(+NOW - DAY)]);
  origin.on('/new', sending(FEED.replace('</channel>', '<item><title>Three</title><guid>3</guid></item></channel>')));
  assert.equal(await poll(id), 'moved');
  const { fresh, unchanged, moved } = await counted();
  assert.deepEqual({ fresh, unchanged, moved }, { fresh: 1, unchanged: 1, moved: 1 });
  const feed = await findFeed(sql, id);
  assert.deepEqual([feed?.url, feed?.lastOutcome], [`${origin.url}/new`, 'moved']);
  assert.equal((await listArticles(sql, { limit: 10 })).items.length, 3);
  assert.equal(await poll(id), 'unchanged');
  assert.equal((await counted())['moved'], 1);
});

test('a poll that was under way while its feed got other categories files what it brings under those', async () => {
  origin.on('/feed', sending(FEED));
  const [id] = (await addFeeds(sql, [{ url: `${origin.url}/feed`, categories: ['Old'] }], NOW)).added;
  assert.ok(id !== undefined);
  assert.equal(await poll(id), 'fresh');
  const categories = async () => (await listArticles(sql, { limit: 10 })).items.map((item) => item.categories);

  // One entry more, so that one article is new and two are known; held when it is fetched and read, and not yet stored.
  const during = async (change: () => Promise<unknown>, body: string) => {
    origin.on('/feed', sending(body));
    const whole = tools;
    const read: typeof reader.read = async (...given) => {
      const feed = await reader.read(...given);
      await change();
      return feed;
    };
    tools = { ...tools, fetching: { ...tools.fetching, reader: { ...reader, read } } };
    assert.equal(await poll(id), 'fresh');
    tools = whole;
  };
  const third = FEED.replace('</item></channel>', '</item><item><title>Three</title><guid>3</guid></item></channel>');
  await during(() => changeFeed(sql, id, { categories: ['New'] }, NOW), third);
  assert.deepEqual(await categories(), [['new'], ['new'], ['new']]);

  const again = [{ url: `${origin.url}/feed`, categories: ['More'] }];
  await during(() => importFeeds(sql, again, NOW), third.replaceAll('3<', '4<'));
  assert.equal((await categories()).length, 4);
  assert.ok((await categories()).every((slugs) => slugs.join() === 'new,more'));
});

test('a poll that was under way while its feed was removed stores nothing, and ends well', async () => {
  origin.on('/feed', sending(FEED));
  const [id] = (await addFeeds(sql, [{ url: `${origin.url}/feed` }], NOW)).added;
  assert.ok(id !== undefined);
  const read: typeof reader.read = async (...given) => {
    await removeFeed(sql, id);
    return await reader.read(...given);
  };
  tools = { ...tools, fetching: { ...tools.fetching, reader: { ...reader, read } } };
  assert.equal(await poll(id), 'fresh');
  assert.deepEqual((await listArticles(sql, { limit: 10 })).items, []);
});

test('a name that nobody knows fails as one, with what to do, and well again as soon as it is known', async () => {
  origin.on('/feed', sending(FEED));
  const { port } = new URL(origin.url);
  const [id] = (await addFeeds(sql, [{ url: `http://renamed.example:${port}/feed` }], NOW)).added;
  assert.ok(id !== undefined);
  const asked: string[] = [];
  const unknown = openHttpClient({
    guard: openAddressGuard(['127.0.0.1/32'], (hostname, _, callback) => {
      asked.push(hostname);
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    }),
    userAgent: 'test',
  });
  const { fetching } = tools;
  tools = { ...tools, fetching: { ...fetching, client: unknown } };
  assert.equal(await poll(id), 'failed');
  await unknown.close();
  const failed = await readPollTarget(sql, id);
  assert.ok(failed);
  assert.deepEqual([failed.lastOutcome, failed.failures, asked], ['failed:dns', 1, ['renamed.example']]);
  assert.equal(failed.lastError, 'The host name does not exist.');
  const { advice, reasons } = explainFeed(failed, [], { minSeconds: 300, maxSeconds: 3600 }, NOW);
  assert.match(advice ?? '', /whether the host name is still right/);
  assert.ok(reasons.some(({ says }) => says.includes('The last 1 poll failed (failed:dns)')));

  tools = { ...tools, fetching };
  assert.equal(await poll(id), 'fresh');
  const well = await findFeed(sql, id);
  assert.deepEqual([well?.failures, well?.lastError], [0, null]);
});
