import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listArticles } from '../../src/articles/list.ts';
import { findArticleIdsByUrl, findCounted } from '../../src/articles/store.ts';
import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import { openAddressGuard } from '../../src/feeds/address-guard.ts';
import { openHostBudget } from '../../src/feeds/host-budget.ts';
import { openHttpClient } from '../../src/feeds/http-client.ts';
import { openOutageWatch } from '../../src/feeds/outage.ts';
import { openFeedReader } from '../../src/feeds/reader.ts';
import { addFeeds, findFeed, listPolls, readPollTarget } from '../../src/feeds/store.ts';
import type { FeedId } from '../../src/ids.ts';
import { openLog } from '../../src/log.ts';
import { openMetrics } from '../../src/metrics.ts';
import type { Jobs } from '../../src/queues/jobs.ts';
import { keepTicking, openQueue } from '../../src/queues/open.ts';
import { openRankings } from '../../src/ranking/build.ts';
import { readSnapshot } from '../../src/ranking/store.ts';
import { openCatalogue } from '../../src/views/catalogue.ts';
import { openCollector } from '../../src/views/collector.ts';
import { archiveViews } from '../../workers/archive-views.ts';
import { auditCountsJob } from '../../workers/audit-counts.ts';
import { buildRankings } from '../../workers/build-rankings.ts';
import { cleanUp } from '../../workers/clean-up.ts';
import { pollFeedJob } from '../../workers/poll-feed.ts';
import { scheduleFeeds } from '../../workers/schedule-feeds.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { type Origin, openOrigin, sending } from '../support/origin.ts';

const START = new Date('2026-11-23T03:00:00Z');
const FEED = `<rss version="2.0"><channel><title>Times</title>
<item><title>One</title><link>https://times.example/1</link><guid>1</guid><pubDate>Mon, 23 Nov 2026 02:00:00 GMT</pubDate></item>
<item><title>Two</title><link>https://times.example/2</link><guid>2</guid><pubDate>Mon, 23 Nov 2026 02:30:00 GMT</pubDate></item>
</channel></rss>`;

let engines: { sql: Awaited<ReturnType<typeof openTestSql>>; redis: Awaited<ReturnType<typeof openTestRedis>> };
let origin: Origin;
let feed: FeedId;
let now = START;

const clock = () => now;
const log = openLog('silent');
const metrics = openMetrics('test');
const reader = openFeedReader({ threads: 1 });
const client = openHttpClient({ guard: openAddressGuard(['127.0.0.1/32']), userAgent: 'test' });

before(async () => {
  const [sql, redis] = await Promise.all([openTestSql(), openTestRedis()]);
  engines = { sql, redis };
  origin = await openOrigin();
  origin.on('/feed', sending(FEED, { 'content-type': 'application/rss+xml' }));
});

after(async () => {
  await Promise.all([reader.close(), client.close(), origin.close()]);
  await engines.sql.close();
  await engines.redis.close();
});

beforeEach(async () => {
  now = START;
  const { sql } = engines.sql;
  await sql.script('truncate feeds, articles, categories, read_counts, list_snapshots cascade');
  await engines.redis.redis.flushdb();
  const { added } = await addFeeds(
    sql,
    [{ url: `${origin.url}/feed`, title: '', siteUrl: null, categories: ['News'] }],
    now,
  );
  const [id] = added;
  assert.ok(id !== undefined);
  feed = id;
});

function poller(more: { concurrency?: number; stopping?: AbortSignal; provenAfter?: number } = {}) {
  const { sql } = engines.sql;
  const fetching = { client, reader, budget: openHostBudget(engines.redis.redis, 1000) };
  const limits = { minSeconds: 300, maxSeconds: 3600 };
  return pollFeedJob({
    ...{ sql, fetching, outage: openOutageWatch(), limits, clock, random: () => 0.5, metrics, log },
    ...{ concurrency: 4, stopping: new AbortController().signal, provenAfter: 0, ...more },
  });
}

