import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { listArticles } from '../../src/articles/list.ts';
import { removeFeed } from '../../src/articles/remove-feed.ts';
import { saveArticles } from '../../src/articles/save.ts';
import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { openAddressGuard } from '../../src/feeds/address-guard.ts';
import type { PollOutcome } from '../../src/feeds/feed.ts';
import { openHttpClient } from '../../src/feeds/http-client.ts';
import { openFeedReader } from '../../src/feeds/reader.ts';
import { addFeeds, findFeed, readPollTarget, updateFeed } from '../../src/feeds/store.ts';
import { noteHub } from '../../src/feeds/websub/pushes.ts';
import { countSubscriptions, dropSubscriptions, findPushState } from '../../src/feeds/websub/store.ts';
import type { FeedId } from '../../src/ids.ts';
import { openLog } from '../../src/log.ts';
import { openMetrics } from '../../src/metrics.ts';
import { keepSubscriptionsJob } from '../../workers/keep-subscriptions.ts';
import { storePush } from '../../workers/store-push.ts';
import { serverFor } from '../api/server-under-test.ts';
import { fresh } from '../feeds/poll-fixtures.ts';
import { type Hub, openHub, signed, verification } from '../feeds/websub/hub.ts';
import { openTestSql, skipWithoutPostgres } from '../support/engines.ts';

const START = new Date('2026-11-23T03:00:00Z');
const TOPIC = 'https://times.example/feed';
const ATOM = { 'content-type': 'application/atom+xml' };

let sql: Sql;
let close: () => Promise<void>;
let hub: Hub;
let app: FastifyInstance;
let feed: FeedId;
let now = START;
/** Seconds that the budget makes a request to the hub wait. */
let wait = 0;

const clock = () => now;
const metrics = openMetrics('test');
const reader = openFeedReader({ threads: 1, timeoutMs: 2000 });
const client = openHttpClient({ guard: openAddressGuard(['127.0.0.1/32']), userAgent: 'test' });
const budget = { take: async () => wait, stop: async () => {} };

before(async () => {
  ({ sql, close } = await openTestSql());
  const take = storePush({ sql, reader, clock, metrics, log: openLog('silent') });
  app = await serverFor({ PUBLIC_URL: 'https://rank.example/' }, { sql, clock, metrics, storePush: take });
});
after(async () => {
  await Promise.all([app.close(), reader.close(), client.close()]);
  await close();
});
beforeEach(async () => {
  now = START;
  wait = 0;
  hub = await openHub();
  await sql.script('truncate feeds, articles, categories, subscriptions cascade');
  const { added } = await addFeeds(sql, [{ url: TOPIC, categories: ['News'] }], now);
  assert.ok(added[0] !== undefined);
  [feed] = added;
  await nameHub(hub.url);
});

afterEach(() => hub.close());

const keep = (publicUrl = 'https://rank.example') =>
  keepSubscriptionsJob({ sql, fetching: { client, budget }, publicUrl, clock, random: () => 0.5, metrics })();

/** As a poll does that found a feed which names this hub. */
async function nameHub(hubUrl: string | null, inserted = 0): Promise<void> {
  const target = await readPollTarget(sql, feed);
  assert.ok(target);
  const outcome = fresh();
  assert.ok(outcome.kind === 'fresh');
  await noteHub(sql, target, { ...outcome, feed: { ...outcome.feed, hubUrl, selfUrl: TOPIC } }, inserted, now);
}

const last = () => hub.asked.at(-1) ?? new URLSearchParams();
const stateOf = async () => (await findPushState(sql, feed))?.state;
const secret = () => hub.asked[0]?.get('hub.secret') ?? '';
const pathOf = (form = last()) => new URL(form.get('hub.callback') ?? '').pathname;
const get = (url: string) => app.inject({ method: 'GET', url });

