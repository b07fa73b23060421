import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openAddressGuard } from '../../src/feeds/address-guard.ts';
import type { PollTarget } from '../../src/feeds/feed.ts';
import { openHttpClient } from '../../src/feeds/http-client.ts';
import { type PollTools, pollFeed } from '../../src/feeds/poll.ts';
import type { FeedSource, ReadResult } from '../../src/feeds/reader.ts';
import { outcomeOfRefusal } from '../../src/feeds/refusal.ts';
import { type Origin, openOrigin, redirecting, sending } from '../support/origin.ts';
import { NOW, parsed, targetOf } from './poll-fixtures.ts';

const BODY = '<rss version="2.0"/>';
const hashOf = (text: string) => new Uint8Array(createHash('sha256').update(text).digest());
const client = openHttpClient({ guard: openAddressGuard(['127.0.0.1/32']), userAgent: 'newsrank-test' });
let origin: Origin;
let readings: { text: string; source: FeedSource }[] = [];
let stops: [host: string, seconds: number][] = [];
let wait = 0;
let result: () => Promise<ReadResult> = async () => ({ kind: 'feed', feed: parsed() });

const tools: PollTools = {
  client,
  reader: {
    read(bytes, source) {
      readings.push({ text: Buffer.from(bytes).toString(), source });
      return result();
    },
    close: async () => {},
  },
  budget: {
    take: async () => wait,
    async stop(host, seconds) {
      stops.push([host, seconds]);
    },
  },
};

before(async () => {
  origin = await openOrigin();
});
after(async () => {
  await client.close();
  await origin.close();
});
beforeEach(() => {
  readings = [];
  stops = [];
  wait = 0;
  result = async () => ({ kind: 'feed', feed: parsed() });
});

const poll = (path: string, target: Partial<PollTarget> = {}) =>
  pollFeed(tools, targetOf({ url: origin.url + path, host: '127.0.0.1', ...target }), NOW);

test('news is read and comes with the validators that belong to it', async () => {
  const headers = {
    etag: '"1"',
    'last-modified': 'long ago',
    'content-type': 'text/xml',
    'cache-control': 'max-age=60',
  };
  const packed = gzipSync(BODY);
  origin.on('/feed', sending(packed, { ...headers, 'content-encoding': 'gzip' }));
  origin.on('/old', redirecting('/feed', 301));
  const done = await poll('/old', { defaultZone: 'Asia/Tokyo' });
  assert.ok(done.outcome.kind === 'fresh');
  assert.deepEqual(done.outcome.validators, { etag: '"1"', lastModified: 'long ago', bodyHash: hashOf(BODY) });
  assert.deepEqual([done.status, done.wireBytes, done.decodedBytes], [200, packed.length, BODY.length]);
  assert.deepEqual([done.movedTo, done.freshForSeconds, done.startedAt], [`${origin.url}/feed`, 60, NOW]);
  const source = { contentType: 'text/xml', url: `${origin.url}/feed`, defaultZone: 'Asia/Tokyo' };
  assert.deepEqual(readings, [{ text: BODY, source }]);
});

test('a body that is known is not read again; flapping validators are followed', async () => {
  origin.on('/feed', sending(BODY, { etag: '"2"' }));
  const known = { etag: '"1"', bodyHash: hashOf(BODY) };
  const validators = { etag: '"2"', lastModified: null, bodyHash: hashOf(BODY) };
  assert.deepEqual((await poll('/feed', known)).outcome, { kind: 'unchanged', validators });
  assert.deepEqual((await poll('/feed', { ...known, etag: '"2"' })).outcome, { kind: 'unchanged' });
  assert.deepEqual(readings, []);
});

test('304, asked for or not, 204 and empty bodies bring nothing and harm nothing', async () => {
  origin.on('/304', sending('', {}, 304));
  origin.on('/204', sending('', {}, 204));
  origin.on('/empty', sending(''));
  origin.on('/blank', sending(' \r\n\t'));
  for (const path of ['/304', '/204', '/empty', '/blank']) {
    assert.deepEqual((await poll(path)).outcome, { kind: 'unchanged' }, path);
  }
  assert.deepEqual(readings, []);
});

test('every fiftieth poll asks without validators', async () => {
  origin.on('/feed', sending(BODY));
  for (const [pollCount, sent] of [
    [0, '"1"'],
    [48, '"1"'],
    [49, undefined],
    [50, '"1"'],
    [99, undefined],
  ] as const) {
    await poll('/feed', { etag: '"1"', lastModified: 'x', pollCount });
    const { headers } = origin.requests.at(-1) ?? {};
    assert.equal(headers?.['if-none-match'], sent, String(pollCount));
    assert.equal(headers?.['if-modified-since'], sent && 'x');
  }
});

test('validators over a kibibyte are not kept', async () => {
  origin.on('/feed', sending(BODY, { etag: `"${'e'.repeat(8000)}"`, 'last-modified': '' }));
  const { outcome } = await poll('/feed');
  assert.ok(outcome.kind === 'fresh');
  assert.deepEqual([outcome.validators.etag, outcome.validators.lastModified], [null, null]);
});