/** Runs the scheduler; what it claimed, and the jobs that wait since. */
async function schedule(): Promise<{ claimed: number; jobs: Jobs['poll-feed'][] }> {
  const { sql } = engines.sql;
  const polls = openQueue('poll-feed', engines.redis.redis, () => undefined);
  const { claimed } = await scheduleFeeds({ sql, polls, clock, limit: 100, perHost: 100 })();
  const jobs = (await polls.getWaiting()).map((job) => job.data);
  await polls.obliterate();
  await polls.close();
  return { claimed, jobs };
}

/** One job of all that is due now. */
async function claimAll(): Promise<Jobs['poll-feed']> {
  const { jobs } = await schedule();
  return { feeds: jobs.flatMap(({ feeds }) => feeds), claimedUntil: jobs[0]?.claimedUntil ?? 0 };
}

async function addMore(paths: readonly string[]): Promise<readonly FeedId[]> {
  const urls = paths.map((path) => ({ url: `${origin.url}${path}` }));
  return (await addFeeds(engines.sql.sql, urls, now)).added;
}

test('schedule-feeds claims a due feed once, and again when its lease ran out', async () => {
  const claimedUntil = START.getTime() + MINUTE;
  assert.deepEqual(await schedule(), { claimed: 1, jobs: [{ feeds: [feed], claimedUntil }] });
  assert.deepEqual(await schedule(), { claimed: 0, jobs: [] }, 'run twice');
  now = new Date(START.getTime() + 2 * MINUTE);
  assert.equal((await schedule()).claimed, 1);
});

test('schedule-feeds hands out no more than the pollers get done', async () => {
  await addMore(Array.from({ length: 2000 }, (_, index) => `/${index}`));
  const { sql } = engines.sql;
  await sql.query('update feeds set next_poll_at = $1', [START]);
  const jobs: Jobs['poll-feed'][] = [];
  let waiting = 0;
  const polls = {
    getWaitingCount: async () => waiting,
    addBulk: async (added: { data: Jobs['poll-feed'] }[]) => {
      jobs.push(...added.map(({ data }) => data));
      return [];
    },
  };
  const tick = scheduleFeeds({ sql, polls, clock, limit: 600, perHost: 10_000 });
  assert.equal((await tick()).claimed, 1000, 'two claims make the first allowance');
  assert.equal(new Set(jobs.flatMap(({ feeds }) => feeds)).size, 1000);
  assert.ok(jobs.every(({ feeds }) => feeds.length <= 125));
  waiting = 10;
  assert.equal((await tick()).claimed, 0, 'they have not done the last ones yet');
  waiting = 0;
  assert.equal((await tick()).claimed, 500, 'half of the first');
  assert.equal((await tick()).claimed, 501, 'it grows again, and this is all');
});

test('poll-feed stores what the feed has, and a late duplicate of the job changes nothing', async () => {
  const { sql } = engines.sql;
  const poll = poller();
  const notDue = { inserted: 0, updated: 0, notDue: 1, putBack: 0 };
  assert.deepEqual(await poll({ feeds: [feed], claimedUntil: START.getTime() }), notDue, 'nobody claimed it');
  const job = await claimAll();
  assert.deepEqual(await poll(job), { fresh: 1, inserted: 2, updated: 0, notDue: 0, putBack: 0 });
  assert.deepEqual(await poll(job), notDue, 'run twice');
  assert.equal((await listPolls(sql, feed, 10)).length, 1);

  now = new Date((await findFeed(sql, feed))?.nextPollAt ?? 0);
  const again = await claimAll();
  const asked = origin.requests.length;
  const both = await Promise.all([poll(again), poll(again)]);
  assert.deepEqual(both, [{ unchanged: 1, inserted: 0, updated: 0, notDue: 0, putBack: 0 }, notDue], 'twice at once');
  assert.equal(origin.requests.length, asked + 1);
  const { items } = await listArticles(sql, { limit: 10 });
  assert.deepEqual(
    items.map(({ title, categories }) => [title, categories]),
    [
      ['Two', ['news']],
      ['One', ['news']],
    ],
  );
});