async function subscribe(lease = '864000'): Promise<void> {
  await keep();
  const answer = await get(verification(last(), { 'hub.lease_seconds': lease }));
  assert.equal(answer.statusCode, 200, answer.body);
}

async function push(body: string | Buffer, headers: Record<string, string> = signed(body, secret())): Promise<number> {
  const { statusCode } = await app.inject({
    method: 'POST',
    url: pathOf(),
    payload: body,
    headers: { ...ATOM, ...headers },
  });
  return statusCode;
}

const titles = async () => (await listArticles(sql, { limit: 10 })).items.map(({ title }) => title).sort();
const atom = (...entries: [id: string, title: string][]) =>
  `<feed xmlns="http://www.w3.org/2005/Atom"><title>Times</title>${entries
    .map(
      ([id, title]) =>
        `<entry><id>${id}</id><title>${title}</title><link href="https://times.example/${id}"/><published>2026-11-23T02:00:00Z</published></entry>`,
    )
    .join('')}</feed>`;

test('a feed that names a hub is subscribed to once, and the hub hears that we meant it', async () => {
  assert.deepEqual(await keep(), { added: 1, accepted: 1, failed: 0, deferred: 0 });
  assert.deepEqual(await keep(), { added: 0, accepted: 0, failed: 0, deferred: 0 }, 'run twice');
  assert.equal(hub.asked.length, 1);
  assert.match(last().get('hub.callback') ?? '', /^https:\/\/rank\.example\/websub\/[\w-]{32}$/);
  assert.ok(secret().length >= 40);
  assert.equal(await stateOf(), 'wanted');

  const answer = await get(verification(last()));
  assert.deepEqual([answer.statusCode, answer.body], [200, 'a challenge <b>&']);
  assert.match(String(answer.headers['content-type']), /^text\/plain/);
  assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  const state = await findPushState(sql, feed);
  assert.deepEqual([state?.state, state?.leaseUntil], ['verified', new Date(START.getTime() + 10 * DAY)]);
  assert.equal((await get(verification(last()))).statusCode, 200, 'asked again, as after a lost answer');
});

test('questions about what nobody asked for are refused', async () => {
  await keep();
  const wrong = [
    verification(last(), { 'hub.topic': 'https://times.example/other' }),
    verification(last(), { 'hub.mode': 'unsubscribe' }),
    verification(last(), { 'hub.mode': 'publish' }),
    verification(last()).replace(/[\w-]{32}/, 'A'.repeat(32)),
  ];
  for (const url of wrong) assert.equal((await get(url)).statusCode, 404, url);
  assert.equal((await get(verification(last()).replace(/hub.challenge=[^&]*&/, ''))).statusCode, 404);
  for (const url of [`${pathOf()}?hub.mode=subscribe`, '/websub/x?hub.mode=subscribe&hub.topic=x']) {
    assert.equal((await get(url)).statusCode, 400, url);
  }
  const head = await app.inject({ method: 'HEAD', url: verification(last()) });
  assert.equal(head.statusCode >= 400, true, 'a HEAD request confirms nothing');
  assert.equal(await stateOf(), 'wanted');
  now = new Date(START.getTime() + 2 * DAY);
  assert.equal((await get(verification(last()))).statusCode, 404, 'long after the request');
});

test('what is pushed and signed is stored as a poll would store it; validators and schedule stay', async () => {
  await subscribe();
  await sql.query("update feeds set etag = '\"1\"', body_hash = '\\x01' where id = $1", [feed]);
  const before = await readPollTarget(sql, feed);
  assert.equal(await push(atom(['1', 'One'], ['2', 'Two'])), 202);
  assert.deepEqual(await titles(), ['One', 'Two']);
  const [article] = (await listArticles(sql, { limit: 1 })).items;
  assert.deepEqual(article?.categories, ['news']);
  assert.equal(await push(atom(['1', 'One, updated'])), 202);
  assert.deepEqual(await titles(), ['One, updated', 'Two']);
  const target = await readPollTarget(sql, feed);
  assert.deepEqual({ ...target, pushAliveUntil: null }, { ...before, pushAliveUntil: null });
});

