import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Sql } from '../../src/engines/sql.ts';
import { beginPolls, claimDueFeeds } from '../../src/feeds/claim.ts';
import type { Poll, PollTarget } from '../../src/feeds/feed.ts';
import { forgiveFeeds } from '../../src/feeds/forgive.ts';
import { moveFeed } from '../../src/feeds/move-feed.ts';
import { isPlain, pollRow, savePoll, savePolls } from '../../src/feeds/save-poll.ts';
import { addFeeds, findFeed, listPolls, pollNow, readPollTarget, updateFeed } from '../../src/feeds/store.ts';
import type { FeedId } from '../../src/ids.ts';
import { openTestSql } from '../support/engines.ts';
import { entriesEvery, fresh, later, middle, NOW, pollOf } from './poll-fixtures.ts';

const COUNTS = { inserted: 2, updated: 1, unchanged: 7, rejected: 0 };
const NOTHING = { inserted: 0, updated: 0, unchanged: 0, rejected: 0 };
const LIMITS = { minSeconds: 300, maxSeconds: 21_600, isOwnOutage: false };
let sql: Sql;
let close: () => Promise<void>;
let id: FeedId;

before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());
beforeEach(async () => {
  await sql.script('truncate feeds cascade');
  const { added } = await addFeeds(sql, [{ url: 'https://a.example/feed' }], NOW);
  assert.ok(added[0]);
  [id] = added;
});

/** A lease on the feed, whatever its schedule says. */
async function claim(now = NOW): Promise<PollTarget> {
  await sql.query('update feeds set next_poll_at = $2 where id = $1', [id, now]);
  const leasedUntil = new Date(now.getTime() + 60_000);
  await claimDueFeeds(sql, { limit: 10, perHost: 10, leasedUntil }, now);
  const [target] = await beginPolls(sql, [id], leasedUntil, 60, now);
  assert.ok(target);
  return target;
}

async function save(target: PollTarget, poll: Poll, now = NOW): Promise<'saved' | 'moved' | undefined> {
  const saved = await savePoll(sql, target, poll, COUNTS, LIMITS, now, middle);
  if (saved === undefined) return undefined;
  const isMoved = saved.newUrl !== null && (await moveFeed(sql, target, saved.newUrl, poll.startedAt));
  return isMoved ? 'moved' : 'saved';
}

test('a poll with news is written: validators, schedule, words, history; the lease is released', async () => {
  assert.equal(await save(await claim(), pollOf(fresh(entriesEvery(3600), { skipHours: [3] }))), 'saved');
  const target = await readPollTarget(sql, id);
  assert.ok(target);
  assert.deepEqual([target.etag, target.lastModified, [...(target.bodyHash ?? [])]], ['"new"', 'today', [1, 2]]);
  assert.deepEqual([target.title, target.siteUrl, target.language], ['Title', 'https://site.example/', 'en']);
  assert.deepEqual([target.intervalSeconds, target.rhythmSeconds, target.newestEntryAt], [1800, 1800, NOW]);
  assert.deepEqual(target.nextPollAt, later(1800));
  assert.deepEqual(target.hints, { intervalSeconds: null, skipHours: [3], skipDays: [], freshForSeconds: null });
  assert.deepEqual([target.leasedUntil, target.pollCount, target.lastOutcome], [null, 1, 'fresh']);
  assert.deepEqual([target.lastPolledAt, target.lastSuccessAt, target.lastStatus], [NOW, NOW, 200]);
  assert.deepEqual(await listPolls(sql, id, 10), [
    {
      ...{ startedAt: NOW, outcome: 'fresh', status: 200, wireBytes: 100, durationMs: 12 },
      ...{ inserted: 2, updated: 1, unchanged: 7, error: null },
    },
  ]);
});

test("the owner's title stays, and so do validators when nothing is new", async () => {
  await sql.query("update feeds set title = 'Mine', etag = '\"old\"' where id = $1", [id]);
  await save(await claim(), pollOf({ kind: 'unchanged' }, { status: 304 }));
  assert.equal((await readPollTarget(sql, id))?.etag, '"old"');
  const validators = { etag: '"flaps"', lastModified: null, bodyHash: new Uint8Array([9]) };
  await save(await claim(later(1000)), pollOf({ kind: 'unchanged', validators }), later(1000));
  assert.equal((await readPollTarget(sql, id))?.etag, '"flaps"');
  await save(await claim(later(2000)), pollOf(fresh()), later(2000));
  assert.equal((await findFeed(sql, id))?.title, 'Mine');
});

