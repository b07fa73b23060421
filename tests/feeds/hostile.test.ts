import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { listArticles } from '../../src/articles/list.ts';
import { saveArticles } from '../../src/articles/save.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { openAddressGuard } from '../../src/feeds/address-guard.ts';
import { outcomeName } from '../../src/feeds/feed.ts';
import { type FetchLimits, openHttpClient } from '../../src/feeds/http-client.ts';
import { pollFeed } from '../../src/feeds/poll.ts';
import { type FeedReader, openFeedReader } from '../../src/feeds/reader.ts';
import { savePoll } from '../../src/feeds/save-poll.ts';
import { addFeeds, readPollTarget } from '../../src/feeds/store.ts';
import type { FeedId } from '../../src/ids.ts';
import { openTestSql } from '../support/engines.ts';
import { type Origin, openOrigin, redirecting, sending } from '../support/origin.ts';
import { later, middle, NOW } from './poll-fixtures.ts';

const item = (title: string, more = '') => `<item><title>${title}</title><guid>${title}</guid>${more}</item>`;
const rss = (items: string) =>
  `<?xml version="1.0"?><rss version="2.0"><channel><title>N</title>${items}</channel></rss>`;
const GOOD = rss(item('One') + item('Two'));

type Answer = Parameters<Origin['on']>[1];

/** What a server may do, by rows of what must be withstood: the answer, and what the poll comes to. */
const ANSWERS: readonly (readonly [row: string, outcome: string, answer: Answer])[] = [
  ['another address', 'failed:blocked-address', redirecting('http://10.0.0.1/feed')],
  ['the metadata service', 'failed:blocked-address', redirecting('http://[::ffff:a9fe:a9fe]/latest/', 301)],
  ['another scheme', 'failed:blocked-address', redirecting('file:///etc/passwd')],
  ['a port of a database', 'failed:blocked-address', redirecting('http://127.0.0.1:5432/')],
  ['credentials in a redirect', 'failed:blocked-address', redirecting('http://me:secret@127.0.0.1/')],
  ['a redirect to itself', 'failed:redirect-loop', redirecting('/feed')],
  ['silence', 'failed:timeout', () => {}],
  ['a body that stops', 'failed:timeout', (_, response) => void response.writeHead(200).write(GOOD)],
  ['a head without end', 'failed:too-large', sending(GOOD, { 'x-long': 'x'.repeat(40_000) })],
  ['a gzip bomb', 'failed:too-large', sending(gzipSync(Buffer.alloc(4_000_000)), { 'content-encoding': 'gzip' })],
  [
    'a brotli bomb',
    'failed:too-large',
    sending(brotliCompressSync(Buffer.alloc(4_000_000)), { 'content-encoding': 'br' }),
  ],
  ['a body too large', 'failed:too-large', sending(randomBytes(600_000))],
  [
    'a body cut off',
    'failed:connect',
    (_, response) => cut(response.writeHead(200, { 'content-length': '9999', etag: '"x"' })),
  ],
  ['a chunk cut off', 'failed:connect', (_, response) => cut(response.writeHead(200, { etag: '"x"' }))],
  [
    'damaged gzip',
    'failed:parse',
    sending(gzipSync(GOOD).subarray(0, 40), { 'content-encoding': 'gzip', etag: '"x"' }),
  ],
  ['no HTTP', 'failed:connect', (request) => void request.socket.end('220 smtp.example ESMTP\r\n')],
  ['a page', 'failed:not-a-feed', sending('<!doctype html><title>Please accept cookies</title>', { etag: '"x"' })],
  ['an error page that says 200', 'failed:not-a-feed', sending('<html><body><h1>500 Internal Server Error')],
  ['JSON that is no feed', 'failed:not-a-feed', sending('{"error":"rate limited"}')],
  [
    'a picture',
    'failed:not-a-feed',
    sending(Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), randomBytes(999)])),
  ],
  ['nothing', 'unchanged', sending('', { etag: '"x"' })],
  ['204', 'unchanged', sending('', {}, 204)],
  ['304 for nothing', 'unchanged', sending('', {}, 304)],
  ['a part', 'failed:http-4xx', sending(GOOD.slice(0, 90), { etag: '"x"' }, 206)],
  ['429, absurdly long', 'limited', sending('', { 'retry-after': '9'.repeat(40) }, 429)],
  ['503 until a date in the past', 'limited', sending('', { 'retry-after': 'Wed, 04 Mar 2020 10:31:00 GMT' }, 503)],
  ['503 until minus one', 'limited', sending('', { 'retry-after': '-1' }, 503)],
  ['410', 'gone', sending('', {}, 410)],
  [
    'external entities',
    'fresh',
    sending(
      `<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>${rss(item('One', '<description>&x;</description>'))}`,
    ),
  ],
  ['nothing but opened elements', 'fresh', sending(rss(item('Two', '<a>'.repeat(100_000))))],
  ['elements of a prototype', 'fresh', sending(rss(item('One', '<__proto__>x</__proto__><toString/><constructor/>')))],
  ['bytes that are no text', 'fresh', sending(rss(item('One', '<description>\0\u0007\ud800</description>')))],
];

