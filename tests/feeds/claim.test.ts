import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Sql } from '../../src/engines/sql.ts';
import { beginPolls, type Claim, claimDueFeeds as claim, putBack } from '../../src/feeds/claim.ts';
import type { PollTarget } from '../../src/feeds/feed.ts';
import { savePoll } from '../../src/feeds/save-poll.ts';
import { readPollTarget } from '../../src/feeds/store.ts';
import { type FeedId, feedId } from '../../src/ids.ts';
import { openTestSql, skipWithoutPostgres } from '../support/engines.ts';
import { later, middle, NOW, pollOf } from './poll-fixtures.ts';

const CLAIM = { limit: 100, perHost: 100 };
const NOTHING = { inserted: 0, updated: 0, unchanged: 0, rejected: 0 };
const LIMITS = { minSeconds: 300, maxSeconds: 21_600, isOwnOutage: false };
let sql: Sql;
let close: () => Promise<void>;

before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());
beforeEach(() => sql.script('truncate feeds restart identity cascade'));

/** Adds `count` feeds of a host, the first of them due `due` seconds from NOW, each further one a second later. */
async function add(host: string, count: number, due = -1000, state = 'active'): Promise<void> {
  await sql.query(
    `insert into feeds (url, host, next_poll_at, state)
     select 'https://' || $1::text || '/' || n || '/' || $4::text, $1::text, $3::timestamptz + make_interval(secs => n), $4::text
     from generate_series(0, $2::integer - 1) as n`,
    [host, count, later(due), state],
  );
}

const minuteAfter = (now: Date): Date => new Date(now.getTime() + 60_000);

/** Claims for a minute, as often as there may be more, and no more than the limit altogether. */
async function claimDueFeeds(on: Sql, share: Omit<Claim, 'leasedUntil'>, now: Date): Promise<FeedId[]> {
  const all: FeedId[] = [];
  for (let isMore = true; isMore && all.length < share.limit; ) {
    const claimed = await claim(on, { ...share, limit: share.limit - all.length, leasedUntil: minuteAfter(now) }, now);
    all.push(...claimed.feeds);
    isMore = claimed.isMore;
  }
  return all;
}

/** Begins under the lease of a claim at `claimedAt`, at once or later, for a minute. */
async function beginPoll(on: Sql, id: FeedId, claimedAt: Date, now = claimedAt): Promise<PollTarget | undefined> {
  const [target] = await beginPolls(on, [id], minuteAfter(claimedAt), 60, now);
  return target;
}

async function hostsOf(ids: readonly number[]): Promise<Record<string, number>> {
  const { rows } = await sql.query<{ host: string; count: number }>(
    'select host, count(*) as count from feeds where id = any($1::bigint[]) group by host order by host',
    [ids],
  );
  return Object.fromEntries(rows.map(({ host, count }) => [host, count]));
}

test('claims what is due, once; released or run out, it can be claimed again', async () => {
  await add('a.example', 3);
  await add('b.example', 1, 500);
  await add('c.example', 1, -1000, 'paused');
  await add('d.example', 1, -1000, 'retired');
  await add('e.example', 1, -1000, 'quarantined');
  const first = await claimDueFeeds(sql, CLAIM, NOW);
  assert.deepEqual(await hostsOf(first), { 'a.example': 3, 'd.example': 1, 'e.example': 1 });
  assert.deepEqual(await claimDueFeeds(sql, CLAIM, NOW), []);
  assert.deepEqual(await claimDueFeeds(sql, CLAIM, later(59)), []);
  assert.equal((await claimDueFeeds(sql, CLAIM, later(60))).length, 5);
});

/** As a poll leaves them: due again much later. */
async function endPolls(ids: readonly FeedId[]): Promise<void> {
  await sql.query(
    `update feeds set leased_until = null, waits_by_host = false, next_poll_at = $2 where id = any ($1::bigint[])`,
    [ids, later(9000)],
  );
}