test('a failure keeps what was good and says what is wrong', async () => {
  await save(await claim(), pollOf(fresh()));
  const failure = { kind: 'failed', failure: 'timeout', message: 'Too slow.' } as const;
  await save(await claim(later(1000)), pollOf(failure, { startedAt: later(1000), status: null }), later(1000));
  const target = await readPollTarget(sql, id);
  assert.deepEqual([target?.etag, target?.failures, target?.lastSuccessAt], ['"new"', 1, NOW]);
  assert.deepEqual([target?.lastOutcome, target?.lastError, target?.lastStatus], ['failed:timeout', 'Too slow.', null]);
  assert.deepEqual(
    (await listPolls(sql, id, 10)).map((poll) => poll.outcome),
    ['failed:timeout', 'fresh'],
  );
});

test('a late duplicate, and one whose lease went to another, write nothing', async () => {
  const first = await claim();
  assert.equal(await save(first, pollOf({ kind: 'unchanged' })), 'saved');
  const once = await readPollTarget(sql, id);
  assert.equal(await save(first, pollOf(fresh())), undefined);
  const failure = { kind: 'failed', failure: 'dns', message: '' } as const;
  assert.equal(await save({ ...first, leasedUntil: null }, pollOf(failure)), undefined);
  assert.deepEqual(await readPollTarget(sql, id), once);
  const slow = await claim(later(100));
  const quick = await claim(later(200));
  assert.equal(await save(slow, pollOf(failure)), undefined);
  assert.equal(await save(quick, pollOf({ kind: 'unchanged' })), 'saved');
  assert.equal((await findFeed(sql, id))?.failures, 0);
});

test('a poll that was put off leaves only its new time', async () => {
  await save(await claim(), pollOf(fresh()));
  const before = await readPollTarget(sql, id);
  const off = { kind: 'limited', retryAfterSeconds: 3, wholeHost: true } as const;
  await save(await claim(later(1000)), pollOf(off, { status: null, startedAt: later(1000) }), later(1000));
  const after = await readPollTarget(sql, id);
  assert.ok(after);
  assert.deepEqual({ ...after, nextPollAt: before?.nextPollAt, putOffAt: null }, before);
  assert.deepEqual(after.putOffAt, later(1000));
  assert.ok(after.nextPollAt > later(1002) && after.nextPollAt < later(1010));
  assert.equal((await listPolls(sql, id, 10)).length, 1);
  await save(await claim(later(2000)), pollOf({ kind: 'unchanged' }), later(2000));
  assert.equal((await readPollTarget(sql, id))?.putOffAt, null, 'a poll that is made ends it');
});

test('a pause or a resumption in the middle of a poll stays', async () => {
  const running = await claim();
  await updateFeed(sql, id, { state: 'paused' });
  await save(running, pollOf(fresh()));
  assert.equal((await findFeed(sql, id))?.state, 'paused');
  const leasedUntil = await pollNow(sql, id, NOW);
  assert.ok(leasedUntil);
  const [paused] = await beginPolls(sql, [id], leasedUntil, 60, NOW);
  assert.ok(paused);
  await updateFeed(sql, id, { state: 'active' });
  await save(paused, pollOf(fresh()));
  assert.equal((await findFeed(sql, id))?.state, 'active');
});

test('at least fifty polls are remembered, and not many more', async () => {
  for (let poll = 0; poll < 101; poll++) {
    const at = later(poll * 10_000);
    await save(await claim(at), pollOf({ kind: 'unchanged' }, { startedAt: at }), at);
  }
  const polls = await listPolls(sql, id, 1000);
  assert.equal(polls.length, 51, 'cut at the hundredth');
  assert.deepEqual(polls[0]?.startedAt, later(1_000_000));
  assert.equal((await readPollTarget(sql, id))?.pollCount, 101);
});

