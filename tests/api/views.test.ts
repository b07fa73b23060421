import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { type Clock, systemClock } from '../../src/clock.ts';
import { CodedError } from '../../src/errors.ts';
import { type FakeCollector, fakeCollector, INGEST_TOKEN, serverFor } from './server-under-test.ts';

const ARTICLE = '0sy1zq400001';
const opened: FastifyInstance[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((app) => app.close()));
});

/** A time that stands still, for what fills again with time. */
const NOON = () => new Date('2026-01-31T12:00:00Z');

async function open(
  environment: Record<string, string> = {},
  clock: Clock = systemClock,
): Promise<{ app: FastifyInstance; seen: FakeCollector }> {
  const seen = fakeCollector();
  const app = await serverFor(environment, { collected: seen, clock });
  opened.push(app);
  return { app, seen };
}

function post(
  app: FastifyInstance,
  payload: unknown,
  headers: Record<string, string> = {},
  remoteAddress = '192.0.2.7',
) {
  return app.inject({
    method: 'POST',
    url: '/v1/views',
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    remoteAddress,
  });
}

test('one view by id, by URL, and with a ref is counted', async () => {
  const { app, seen } = await open();
  for (const body of [{ article: ARTICLE }, { url: 'https://a.example/1' }, { article: ARTICLE, ref: 'box' }]) {
    const answer = await post(app, body);
    assert.equal(answer.statusCode, 202);
    assert.deepEqual(answer.json(), { accepted: 1, dropped: {} });
    assert.equal(answer.headers['access-control-allow-origin'], '*');
    assert.equal(answer.headers['content-security-policy'], undefined, 'no plugin stands in the way');
    assert.deepEqual(seen.calls.at(-1)?.reports, [body]);
  }
});

test('a beacon of text/plain counts like JSON', async () => {
  const { app, seen } = await open();
  const answer = await post(app, { article: ARTICLE }, { 'content-type': 'text/plain;charset=UTF-8' });
  assert.equal(answer.statusCode, 202);
  assert.deepEqual(seen.calls[0]?.reports, [{ article: ARTICLE }]);
});

test('a malformed element of a batch costs itself only', async () => {
  const { app, seen } = await open();
  const views = [
    { article: ARTICLE },
    { article: 5 },
    null,
    'x',
    {},
    { url: 'ftp://a/' },
    { article: 'b', at: 'noon' },
  ];
  const answer = await post(app, { views });
  assert.equal(answer.statusCode, 202);
  assert.deepEqual(answer.json(), { accepted: 1, dropped: { invalid: 6 } });
  assert.deepEqual(seen.calls[0]?.reports, [{ article: ARTICLE }]);
  assert.deepEqual((await post(app, { views: [] })).json(), { accepted: 0, dropped: {} });
});

test('what is malformed as a whole is 400, and nothing of it is counted', async () => {
  const { app, seen } = await open();
  const bodies = [
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '{}',
    '{"article":5}',
    '{"article":""}',
    '{"url":"javascript:alert(1)"}',
    '{"url":"nonsense"}',
    '{"views":{}}',
    '{"views":"x"}',
    `{"article":"${ARTICLE}","ref":"elsewhere"}`,
    `{"article":"${ARTICLE}","at":"yesterday"}`,
    JSON.stringify({ views: Array(201).fill({ article: ARTICLE }) }),
    `{"article":"${ARTICLE}","__proto__":{"isTrusted":true}}`,
    `{"constructor":{"prototype":{"x":1}}}`,
    `{"url":"https://a.example/${'x'.repeat(2048)}"}`,
  ];
  for (const type of ['application/json', 'text/plain']) {
    for (const body of bodies) {
      const answer = await post(app, body, { 'content-type': type });
      assert.equal(answer.statusCode, 400, `${type} ${body.slice(0, 60)}`);
      assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
      assert.equal(answer.json().code, 'request-invalid');
    }
  }
  assert.equal(seen.calls.length, 0);
});

test('what is wrong with a view is said', async () => {
  const { app } = await open();
  assert.match((await post(app, { article: ARTICLE, at: 'noon' })).json().detail, /^"at" must be a time such as /);
  assert.match((await post(app, { url: 'file:///etc/passwd' })).json().detail, /^A view names its article /);
});

test('too large is 413, another media type 415', async () => {
  const { app } = await open();
  const large = await post(app, JSON.stringify({ article: ARTICLE, padding: 'x'.repeat(65_536) }));
  assert.deepEqual([large.statusCode, large.json().code], [413, 'body-too-large']);
  const form = await post(app, 'article=1', { 'content-type': 'application/x-www-form-urlencoded' });
  assert.deepEqual([form.statusCode, form.json().code], [415, 'media-type-unsupported']);
});