test('a slow feed holds its own slot and no other feed of its batch, or of another', async () => {
  const { sql } = engines.sql;
  const [slow] = await addMore(['/slow', '/quick']);
  assert.ok(slow !== undefined);
  let answer = () => {};
  origin.on('/slow', (_, response) => {
    answer = () => void response.writeHead(404).end();
  });
  const poll = poller({ concurrency: 2 });
  const running = poll(await claimAll());
  const [later] = await addMore(['/later']);
  await poll(await claimAll());
  assert.ok(later !== undefined && (await findFeed(sql, later))?.lastOutcome === 'failed:http-4xx');
  assert.equal((await findFeed(sql, slow))?.lastOutcome, null);
  answer();
  assert.deepEqual(await running, { fresh: 1, failed: 2, inserted: 2, updated: 0, notDue: 0, putBack: 0 });
});

test('of feeds that twice were under way when a process died, the next death is blamed on one', async () => {
  const { sql } = engines.sql;
  const rest = await addMore(['/a', '/b']);
  let answer = () => {};
  origin.on('/a', (_, response) => {
    answer = () => void response.writeHead(404).end();
  });
  origin.on('/b', sending(FEED));
  await sql.query('update feeds set strikes = 2 where id = any ($1::bigint[])', [rest]);
  const strikes = async () => Promise.all(rest.map(async (id) => (await readPollTarget(sql, id))?.strikes));
  const job = await claimAll();
  const running = poller()(job);
  while ((await strikes())[0] !== 3) await new Promise(setImmediate);
  assert.deepEqual(await strikes(), [3, 2]);

  // As if the process had died just then: both leases run out.
  now = new Date(START.getTime() + 5 * MINUTE);
  await sql.query('update feeds set next_poll_at = $2 where id = any ($1::bigint[])', [rest, START]);
  const { jobs } = await schedule();
  const again = jobs.flatMap(({ feeds }) => feeds);
  assert.deepEqual([again.includes(rest[0] as FeedId), again.includes(rest[1] as FeedId)], [false, true]);
  assert.equal((await findFeed(sql, rest[0] as FeedId))?.state, 'quarantined');
  await poller()({ feeds: again, claimedUntil: jobs[0]?.claimedUntil ?? 0 });
  assert.deepEqual(await strikes(), [2, 0]);
  answer();
  await running;
});

test('a poller that has just started takes no last chances, and gives them back when it is told to stop', async () => {
  const { sql } = engines.sql;
  const [last] = await addMore(['/a']);
  assert.ok(last !== undefined);
  origin.on('/a', sending(FEED));
  await sql.query('update feeds set strikes = 2 where id = $1', [last]);
  const stopping = new AbortController();
  const job = await claimAll();
  const running = poller({ stopping: stopping.signal, provenAfter: 60_000 })(job);
  const target = () => readPollTarget(sql, last);
  await sleep(100);
  assert.deepEqual([(await target())?.strikes, (await findFeed(sql, last))?.lastOutcome], [2, null]);
  stopping.abort();
  await running;
  assert.deepEqual([(await target())?.strikes, (await target())?.leasedUntil], [2, null]);
  await poller({ provenAfter: 50 })(await claimAll());
  assert.deepEqual([(await target())?.strikes, (await findFeed(sql, last))?.lastOutcome], [0, 'fresh']);
});