test('polls that end together are written together, each under its own lease', async () => {
  const urls = ['https://b.example/', 'https://c.example/'];
  await addFeeds(
    sql,
    urls.map((url) => ({ url })),
    NOW,
  );
  const leasedUntil = later(60);
  const { feeds } = await claimDueFeeds(sql, { limit: 10, perHost: 10, leasedUntil }, NOW);
  const targets = await beginPolls(sql, feeds, leasedUntil, 60, NOW);
  const [a, b, c] = targets;
  assert.ok(a && b && c);
  const row = (target: PollTarget, poll: Poll) => pollRow(target, poll, NOTHING, LIMITS, NOW, middle).line;
  const failure = { kind: 'failed', failure: 'timeout', message: 'Half of a pair: \ud83d, and\0 NUL.' } as const;
  const rows = [
    row(c, pollOf(failure, { status: null })),
    row({ ...b, leasedUntil: later(1) }, pollOf({ kind: 'unchanged' })),
    row(a, pollOf({ kind: 'unchanged' }, { status: 304, freshForSeconds: 7200 })),
  ];
  assert.deepEqual(await savePolls(sql, rows), new Set([a.id, c.id]));
  const [first, second, third] = await Promise.all([a, b, c].map((target) => readPollTarget(sql, target.id)));
  assert.deepEqual([first?.lastOutcome, first?.hints.freshForSeconds, first?.leasedUntil], ['unchanged', 7200, null]);
  assert.deepEqual([second?.lastOutcome, second?.leasedUntil], [null, b.leasedUntil], 'still being polled');
  assert.deepEqual([third?.lastError, third?.failures], ['Half of a pair: \ufffd, and NUL.', 1]);
  assert.equal((await listPolls(sql, c.id, 10)).length, 1);
});

test('only what changes nothing but the schedule may be written with others', async () => {
  const target = await claim();
  const plain = (poll: Poll) => isPlain(pollRow(target, poll, NOTHING, LIMITS, NOW, middle));
  assert.equal(plain(pollOf({ kind: 'unchanged' }, { status: 304 })), true);
  assert.equal(plain(pollOf({ kind: 'gone' }, { status: 410 })), true);
  assert.equal(plain(pollOf(fresh())), false);
  assert.equal(plain(pollOf({ kind: 'unchanged' }, { movedTo: 'https://b.example/' })), false);
  const missing = { kind: 'failed', failure: 'http-4xx', message: '' } as const;
  assert.equal(plain(pollOf(missing, { status: 404 })), false);
});

test('validators are written with the articles or not at all', async () => {
  const target = await claim();
  const before = await readPollTarget(sql, id);
  const work = sql.transaction(async (transaction) => {
    await savePoll(transaction, target, pollOf(fresh()), COUNTS, LIMITS, NOW, middle);
    throw new Error('the articles could not be stored');
  });
  await assert.rejects(work, /could not be stored/);
  assert.deepEqual(await readPollTarget(sql, id), before);
});

async function pollMoved(times: readonly number[], movedTo: string): Promise<void> {
  for (const seconds of times) {
    const at = later(seconds);
    await save(await claim(at), pollOf({ kind: 'unchanged' }, { movedTo, startedAt: at }), at);
  }
}

test('a feed that moved for good is polled at its new URL, and is still found by the old', async () => {
  await pollMoved([0, 50_000, 90_000], 'https://news.b.example/feed');
  const feed = await findFeed(sql, id);
  assert.deepEqual([feed?.url, feed?.host], ['https://news.b.example/feed', 'b.example']);
  const at = later(100_000);
  assert.equal(feed?.lastOutcome, 'moved');
  await save(await claim(at), pollOf({ kind: 'unchanged' }, { startedAt: at }), at);
  assert.deepEqual(
    (await listPolls(sql, id, 10)).map(({ outcome }) => outcome),
    ['unchanged', 'moved', 'unchanged', 'unchanged'],
    'once',
  );
  const again = await addFeeds(sql, [{ url: 'https://a.example/feed' }], NOW);
  assert.deepEqual([again.added, again.existing], [[], [id]]);
});