test('refusals are told apart', async () => {
  const outcomes: Record<number, string> = {
    400: 'http-4xx',
    401: 'http-4xx',
    404: 'http-4xx',
    500: 'http-5xx',
    503: 'http-5xx',
  };
  for (const [status, failure] of Object.entries(outcomes)) {
    origin.on('/no', sending('<html>', {}, Number(status)));
    const { outcome } = await poll('/no');
    assert.ok(outcome.kind === 'failed', status);
    assert.equal(outcome.failure, failure);
    assert.match(outcome.message, new RegExp(status));
  }
  origin.on('/no', sending('', {}, 410));
  assert.deepEqual((await poll('/no')).outcome, { kind: 'gone' });
});

test('Retry-After is for the host on 429 and for the feed on 503', async () => {
  const limited = async (status: number, after?: string) => {
    origin.on('/busy', sending('', after === undefined ? {} : { 'retry-after': after }, status));
    const { outcome } = await poll('/busy');
    return outcome.kind === 'limited' ? [outcome.retryAfterSeconds, outcome.wholeHost] : outcome.kind;
  };
  assert.deepEqual(await limited(503, '120'), [120, false]);
  assert.equal(stops.length, 0);
  assert.deepEqual(await limited(429, '120'), [120, true]);
  assert.deepEqual(await limited(429, new Date(NOW.getTime() + 60_000).toUTCString()), [60, true]);
  assert.deepEqual(await limited(429, '-9'), [0, true]);
  assert.deepEqual(await limited(429, '9'.repeat(30)), [86_400, true]);
  assert.deepEqual(await limited(429, 'soon'), [900, true]);
  assert.deepEqual(await limited(429), [900, true]);
  assert.deepEqual(
    stops.map(([, seconds]) => seconds),
    [120, 60, 60, 86_400, 900, 900],
    'a minute at least',
  );
  assert.equal(await limited(503), 'failed');
  assert.equal(stops.length, 6);
  assert.deepEqual(new Set(stops.map(([host]) => host)), new Set(['127.0.0.1']));
});