test('once it is told to stop, a poller ends what runs and gives back what does not', async () => {
  const { sql } = engines.sql;
  const [slow] = await addMore(['/last', '/never']);
  assert.ok(slow !== undefined);
  const stopping = new AbortController();
  origin.on('/last', (_, response) => {
    stopping.abort();
    response.writeHead(404).end();
  });
  const poll = poller({ concurrency: 1, stopping: stopping.signal });
  const job = await claimAll();
  const feeds = [slow, ...job.feeds.filter((id) => id !== slow)];
  assert.deepEqual(await poll({ ...job, feeds: [slow] }), {
    failed: 1,
    inserted: 0,
    updated: 0,
    notDue: 0,
    putBack: 0,
  });
  assert.deepEqual(await poll({ ...job, feeds: feeds.slice(1) }), { putBack: 2 });
  assert.equal((await findFeed(sql, slow))?.lastOutcome, 'failed:http-4xx');
  assert.deepEqual((await claimAll()).feeds.toSorted(), feeds.slice(1).toSorted(), 'at once, by whoever goes on');
});

test('feeds that find no slot in time are given back', async () => {
  const feeds = await addMore(['/first', '/second']);
  for (const path of ['/first', '/second']) {
    origin.on(path, (_, response) => {
      now = new Date(now.getTime() + 21_000);
      response.writeHead(404).end();
    });
  }
  const { claimedUntil } = await claimAll();
  const done = await poller({ concurrency: 1 })({ feeds, claimedUntil });
  assert.deepEqual(done, { failed: 1, inserted: 0, updated: 0, notDue: 0, putBack: 1 });
  assert.equal((await claimAll()).feeds.length, 1, 'due again at once');
});

test('a broken feed keeps its articles and is tried again later', async () => {
  const { sql } = engines.sql;
  const poll = poller();
  await poll(await claimAll());
  origin.on('/feed', sending('<html><title>Sorry</title></html>', { 'content-type': 'text/html' }));
  now = new Date((await findFeed(sql, feed))?.nextPollAt ?? 0);
  assert.deepEqual(await poll(await claimAll()), { failed: 1, inserted: 0, updated: 0, notDue: 0, putBack: 0 });
  const broken = await findFeed(sql, feed);
  assert.equal(broken?.failures, 1);
  assert.ok((broken?.nextPollAt ?? now) > now);
  assert.equal((await listArticles(sql, { limit: 10 })).items.length, 2);
  origin.on('/feed', sending(FEED, { 'content-type': 'application/rss+xml' }));
});

test('from views to lists: each handler run twice leaves the state of a single run', async () => {
  const { sql } = engines.sql;
  const { redis } = engines.redis;
  await poller()(await claimAll());
  const archive = archiveViews({ sql, redis, clock, metrics, site: { siteName: 'JN', zone: 'UTC' } });
  const build = buildRankings({ rankings: openRankings({ sql, redis, siteName: 'JN' }), clock, metrics });
  await archive();

  const catalogue = openCatalogue(
    { byIds: (ids) => findCounted(sql, ids), byUrls: (urls) => findArticleIdsByUrl(sql, urls) },
    clock,
  );
  const collector = openCollector({ redis, catalogue, clock });
  const reports = ['a', 'b', 'a'].map((visitor) => ({ url: 'https://times.example/1', visitor }));
  const counted = await collector.collect(reports, {
    ...{ address: '127.0.0.1', userAgent: 'test', isPrefetch: false, isTrusted: true },
  });
  assert.deepEqual(counted, { accepted: 2, dropped: { duplicate: 1 } });
  await collector.close();

  assert.equal((await archive()).archived, 1);
  assert.equal((await archive()).archived, 0, 'run twice');
  const { rows } = await sql.query('select sum(reads)::int as reads from read_counts');
  assert.deepEqual(rows, [{ reads: 2 }]);

  await build();
  const key = { kind: 'access', scope: 'site', window: '24h' } as const;
  const first = await readSnapshot(redis, sql, key);
  await build();
  const second = await readSnapshot(redis, sql, key);
  assert.deepEqual(
    first?.items.map(({ article, reads }) => [article.title, reads]),
    [['One', 2]],
  );
  assert.equal(second?.version, first?.version);
});