test('where another feed has the new URL, the feed stays at its own', async () => {
  await addFeeds(sql, [{ url: 'https://b.example/feed' }], NOW);
  await pollMoved([0, 50_000, 90_000, 100_000], 'https://b.example/feed');
  const feed = await findFeed(sql, id);
  assert.deepEqual([feed?.url, feed?.lastOutcome], ['https://a.example/feed', 'unchanged']);
});

test('secrets and headers stay with the origin that they were given for', async () => {
  const set = (headers: string) =>
    sql.query("update feeds set basic_auth = 'me:secret', request_headers = $2::jsonb where id = $1", [id, headers]);
  await set('{"X-Key":"k"}');
  await pollMoved([0, 50_000, 90_000], 'https://a.example/new');
  const near = await readPollTarget(sql, id);
  assert.deepEqual([near?.url, near?.basicAuth], ['https://a.example/new', 'me:secret']);
  await pollMoved([100_000, 150_000, 190_000], 'https://feeds.a.example/new');
  const far = await readPollTarget(sql, id);
  assert.deepEqual([far?.url, far?.basicAuth, far?.requestHeaders], ['https://feeds.a.example/new', null, {}]);
  await pollMoved([200_000, 250_000, 290_000], 'https://a.example/feed');
  assert.equal((await findFeed(sql, id))?.url, 'https://a.example/feed');
  const { rows } = await sql.query('select url from feed_aliases order by url');
  assert.deepEqual(rows, [{ url: 'https://a.example/new' }, { url: 'https://feeds.a.example/new' }]);
});

test('validators are not trusted again after they hid an article', async () => {
  const trust = async () => (await readPollTarget(sql, id))?.trustsValidators;
  const lied = pollOf(fresh(), { hasLied: true });
  await savePoll(sql, await claim(), lied, { ...COUNTS, inserted: 0 }, LIMITS, NOW, middle);
  assert.equal(await trust(), true, 'nothing was hidden but other words');
  await save(await claim(), lied);
  assert.equal(await trust(), false);
  await save(await claim(), pollOf(fresh()));
  assert.equal(await trust(), false);
});

test('since when a feed is missing is remembered, and forgotten when it is back', async () => {
  const failure = { kind: 'failed', failure: 'http-4xx', message: 'm' } as const;
  const missing = pollOf(failure, { status: 404 });
  await save(await claim(), missing);
  await save(await claim(later(5000)), missing, later(5000));
  assert.deepEqual((await readPollTarget(sql, id))?.missingSince, NOW);
  await sql.query('update feeds set failures = 9 where id = $1', [id]);
  await save(await claim(later(28 * 86_400)), missing, later(28 * 86_400));
  assert.equal((await findFeed(sql, id))?.state, 'retired');
  await save(await claim(later(58 * 86_400)), pollOf(fresh()), later(58 * 86_400));
  const back = await readPollTarget(sql, id);
  assert.deepEqual([back?.state, back?.missingSince, back?.failures], ['active', null, 0]);
});

test('failures that an outage of our own caused are taken back, once, where the feed has not answered since', async () => {
  const others = ['https://b.example/', 'https://c.example/', 'https://d.example/'].map((url) => ({ url }));
  const [b, c, d] = (await addFeeds(sql, others, NOW)).added;
  assert.ok(b !== undefined && c !== undefined && d !== undefined);
  await sql.query(
    `update feeds set failures = 3, last_outcome = 'failed:dns', next_poll_at = $1::timestamptz + interval '6 hours'`,
    [NOW],
  );
  await sql.query("update feeds set failures = 0, last_outcome = 'unchanged' where id = $1", [b]);
  await sql.query("update feeds set last_outcome = 'failed:http-5xx' where id = $1", [c]);
  await forgiveFeeds(sql, [id, b, c], 300, NOW, middle);
  const states = await Promise.all([id, b, c, d].map((feed) => findFeed(sql, feed)));
  assert.deepEqual(
    states.map((feed) => feed?.failures),
    [2, 0, 3, 3],
  );
  assert.deepEqual(
    states.map((feed) => feed?.nextPollAt),
    [later(450), later(21_600), later(21_600), later(21_600)],
  );
  await forgiveFeeds(sql, [], 300, NOW, middle);
});