test('a push and a poll of the same news, and their bookkeeping, never wait for each other in a circle', {
  skip: skipWithoutPostgres,
}, async () => {
  await subscribe();
  for (let round = 0; round < 20; round++) {
    const names = Array.from({ length: 10 }, (_, index) => `${round}-${index}`);
    const body = atom(...names.map((name): [string, string] => [name, `Title ${name}`]));
    const read = await reader.read(Buffer.from(body), { contentType: null, url: TOPIC, defaultZone: null });
    assert.ok(read.kind === 'feed');
    const poll = sql.transaction(async (within) => {
      const target = await readPollTarget(within, feed);
      assert.ok(target);
      const { inserted } = await saveArticles(within, target, read.feed.entries, now);
      await within.query('update feeds set poll_count = poll_count + 1 where id = $1', [feed]);
      const outcome = {
        ...fresh(),
        kind: 'fresh',
        feed: { ...read.feed, hubUrl: hub.url, selfUrl: TOPIC },
      } as PollOutcome;
      await noteHub(within, target, outcome, Math.max(1, inserted), now);
    });
    const [status] = await Promise.all([push(body), poll, keep()]);
    assert.equal(status, 202);
  }
  const { rows } = await sql.query<{ count: number }>('select count(*) as count from articles');
  assert.equal(rows[0]?.count, 200);
});

test('what is unsigned, forged, replayed or no feed changes nothing, and the sender is not told', async () => {
  await subscribe();
  const body = atom(['1', 'One']);
  assert.equal(await push(body, {}), 202);
  assert.equal(await push(body, signed(body, 'guess')), 202);
  assert.equal(await push(`${body} `, signed(body, secret())), 202);
  const html = '<html>Sorry</html>';
  assert.equal(await push(html, { ...signed(html, secret()), 'content-type': 'text/html' }), 202);
  assert.equal(await push('', signed('', secret())), 202);
  assert.deepEqual([await titles(), (await findPushState(sql, feed))?.lastPushAt], [[], null]);

  assert.equal(await push(body), 202);
  const update = atom(['1', 'One, updated']);
  assert.deepEqual(await Promise.all([push(update), push(update), push(update)]), [202, 202, 202]);
  assert.equal(await push(body), 202, 'an old body, sent again by who listened');
  assert.deepEqual(await titles(), ['One, updated']);
});

test('a push that is too large is refused; one for a callback that is none is gone, and not even read', async () => {
  await subscribe();
  assert.equal(await push(Buffer.alloc(10 * 1024 * 1024 + 1)), 413);
  const url = `/websub/${'A'.repeat(32)}`;
  assert.equal((await app.inject({ method: 'POST', url, payload: Buffer.alloc(11 * 1024 * 1024) })).statusCode, 410);
  assert.equal((await app.inject({ method: 'POST', url: '/websub/x%27--', payload: 'x' })).statusCode, 410);
});

test('polling slows down once a hub has pushed, for as long as it does', async () => {
  const aliveUntil = async () => (await readPollTarget(sql, feed))?.pushAliveUntil ?? null;
  const at = (ms: number) => new Date(START.getTime() + ms);
  await subscribe();
  assert.equal(await aliveUntil(), null, 'verified, but nothing pushed yet');
  await push(atom(['1', 'One']));
  assert.deepEqual(await aliveUntil(), at(7 * DAY));
  now = at(HOUR);
  await nameHub(hub.url, 0);
  assert.deepEqual(await aliveUntil(), at(7 * DAY), 'a poll that found nothing more');
  await nameHub(hub.url, 1);
  assert.equal(await aliveUntil(), null, 'a poll that found what should have been pushed');
  await push(atom(['2', 'Two']));
  assert.deepEqual(await aliveUntil(), at(HOUR + 7 * DAY));
});