test('no host takes more than its share, and every host has its turn before any takes what is left', async () => {
  await add('big.example', 50, -9000);
  await add('mid.example', 5, -2000);
  for (let host = 0; host < 10; host++) await add(`small${host}.example`, 1);
  const few = await claimDueFeeds(sql, { ...CLAIM, limit: 14, perHost: 3 }, NOW);
  const hosts = await hostsOf(few);
  assert.equal(Object.keys(hosts).length, 12);
  assert.equal(hosts['big.example'], 3);
  assert.deepEqual(await hostsOf(await claimDueFeeds(sql, { ...CLAIM, perHost: 3 }, NOW)), { 'mid.example': 2 });
  await endPolls(few);
  assert.deepEqual(await hostsOf(await claimDueFeeds(sql, { ...CLAIM, perHost: 3 }, NOW)), {
    'big.example': 3,
    'mid.example': 1,
  });
});

test('a host with a long queue does not keep those behind it waiting', async () => {
  await add('huge.example', 500, -9000);
  await add('small.example', 1);
  const hosts = await hostsOf(await claimDueFeeds(sql, { limit: 10, perHost: 5 }, NOW));
  assert.deepEqual(hosts, { 'huge.example': 5, 'small.example': 1 });
});

test('a long queue is drained, the longest overdue first, and its feeds go back to the common line', async () => {
  await add('huge.example', 30, -9000);
  const order: FeedId[] = [];
  for (let round = 0; round < 6; round++) {
    const ids = await claimDueFeeds(sql, { limit: 10, perHost: 5 }, NOW);
    order.push(...ids);
    await endPolls(ids);
  }
  assert.deepEqual(
    order,
    Array.from({ length: 30 }, (_, index) => feedId(index + 1)),
  );
  assert.equal((await claimDueFeeds(sql, { limit: 100, perHost: 100 }, later(9000))).length, 30);
});