test('clean-up removes what no feed carries any more, and nothing else', async () => {
  const { sql } = engines.sql;
  await poller()(await claimAll());
  const clean = cleanUp({ sql, clock, articleRetentionMs: 30 * DAY, readsRetentionMs: 400 * DAY, zone: 'UTC' });
  now = new Date(START.getTime() + 31 * DAY);
  assert.equal((await clean()).articles, 0, 'the last fetch still carried both');
  await sql.query("update sources set last_seen_at = last_seen_at - interval '2 days' where guid = '1'");
  assert.equal((await clean()).articles, 1);
  assert.equal((await clean()).articles, 0, 'run twice');
  assert.equal((await listArticles(sql, { limit: 10 })).items[0]?.title, 'Two');
});

test('lists that stand as they were, since not all counts are back, grow old', async () => {
  const { sql } = engines.sql;
  const { redis } = engines.redis;
  const before = now;
  await redis.flushdb();
  const build = buildRankings({ rankings: openRankings({ sql, redis, siteName: 'JN' }), clock, metrics });
  now = new Date(before.getTime() + 90_000);
  assert.deepEqual(await build(), { built: 0, published: 0, isWaiting: true });
  assert.match(await metrics.render(), /^newsrank_ranking_age_seconds{list="current"} 90$/m);
  const archive = archiveViews({ sql, redis, clock, metrics, site: { siteName: 'JN', zone: 'UTC' } });
  now = new Date(now.getTime() + 20_000);
  assert.match(await metrics.render(), /^newsrank_ranking_age_seconds{list="closed"} 20$/m, 'since the start');
  await archive();
  assert.equal((await build()).isWaiting, undefined);
  const text = await metrics.render();
  for (const list of ['current', 'closed']) {
    assert.match(text, new RegExp(`^newsrank_ranking_age_seconds{list="${list}"} 0$`, 'm'));
    assert.match(text, new RegExp(`^newsrank_ranking_build_duration_seconds_count{list="${list}"} [1-9]`, 'm'));
  }
  for (const list of ['access', 'popular', 'rising'])
    assert.match(text, new RegExp(`^newsrank_ranking_entries{list="${list}"} \\d+$`, 'm'));
  now = before;
});

test('counts are compared at four in the morning, and set right by whoever comes first', async () => {
  const { sql } = engines.sql;
  const { redis } = engines.redis;
  await archiveViews({ sql, redis, clock, metrics, site: { siteName: 'JN', zone: 'UTC' } })();
  await redis.hset('{r3}:marks', 'n24:news', '5');
  await redis.sadd('{r3}:categories', 'news');
  const audit = auditCountsJob({ sql, redis, clock, metrics, log, zone: 'Asia/Tokyo' });
  const differences = async () => (await metrics.auditDifferences.get()).values[0]?.value;
  now = new Date('2026-11-23T20:30:00Z');
  assert.deepEqual(await audit(), { compared: 0, wrong: 0 }, 'at half past five it is over');
  now = new Date('2026-11-23T19:30:00Z');
  assert.deepEqual([(await audit()).wrong, await differences()], [1, 1]);
  assert.deepEqual([(await audit()).wrong, await differences()], [0, 1], 'run twice');
});

test('a queue keeps one ticker, whoever looks after it', async () => {
  const queue = openQueue('clean-up', engines.redis.redis, () => undefined);
  await keepTicking(queue, HOUR, new Date());
  const [ticker] = await queue.getJobSchedulers();
  await keepTicking(queue, HOUR, new Date());
  assert.deepEqual((await queue.getJobSchedulers())[0]?.next, ticker?.next, 'its next job was not put off');
  await engines.redis.redis.flushdb();
  await keepTicking(queue, HOUR, new Date());
  assert.equal((await queue.getJobSchedulers()).length, 1, 'a flushed Redis is told again');
  await queue.close();
});