test('a lease is renewed before it runs out, with the same callback and secret', async () => {
  await subscribe();
  now = new Date(START.getTime() + 7 * DAY);
  assert.equal((await keep()).accepted, 0, 'not yet');
  now = new Date(START.getTime() + 8 * DAY);
  assert.equal((await keep()).accepted, 1);
  const [first, second] = hub.asked;
  assert.equal(second?.get('hub.callback'), first?.get('hub.callback'));
  assert.equal(second?.get('hub.secret'), first?.get('hub.secret'));
  assert.equal(await stateOf(), 'verified', 'the old lease goes on meanwhile');
  assert.equal((await get(verification(last()))).statusCode, 200);
  assert.deepEqual((await findPushState(sql, feed))?.leaseUntil, new Date(now.getTime() + 10 * DAY));
});

test('a lease that ran out is asked for again, and the feed is due', async () => {
  await subscribe('3600');
  await sql.query('update feeds set next_poll_at = $2 where id = $1', [feed, new Date(START.getTime() + DAY)]);
  now = new Date(START.getTime() + 2 * HOUR);
  assert.equal((await keep()).accepted, 1);
  assert.equal(await stateOf(), 'wanted');
  const due = (await findFeed(sql, feed))?.nextPollAt ?? START;
  assert.ok(due <= new Date(now.getTime() + 5 * MINUTE), due.toISOString());
});

test('a hub that is down is asked again, less and less often; one that was asked much is asked later', async () => {
  hub.status = 503;
  wait = 10;
  assert.equal((await keep()).deferred, 1);
  wait = 0;
  assert.equal((await keep()).failed, 0, 'not before its time');
  const gaps: number[] = [];
  now = new Date(START.getTime() + MINUTE);
  for (let attempt = 0; attempt < 12; attempt++) {
    assert.equal((await keep()).failed, 1);
    const { rows } = await sql.query<{ at: Date }>('select next_attempt_at as at from subscriptions');
    const next = rows[0]?.at ?? now;
    gaps.push((next.getTime() - now.getTime()) / MINUTE);
    now = new Date(next.getTime() + 1);
  }
  assert.ok((gaps[0] ?? 0) >= 4.4 && (gaps[0] ?? 0) <= 5.6, String(gaps));
  assert.ok((gaps[1] ?? 0) >= 8.8 && (gaps[11] ?? 0) <= 24 * 60 * 1.11 && (gaps[11] ?? 0) > 20 * 60, String(gaps));
  assert.equal((await findPushState(sql, feed))?.lastError, 'The hub answered 503: No, not now.');
  hub.status = 202;
  await keep();
  assert.equal((await get(verification(last()))).statusCode, 200);
  const state = await findPushState(sql, feed);
  assert.deepEqual([state?.state, state?.lastError], ['verified', null]);
});

test('a hub that wants to be left alone is', async () => {
  hub.status = 429;
  hub.headers = { 'retry-after': '7200' };
  await keep();
  const { rows } = await sql.query<{ at: Date }>('select next_attempt_at as at from subscriptions');
  assert.deepEqual(rows[0]?.at, new Date(START.getTime() + 2 * HOUR));
});

test('a denial, also of what was confirmed, ends push until the hub is asked again a day later', async () => {
  await subscribe();
  await push(atom(['1', 'One']));
  await sql.query('update feeds set next_poll_at = $2 where id = $1', [feed, new Date(START.getTime() + DAY)]);
  const denied = verification(last(), { 'hub.mode': 'denied', 'hub.reason': 'No\0 more \u202efeeds.' });
  assert.equal((await get(denied.replace(/%00/, ''))).statusCode, 200);
  const state = await findPushState(sql, feed);
  assert.deepEqual([state?.state, state?.leaseUntil], ['denied', null]);
  assert.match(state?.lastError ?? '', /^No more/);
  assert.equal((await readPollTarget(sql, feed))?.pushAliveUntil, null);
  assert.ok(((await findFeed(sql, feed))?.nextPollAt ?? START) <= new Date(START.getTime() + 5 * MINUTE));
  assert.equal(await push(atom(['2', 'Two'])), 410, 'what it pushes all the same');
  now = new Date(START.getTime() + DAY);
  assert.equal((await keep()).accepted, 1);
  assert.equal((await get(verification(last()))).statusCode, 200);
});