function cut(response: Parameters<Answer>[1]): void {
  response.write(GOOD.slice(0, 60), () => response.destroy());
}

const openClient = (patience: Partial<FetchLimits>) =>
  openHttpClient({
    guard: openAddressGuard(['127.0.0.1/32']),
    userAgent: 'test',
    limits: { ...patience, wireBytes: 500_000, decodedBytes: 3_000_000 },
  });
const client = openClient({});
/** For what never comes: a busy machine would make others late, too. */
const hasty = openClient({ headersMs: 40, idleMs: 40 });
let origin: Origin;
let reader: FeedReader;
let sql: Sql;
let close: () => Promise<void>;
let id: FeedId;
let polls = 0;

before(async () => {
  ({ sql, close } = await openTestSql());
  origin = await openOrigin();
  reader = openFeedReader({ threads: 1 });
  const { added } = await addFeeds(sql, [{ url: `${origin.url}/feed` }], NOW);
  assert.ok(added[0] !== undefined);
  [id] = added;
});
after(async () => {
  await Promise.all([client.close(), hasty.close(), reader.close()]);
  await origin.close();
  await close();
});

/** One poll, stored as the worker stores it, an hour after the one before. */
async function pollOnce(by = client): Promise<string> {
  const now = later(polls++ * 3600);
  await sql.query('update feeds set leased_until = $2 where id = $1', [id, new Date(now.getTime() + 60_000)]);
  const target = await readPollTarget(sql, id);
  assert.ok(target);
  const budget = { take: async () => 0, stop: async () => {} };
  const poll = await pollFeed({ client: by, reader, budget }, target, now);
  const limits = { minSeconds: 300, maxSeconds: 21_600, isOwnOutage: false };
  await sql.transaction(async (within) => {
    const entries = poll.outcome.kind === 'fresh' ? poll.outcome.entries : [];
    const counts = await saveArticles(within, target, entries, now);
    assert.deepEqual(await savePoll(within, target, poll, counts, limits, now, middle), { newUrl: null });
  });
  return outcomeName(poll.outcome);
}

const titles = async () => (await listArticles(sql, { limit: 10 })).items.map(({ title }) => title).sort();

test('a feed outlives whatever its server answers: nothing is lost, nothing doubled, and it comes back', async () => {
  const good = sending(GOOD, { etag: '"good"' });
  origin.on('/feed', good);
  assert.equal(await pollOnce(), 'fresh');
  let before = await readPollTarget(sql, id);
  for (const [row, outcome, answer] of ANSWERS) {
    origin.on('/feed', answer);
    assert.equal(await pollOnce(outcome === 'failed:timeout' ? hasty : client), outcome, row);
    const target = await readPollTarget(sql, id);
    assert.ok(target && before);
    assert.deepEqual(await titles(), ['One', 'Two'], row);
    const wait = (target.nextPollAt.getTime() - later((polls - 1) * 3600).getTime()) / 1000;
    assert.ok(wait >= 300 && wait <= 8.4 * 86_400, `${row}: ${wait} s`);
    if (outcome !== 'fresh') assert.equal(target.etag, before.etag, `${row}: validators stand for what is stored`);
    const failures = /^(failed|gone)/.test(outcome) ? before.failures + 1 : outcome === 'limited' ? before.failures : 0;
    assert.equal(target.failures, failures, row);
    before = target;
  }
  origin.on('/feed', good);
  assert.equal(await pollOnce(), 'fresh');
  const back = await readPollTarget(sql, id);
  assert.deepEqual([back?.state, back?.failures, back?.etag], ['active', 0, '"good"']);
  assert.deepEqual(await titles(), ['One', 'Two']);
});