test('a 403 is a limit where it says so, and a refusal where it does not', async () => {
  const of = async (headers: Record<string, string>) => {
    origin.on('/403', sending('', headers, 403));
    const { outcome } = await poll('/403');
    return outcome.kind === 'limited' ? [outcome.retryAfterSeconds, outcome.wholeHost] : outcome.kind;
  };
  assert.deepEqual(await of({ 'retry-after': '120' }), [120, true]);
  const reset = String(NOW.getTime() / 1000 + 300);
  assert.deepEqual(await of({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }), [300, true]);
  assert.deepEqual(await of({ 'ratelimit-remaining': '0', 'ratelimit-reset': '40' }), [40, true]);
  assert.deepEqual(await of({ 'x-ratelimit-remaining': '0' }), [900, true]);
  assert.equal(await of({ 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': reset }), 'failed');
  assert.equal(await of({}), 'failed');
  assert.deepEqual(
    stops.map(([, seconds]) => seconds),
    [120, 300, 60, 900],
  );
});

test('hosts that are known to say 403 to the hasty are taken at their word', async () => {
  const body = { kind: 'answer', status: 403, headers: {}, body: new Uint8Array(), wireBytes: 0 } as const;
  const answer = { ...body, url: 'https://www.reddit.com/r/news/.rss', movedTo: null, durationMs: 1 };
  const limited = { kind: 'limited', retryAfterSeconds: 900, wholeHost: true };
  assert.deepEqual(await outcomeOfRefusal(tools.budget, answer, 'unchanged', NOW), limited);
  assert.deepEqual(stops, [['reddit.com', 900]]);
  assert.deepEqual(await outcomeOfRefusal(tools.budget, answer, 'moved', NOW), limited);
  stops.pop();
  const closed = await outcomeOfRefusal(tools.budget, answer, 'limited', NOW);
  assert.equal(closed.kind, 'failed', 'a second time it is about the feed');
  const other = await outcomeOfRefusal(tools.budget, { ...answer, url: 'https://a.example/' }, 'unchanged', NOW);
  assert.equal(other.kind, 'failed');
  assert.equal(stops.length, 1);
});

test('a part of a feed is not taken for the whole', async () => {
  origin.on('/part', sending(BODY, { 'content-range': 'bytes 0-9/99' }, 206));
  assert.equal((await poll('/part')).outcome.kind, 'failed');
  assert.deepEqual(readings, []);
});

test("a redirect to another host is paid from that host's budget", async () => {
  const charged: string[] = [];
  const elsewhere = openHttpClient({
    guard: openAddressGuard(['127.0.0.1/32'], (_, __, callback) =>
      callback(null, [{ address: '127.0.0.1', family: 4 }]),
    ),
    userAgent: 'test',
  });
  const waits: Record<string, number> = {};
  const budget = {
    async take(host: string) {
      charged.push(host);
      return waits[host] ?? 0;
    },
    stop: async () => {},
  };
  origin.on('/feed', sending(BODY));
  origin.on('/away', redirecting(`http://feeds.other.example:${new URL(origin.url).port}/near`));
  origin.on('/near', redirecting('/feed'));
  const run = () =>
    pollFeed({ ...tools, client: elsewhere, budget }, targetOf({ url: `${origin.url}/away`, host: '127.0.0.1' }), NOW);
  assert.equal((await run()).outcome.kind, 'fresh');
  assert.deepEqual(charged, ['127.0.0.1', 'other.example', 'other.example']);
  waits['other.example'] = 7;
  const before = origin.requests.length;
  const late = await run();
  assert.deepEqual(late.outcome, { kind: 'limited', retryAfterSeconds: 7, wholeHost: true });
  assert.deepEqual([late.status, origin.requests.length - before], [null, 1]);
  await elsewhere.close();
});

test('validators that hide what is new are found out', async () => {
  const old = { etag: '"1"', lastModified: null, bodyHash: hashOf('old') };
  const asked = () => origin.requests.at(-1)?.headers['if-none-match'];
  origin.on('/feed', sending(BODY, { etag: '"1"' }));
  assert.equal((await poll('/feed', old)).hasLied, true, 'another body under the same validators');
  origin.on('/feed', sending(BODY, { etag: '"2"' }));
  assert.equal((await poll('/feed', old)).hasLied, undefined);

  // Says 304 to whoever has any validator at all.
  origin.on('/stuck', (request, response) => {
    if (request.headers['if-none-match'] === undefined) response.writeHead(200, { etag: '"2"' }).end(BODY);
    else response.writeHead(304).end();
  });
  const stuck = await poll('/stuck', { ...old, pollCount: 49 });
  assert.deepEqual([stuck.outcome.kind, stuck.status, stuck.hasLied, asked()], ['fresh', 200, true, '"1"']);
  assert.equal((await poll('/stuck', { ...old, pollCount: 49, bodyHash: hashOf(BODY) })).hasLied, undefined);
  origin.on('/honest', sending(BODY, { etag: '"2"' }));
  assert.equal((await poll('/honest', { ...old, pollCount: 49 })).hasLied, undefined);

  const distrusted = await poll('/stuck', { ...old, trustsValidators: false });
  assert.deepEqual([distrusted.outcome.kind, distrusted.hasLied, asked()], ['fresh', undefined, undefined]);
});

test('a body that differs in its build date only is not read', async () => {
  const built = (at: string) =>
    `<rss><channel><lastBuildDate>${at}</lastBuildDate><item><title>T</title></item></channel></rss>`;
  origin.on('/feed', sending(built('Mon')));
  const first = await poll('/feed');
  assert.ok(first.outcome.kind === 'fresh');
  origin.on('/feed', sending(built('Tue')));
  const second = await poll('/feed', { bodyHash: first.outcome.validators.bodyHash });
  assert.deepEqual([second.outcome, readings.length], [{ kind: 'unchanged' }, 1]);
});

test('a validator that cannot be sent back is not kept; cookies never are', async () => {
  origin.on('/feed', (request, response) => {
    response.writeHead(200, { 'set-cookie': 'a=b', 'last-modified': 'x'.repeat(1025) }).end(BODY);
    assert.equal(request.headers.cookie, undefined);
  });
  for (let time = 0; time < 2; time++) {
    const { outcome } = await poll('/feed');
    assert.ok(outcome.kind === 'fresh');
    assert.equal(outcome.validators.lastModified, null);
  }
});

test('a host whose budget is spent is not asked', async () => {
  wait = 4;
  const before = origin.requests.length;
  const done = await poll('/feed');
  assert.deepEqual(done.outcome, { kind: 'limited', retryAfterSeconds: 4, wholeHost: true });
  assert.equal(done.status, null);
  assert.equal(origin.requests.length, before);
});

test('what the reader says becomes the outcome; a killed one is marked', async () => {
  origin.on('/feed', sending('<html>'));
  result = async () => ({ kind: 'not-a-feed', message: 'A web page.' });
  assert.deepEqual((await poll('/feed')).outcome, { kind: 'failed', failure: 'not-a-feed', message: 'A web page.' });
  result = async () => ({ kind: 'failed', message: 'm', isKilled: false });
  assert.deepEqual((await poll('/feed')).outcome, { kind: 'failed', failure: 'parse', message: 'm' });
  result = async () => ({ kind: 'failed', message: 'm', isKilled: true });
  assert.deepEqual((await poll('/feed')).outcome, { kind: 'failed', failure: 'parse', message: 'm', isKilled: true });
});

test('it never throws, even where a part of ours does', async () => {
  origin.on('/feed', sending(BODY));
  result = async () => {
    throw new Error('oh');
  };
  const { outcome } = await poll('/feed');
  assert.ok(outcome.kind === 'failed');
  assert.match(outcome.message, /oh/);
});