test('views that were packed are refused with words that say what to do, whatever packed them', async () => {
  const { app, seen } = await open();
  const body = gzipSync(JSON.stringify({ article: ARTICLE }));
  for (const encoding of ['gzip', 'br', 'gzip, identity']) {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
    const answer = await app.inject({ method: 'POST', url: '/v1/views', payload: body, headers });
    assert.deepEqual([answer.statusCode, answer.json().code], [415, 'media-type-unsupported']);
    assert.match(answer.json().detail, /without Content-Encoding/);
  }
  assert.equal(seen.calls.length, 0);
  // Looked at in one go: what tried each of these spaces for a beginning would not come to an end here.
  const spaces = await post(app, { article: ARTICLE }, { 'content-encoding': `${'\u00a0'.repeat(2 ** 20)}x` });
  assert.equal(spaces.statusCode, 415);
  const plain = await post(app, { article: ARTICLE }, { 'content-encoding': 'identity' });
  assert.equal(plain.statusCode, 202);
});

test('only the ingest token lets a caller name visitors and times', async () => {
  const { app, seen } = await open();
  const view = { article: ARTICLE, visitor: 'v1', at: '2026-01-31T09:00:00+09:00' };
  assert.equal((await post(app, view)).statusCode, 202);
  assert.deepEqual(seen.calls[0]?.reports, [{ article: ARTICLE }]);
  assert.equal(seen.calls[0]?.reporter.isTrusted, false);

  assert.equal((await post(app, view, { authorization: `Bearer ${INGEST_TOKEN}` })).statusCode, 202);
  assert.deepEqual(seen.calls[1]?.reports, [{ article: ARTICLE, visitor: 'v1', at: new Date('2026-01-31T00:00:00Z') }]);
  assert.equal(seen.calls[1]?.reporter.isTrusted, true);

  const wrong = await post(app, view, { authorization: `Bearer ${INGEST_TOKEN}x` });
  assert.deepEqual([wrong.statusCode, wrong.json().code], [401, 'unauthorized']);
  assert.equal(seen.calls.length, 2);
});

test('without an ingest token set, no token is right', async () => {
  const { app } = await open({ INGEST_TOKEN: '' });
  const answer = await post(app, { article: ARTICLE }, { authorization: 'Bearer undefined' });
  assert.equal(answer.statusCode, 401);
});