test('where more hosts have long queues than a claim has places, each has its turn', async () => {
  for (let host = 0; host < 8; host++) await add(`h${host}.example`, 6);
  // Each host is found with more than its share.
  await claim(sql, { limit: 40, perHost: 2, leasedUntil: later(-1) }, NOW);
  assert.equal((await sql.query('select 1 from feeds where waits_by_host')).count, 48);
  await sql.query('update feeds set leased_until = null');
  const served = new Set<number>();
  for (let millisecond = 0; millisecond < 40; millisecond++) {
    const now = new Date(NOW.getTime() + millisecond);
    const { feeds } = await claim(sql, { limit: 3, perHost: 2, leasedUntil: minuteAfter(now) }, now);
    for (const id of feeds) served.add(Math.floor((id - 1) / 6));
    await sql.query('update feeds set leased_until = null');
  }
  assert.deepEqual([...served].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
});

test('feeds come in turns of their hosts, so that neighbours are polled at the same time', async () => {
  await add('a.example', 3, -9000);
  await add('b.example', 3);
  const ids = await claimDueFeeds(sql, CLAIM, NOW);
  assert.deepEqual(ids, [1, 4, 2, 5, 3, 6]);
});

test('the longest overdue of a host comes first', async () => {
  await add('a.example', 9);
  const ids = await claimDueFeeds(sql, { ...CLAIM, perHost: 3 }, NOW);
  assert.deepEqual([...ids].sort(), [1, 2, 3]);
});

test('a poll may begin only under the lease of its claim, and only once', async () => {
  await add('a.example', 1);
  const id = feedId(1);
  assert.equal(await beginPoll(sql, id, NOW), undefined, 'nobody claimed it');
  await claimDueFeeds(sql, CLAIM, NOW);
  assert.equal(await beginPoll(sql, id, later(1)), undefined, 'not under this claim');
  assert.equal(await beginPoll(sql, id, NOW, later(60)), undefined, 'too late: anybody may claim it again');
  const target = await beginPoll(sql, id, NOW, later(10));
  assert.deepEqual(target?.leasedUntil, later(70), 'the time in the queue does not count');
  assert.equal(await beginPoll(sql, id, NOW, later(10)), undefined, 'a duplicate of the job');
  assert.equal(await beginPoll(sql, feedId(99), NOW), undefined);
});

test('a duplicate that runs at the very same moment does not poll either', async () => {
  await add('a.example', 3);
  const feeds = await claimDueFeeds(sql, CLAIM, NOW);
  const begin = () => beginPolls(sql, feeds, later(60), 60, NOW);
  const begun = await Promise.all([begin(), begin(), begin()]);
  assert.equal(begun.flat().length, 3);
});

test('what was put back is due again at once, and its strike is taken back', async () => {
  await add('a.example', 2);
  await sql.query('update feeds set strikes = 1 where id = 2');
  const feeds = await claimDueFeeds(sql, CLAIM, NOW);
  await putBack(sql, feeds, later(60), { isBegun: false });
  assert.deepEqual(await claimDueFeeds(sql, CLAIM, later(1)), feeds);
  const begun = await beginPolls(sql, feeds, later(61), 60, later(1));
  assert.deepEqual(begun.map(({ strikes }) => strikes).sort(), [0, 1], 'as before this attempt');
  const [first] = begun;
  assert.ok(first?.leasedUntil);
  await putBack(sql, feeds, later(61), { isBegun: true });
  assert.deepEqual(await claimDueFeeds(sql, CLAIM, later(2)), [], 'a lease that is not its own is left alone');
  await putBack(sql, feeds, first.leasedUntil, { isBegun: true });
  assert.equal((await readPollTarget(sql, feedId(2)))?.strikes, 1);
  assert.deepEqual(await claimDueFeeds(sql, CLAIM, later(2)), feeds);
});

test('a feed that takes the process with it three times is kept away for a day', async () => {
  await add('a.example', 1);
  const id = feedId(1);
  let now = 0;
  /** Claims and begins, and then nothing more is heard of it. */
  const attempt = async () => {
    const claimed = await claimDueFeeds(sql, CLAIM, later(now));
    const target = claimed.length > 0 ? await beginPoll(sql, id, later(now)) : undefined;
    // The next claim finds the lease run out.
    now += 61;
    return target !== undefined;
  };
  assert.deepEqual([await attempt(), await attempt(), await attempt(), await attempt()], [true, true, true, false]);
  const away = await readPollTarget(sql, id);
  assert.equal(away?.state, 'quarantined');
  assert.deepEqual(away.nextPollAt, later(183 + 86_400));
  assert.equal(away.leasedUntil, null);
  assert.deepEqual([away.lastOutcome, away.lastStatus], ['failed:parse', null]);
  assert.match(away.lastError ?? '', /ended the process.*quarantine/);
  now += 86_400;
  assert.deepEqual([await attempt(), await attempt()], [true, false], 'one more attempt, one more day');
});

test('leases that run out because the queue was lost are no strikes', async () => {
  await add('a.example', 1);
  for (let minute = 0; minute < 10; minute++) {
    assert.equal((await claimDueFeeds(sql, CLAIM, later(minute * 60))).length, 1);
  }
  const target = await beginPoll(sql, feedId(1), later(540));
  assert.equal(target?.strikes, 1, 'suspect, no more');
  await savePoll(sql, target, pollOf({ kind: 'unchanged' }), NOTHING, LIMITS, later(601), middle);
  const after = await readPollTarget(sql, feedId(1));
  assert.deepEqual([after?.strikes, after?.state], [0, 'active']);
});

test('any number of schedulers share the due feeds out, each to one', { skip: skipWithoutPostgres }, async () => {
  for (let host = 0; host < 40; host++) await add(`h${host}.example`, 25);
  const seen: number[] = [];
  const schedule = async () => {
    for (let idle = 0; idle < 3; ) {
      const ids = await claimDueFeeds(sql, { limit: 50, perHost: 5 }, NOW);
      seen.push(...ids);
      idle = ids.length === 0 ? idle + 1 : 0;
    }
  };
  await Promise.all(Array.from({ length: 8 }, schedule));
  seen.push(...(await claimDueFeeds(sql, { ...CLAIM, limit: 1000, perHost: 1000 }, NOW)));
  assert.equal(seen.length, 1000);
  assert.equal(new Set(seen).size, 1000);
});