test('what is not followed any more is taken back: removed, paused, another hub', async () => {
  for (const stop of [
    () => removeFeed(sql, feed),
    () => updateFeed(sql, feed, { state: 'paused' }),
    () => nameHub(null),
  ]) {
    await sql.script('truncate feeds, subscriptions cascade');
    const { added } = await addFeeds(sql, [{ url: TOPIC }], now);
    assert.ok(added[0] !== undefined);
    [feed] = added;
    await nameHub(hub.url);
    await subscribe();
    const callback = last().get('hub.callback');
    await stop();
    assert.deepEqual(await keep(), { added: 0, accepted: 1, failed: 0, deferred: 0 });
    assert.deepEqual([last().get('hub.mode'), last().get('hub.callback')], ['unsubscribe', callback]);
    assert.equal(await push(atom(['1', 'One'])), 410);
    assert.equal((await get(verification(last()))).statusCode, 200);
    assert.equal((await get(verification(last()))).statusCode, 200, 'asked again');
    assert.deepEqual(await countSubscriptions(sql), { ended: 1 });
  }
  now = new Date(START.getTime() + 2 * DAY);
  await keep();
  assert.deepEqual(await countSubscriptions(sql), {});
});

test('a hub that never lets go is given up; a feed that names another is subscribed to there', async () => {
  await subscribe();
  await nameHub(`${hub.url}?other`);
  assert.deepEqual(await keep(), { added: 1, accepted: 2, failed: 0, deferred: 0 });
  assert.deepEqual(
    hub.asked
      .slice(-2)
      .map((form) => form.get('hub.mode'))
      .sort(),
    ['subscribe', 'unsubscribe'],
  );
  assert.equal(new Set(hub.asked.map((form) => form.get('hub.callback'))).size, 2);
  for (let attempt = 0; attempt < 4; attempt++) {
    now = new Date(now.getTime() + HOUR);
    await keep();
  }
  assert.deepEqual(await countSubscriptions(sql), { ended: 1, wanted: 1 });
});

test('a resumed feed is subscribed to again, and one whose base URL changed at its new callback', async () => {
  await subscribe();
  await updateFeed(sql, feed, { state: 'paused' });
  await keep();
  await updateFeed(sql, feed, { state: 'active' });
  assert.equal((await keep()).added, 1);
  assert.equal((await keep('https://new.example')).added, 1);
  assert.match(last().get('hub.callback') ?? '', /^https:\/\/new\.example\//);
  await dropSubscriptions(sql);
  assert.deepEqual(await countSubscriptions(sql), {});
});

test('a push that takes its reader down ends push for a week', async () => {
  await subscribe();
  const hostile = storePush({
    ...{ sql, clock, metrics, log: openLog('silent') },
    reader: { read: async () => ({ kind: 'failed', message: 'Too much.', isKilled: true }), close: async () => {} },
  });
  const { rows } = await sql.query<{ id: number }>('select id from subscriptions');
  const subscription = {
    ...{ id: rows[0]?.id ?? 0, feed, hub: hub.url, topic: TOPIC, callback: '', secret: '' },
    ...{ state: 'verified' as const, requestedAt: START },
  };
  assert.equal(await hostile(subscription, Buffer.from('x'), null), 'unreadable');
  assert.deepEqual([await stateOf(), (await findPushState(sql, feed))?.lastError], ['denied', 'Too much.']);
  now = new Date(START.getTime() + 6 * DAY);
  assert.equal((await keep()).accepted, 0);
});