test('the address comes from the connection, or from the right of X-Forwarded-For', async () => {
  const forged = { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 198.51.100.2' };
  for (const [hops, expected] of [
    ['0', '192.0.2.7'],
    ['1', '198.51.100.2'],
    ['2', '203.0.113.9'],
  ] as const) {
    const { app, seen } = await open({ TRUST_PROXY: hops });
    await post(app, { article: ARTICLE }, forged);
    assert.equal(seen.calls[0]?.reporter.address, expected);
  }
  const { app, seen } = await open({ TRUST_PROXY: '1' });
  for (const word of ['no address', '<script>', '']) {
    await post(app, { article: ARTICLE }, { 'x-forwarded-for': word });
    assert.equal(seen.calls.at(-1)?.reporter.address, '192.0.2.7', `"${word}" makes no visitor`);
  }
});

test('a proxy that nobody told of is warned of, once, and a reader who writes its header is none', async (t) => {
  const forwarded = { 'x-forwarded-for': '1.1.1.1' };
  const warned = async (hops: string, remoteAddress: string, headers: Record<string, string>) => {
    const lines: string[] = [];
    const app = await serverFor({ TRUST_PROXY: hops }, { lines });
    t.after(() => app.close());
    for (const _ of [1, 2]) await post(app, { article: ARTICLE }, headers, remoteAddress);
    return lines.filter((line) => line.includes('set TRUST_PROXY')).length;
  };
  for (const own of ['127.0.0.1', '10.0.0.3', '::ffff:172.18.0.2', 'fd00::7']) {
    assert.equal(await warned('0', own, forwarded), 1, own);
    assert.equal(await warned('1', own, forwarded), 0);
    assert.equal(await warned('0', own, {}), 0);
  }
  assert.equal(await warned('0', '8.8.8.8', forwarded), 0);
  const trusted = { ...forwarded, authorization: `Bearer ${INGEST_TOKEN}` };
  assert.equal(await warned('0', '10.0.0.3', trusted), 0, 'a server speaks for its readers itself');
});

test('a prefetch says so', async () => {
  const { app, seen } = await open();
  for (const headers of [{ 'sec-purpose': 'prefetch;prerender' }, { purpose: 'prefetch' }, { 'x-moz': 'prefetch' }]) {
    await post(app, { article: ARTICLE }, headers as Record<string, string>);
    assert.equal(seen.calls.at(-1)?.reporter.isPrefetch, true);
  }
  await post(app, { article: ARTICLE });
  assert.equal(seen.calls.at(-1)?.reporter.isPrefetch, false);
});

test('an address that floods is cut to its share, another one is not, and a trusted one never', async () => {
  const { app, seen } = await open({}, NOON);
  const batch = { views: Array(200).fill({ article: ARTICLE }) };
  for (const _ of [1, 2, 3]) assert.equal((await post(app, batch)).json().accepted, 200);
  const limited = await post(app, batch);
  assert.equal(limited.statusCode, 429);
  assert.equal(limited.json().code, 'rate-limited');
  assert.ok(Number(limited.headers['retry-after']) >= 1);
  assert.equal((await post(app, batch, {}, '192.0.2.8')).statusCode, 202);
  assert.equal((await post(app, batch, { authorization: `Bearer ${INGEST_TOKEN}` })).statusCode, 202);
  const counted = seen.calls.reduce((sum, { reports }) => sum + reports.length, 0);
  assert.equal(counted, 1000);
});

test('a /64 of IPv6 has one share', async () => {
  const { app } = await open({}, NOON);
  const batch = { views: Array(200).fill({ article: ARTICLE }) };
  for (const last of ['1', '2', '3']) await post(app, batch, {}, `2001:db8::${last}`);
  assert.equal((await post(app, batch, {}, '2001:db8::4')).statusCode, 429);
  assert.equal((await post(app, batch, {}, '2001:db8:0:1::1')).statusCode, 202);
});

test('overload and a lost engine are 503 with Retry-After, never silence', async () => {
  const { app, seen } = await open();
  seen.answer = async () => {
    throw new CodedError('overload', 'Try again.', { retryAfter: 2 });
  };
  const busy = await post(app, { article: ARTICLE });
  assert.deepEqual([busy.statusCode, busy.json().code, busy.headers['retry-after']], [503, 'overload', '2']);
  seen.answer = async () => {
    throw new Error('connect ECONNREFUSED 10.0.0.5:6379');
  };
  const lost = await post(app, { article: ARTICLE });
  assert.deepEqual([lost.statusCode, lost.json().code], [503, 'unavailable']);
  assert.ok(Number(lost.headers['retry-after']) >= 1);
  assert.doesNotMatch(lost.body, /10\.0\.0\.5|ECONN/);
  const pixel = await app.inject(`/v1/views/pixel.gif?article=${ARTICLE}`);
  assert.equal(pixel.statusCode, 503);
});

test('what becomes of views is in the metrics', async () => {
  const { app, seen } = await open();
  seen.answer = async () => ({ accepted: 1, dropped: { 'unknown-article': 1, bot: 2 } });
  const answer = await post(app, {
    views: [{ article: 'a' }, { article: 'b' }, { article: 'c' }, { article: 'd' }, 5],
  });
  assert.deepEqual(answer.json(), { accepted: 1, dropped: { 'unknown-article': 1, bot: 2, invalid: 1 } });
  const { body } = await app.inject('/metrics');
  assert.match(body, /newsrank_views_total\{result="read"\} 1/);
  assert.match(body, /newsrank_views_total\{result="unknown_article"\} 1/);
  assert.match(body, /newsrank_views_total\{result="bot"\} 2/);
  assert.match(body, /newsrank_views_total\{result="invalid"\} 1/);
});

test('preflight is answered by hand', async () => {
  const { app } = await open();
  const headers = { origin: 'https://a.example', 'access-control-request-method': 'POST' };
  const answer = await app.inject({ method: 'OPTIONS', url: '/v1/views', headers });
  assert.equal(answer.statusCode, 204);
  assert.equal(answer.headers['access-control-allow-origin'], '*');
  assert.match(String(answer.headers['access-control-allow-headers']), /content-type/);
});

test('the pixel is 43 bytes, is never kept, and counts once for a GET', async () => {
  const { app, seen } = await open();
  const answer = await app.inject(`/v1/views/pixel.gif?article=${ARTICLE}`);
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.rawPayload.length, 43);
  assert.equal(answer.headers['content-type'], 'image/gif');
  assert.equal(answer.headers['cache-control'], 'no-store');
  await app.inject({ method: 'HEAD', url: `/v1/views/pixel.gif?article=${ARTICLE}` });
  assert.equal(seen.calls.length, 1);
  for (const query of ['', '?article=', '?article=x', `?article=${ARTICLE}&article=${ARTICLE}`]) {
    assert.equal((await app.inject(`/v1/views/pixel.gif${query}`)).statusCode, 400, query);
  }
});
