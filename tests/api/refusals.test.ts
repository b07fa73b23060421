import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { listen } from '../../src/api/port.ts';
import { ERRORS, type ErrorCode } from '../../src/errors.ts';
import { type FilledApi, openFilledApi } from './filled-api.ts';
import { ADMIN_TOKEN, serverFor } from './server-under-test.ts';

let api: FilledApi;
let app: FastifyInstance;
let port: number;
let now = new Date('2026-01-31T09:00:00Z');

before(async () => {
  api = await openFilledApi();
  app = await serverFor({}, { sql: api.sql, redis: api.redis, collected: api.seen, clock: () => now });
  port = Number(new URL(await listen(app, { HOST: '127.0.0.1', PORT: 0 })).port);
});
after(async () => {
  await app.close();
  await api.close();
});

/** What comes back for these bytes, to the end of the connection. */
async function send(bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function assertProblemText(text: string, code: ErrorCode): void {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const { status, title } = ERRORS[code];
  assert.match(head, new RegExp(`^HTTP/1.1 ${status} `), text);
  assert.match(head, /content-type: application\/problem\+json; charset=utf-8/i);
  assert.match(head, /cache-control: no-store/i);
  const { detail, ...problem } = JSON.parse(body);
  assert.deepEqual(problem, { type: `urn:newsrank:problem:${code}`, title, status, code });
  assert.match(detail, /[^.]\.$/, 'a sentence');
  assert.doesNotMatch(detail, /node_modules|\.ts|at .*:\d+|FST_|SyntaxError/);
}

const request = (line: string, headers = '', body = '') =>
  `${line} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n${headers}${body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`}\r\n${body}`;
const json = 'Content-Type: application/json\r\n';

const REFUSALS: readonly [what: string, bytes: string, code: ErrorCode][] = [
  ['an unknown route', request('GET /v1/nothing'), 'route-unknown'],
  ['an unknown route of another method', request('DELETE /nothing'), 'route-unknown'],
  ['a method that the route lacks', request('PUT /v1/articles'), 'method-not-allowed'],
  ['a method that few know', request('PROPFIND /v1/articles'), 'method-not-allowed'],
  ['TRACE', request('TRACE /v1/articles'), 'method-not-allowed'],
  ['a path that cannot be decoded', request('GET /v1/articles/%zz'), 'request-invalid'],
  ['a cursor that is none', request('GET /v1/articles?cursor=e30'), 'cursor-invalid'],
  ['a limit beyond its bounds', request('GET /v1/articles?limit=100000'), 'request-invalid'],
  ['a parameter twice', request('GET /v1/rankings/access?limit=1&limit=2'), 'request-invalid'],
  ['a kind of list that is a word of JavaScript', request('GET /v1/rankings/constructor'), 'list-unknown'],
  ['no JSON', request('POST /v1/views', json, '{"article":'), 'request-invalid'],
  ['an empty body', request('POST /v1/views', json), 'request-invalid'],
  ['__proto__', request('POST /v1/views', json, '{"__proto__":{"isAdmin":true}}'), 'request-invalid'],
  ['constructor.prototype', request('POST /v1/views', json, '{"constructor":{"prototype":{}}}'), 'request-invalid'],
  ['JSON of another shape', request('POST /v1/views', json, '[1,2]'), 'request-invalid'],
  ['too many views', request('POST /v1/views', json, `{"views":[${'1,'.repeat(200)}1]}`), 'request-invalid'],
  ['a body of 65 KiB', request('POST /v1/views', json, `{"url":"${'x'.repeat(65 * 1024)}"}`), 'body-too-large'],
  ['another media type', request('POST /v1/views', 'Content-Type: text/csv\r\n', 'a,b'), 'media-type-unsupported'],
  ['a packed body', request('POST /v1/views', `${json}Content-Encoding: gzip\r\n`, '{}'), 'media-type-unsupported'],
  [
    'a wrong ingest token',
    request('POST /v1/views', `${json}Authorization: Bearer x\r\n`, '{"article":"a"}'),
    'unauthorized',
  ],
  ['no admin token', request('GET /v1/feeds'), 'unauthorized'],
  ['an admin token as a parameter', request(`GET /v1/feeds?token=${ADMIN_TOKEN}`), 'unauthorized'],
  ['headers of 17 KiB', request('GET /v1/articles', `X-Long: ${'x'.repeat(17 * 1024)}\r\n`), 'headers-too-large'],
  ['an address of 17 KiB', request(`GET /v1/articles?q=${'x'.repeat(17 * 1024)}`), 'headers-too-large'],
  ['two lengths', request('POST /v1/views', 'Content-Length: 1\r\nContent-Length: 2\r\n'), 'request-invalid'],
  [
    'a length and chunks',
    request('POST /v1/views', 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'),
    'request-invalid',
  ],
  ['a header with a line break of its own', request('GET /v1/articles', 'X: a\nb\r\n'), 'request-invalid'],
  ['no HTTP', 'NONSENSE\r\n\r\n', 'request-invalid'],
  ['a hello of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 'request-invalid'],
  ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'request-invalid'],
];

for (const [what, bytes, code] of REFUSALS) {
  test(`${what} is refused with ${code}`, async () => assertProblemText(await send(bytes), code));
}

test('who goes away in the middle of a body, or before he is answered, disturbs nobody', async () => {
  const whole = request('POST /v1/views', json, '{"article":"0t9rrc400001"}');
  const half = whole.slice(0, -9);
  for (const bytes of [half, whole, `${half.replace('Content-Length: 26', 'Transfer-Encoding: chunked')}`]) {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
    socket.destroy();
  }
  assert.match(await send(whole), /^HTTP\/1.1 202 Accepted\r\n/);
});

test('a request that does not come to its end is told so', async () => {
  const late = Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
  const answered = new Promise<string>((resolve) => {
    app.server.emit('clientError', late, { writable: true, bytesRead: 9, end: resolve, destroy: () => {} } as never);
  });
  assertProblemText(await answered, 'request-late');
  const closed = new Promise<void>((resolve) => {
    const unused = { writable: true, bytesRead: 0, end: () => assert.fail('was told'), destroy: resolve };
    app.server.emit('clientError', late, unused as never);
  });
  await closed;
});

test('ranges are not for texts that change: the whole is given', async () => {
  const whole = await api.get('/v1/articles');
  const part = await api.get('/v1/articles', { range: 'bytes=0-9', 'if-range': String(whole.headers.etag) });
  assert.deepEqual([part.statusCode, part.body], [200, whole.body]);
  assert.equal(part.headers['accept-ranges'], undefined);
  assert.equal(part.headers['content-range'], undefined);
});

test('what no engine takes is refused with words, not with an error of ours', async () => {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const asked = [
    ...['/v1/articles?language=%00', '/v1/articles.rss?language=a%00', '/v1/feeds?category=%00'],
    ...['/v1/articles?from=0000-01-01', '/v1/rankings/access?at=0001-01-01T00:00:00Z'],
    ...['/v1/rankings/closed/day/0000-01-01', '/v1/rankings/closed/month/0999-12'],
    ...['/v1/rankings/closed/week/0001-W01', '/v1/rankings/closed/day/9999-12-31T23:59:59-12:00'],
  ];
  const said = [
    ['PATCH', '/v1/feeds/1', { title: 'a\0' }],
    ['POST', '/v1/curations/1/end', { by: '\0' }],
    ['POST', '/v1/views/revocations/1/undo', { by: '\0' }],
  ] as const;
  const answers = await Promise.all([
    ...asked.map((url) => app.inject({ url, headers })),
    ...said.map(([method, url, payload]) => app.inject({ method, url, headers, payload })),
  ]);
  for (const { statusCode, body } of answers)
    assert.deepEqual([statusCode, JSON.parse(body).code], [400, 'request-invalid'], body);
  const deep = `${'['.repeat(30_000)}"\\u0000"${']'.repeat(30_000)}`;
  const nested = await app.inject({
    ...{ method: 'POST', url: '/v1/feeds', headers: { ...headers, 'content-type': 'application/json' } },
    payload: `{"url":${deep}}`,
  });
  assert.equal(nested.statusCode, 400, nested.body.slice(0, 200));
  for (const year of ['1000-01-01', '9999-12-31']) {
    const last = await app.inject(`/v1/rankings/closed/month/${year.slice(0, 7)}`);
    assert.equal(last.json().code, 'list-unknown', year);
    assert.equal((await app.inject(`/v1/rankings/access?at=${year}T00:00:00Z`)).statusCode, 200, year);
    assert.equal((await app.inject(`/v1/articles?from=${year}&to=${year}`)).statusCode, 200, year);
  }
});

test('searches, past lists and explanations are limited by address, ready lists are not', async () => {
  const get = (url: string, remoteAddress: string) => app.inject({ url, remoteAddress });
  const ask = async (address: string) => {
    const urls = ['/v1/articles?q=x', '/v1/rankings/access?at=2020-01-01T00:00:00Z', '/v1/articles.rss?q=x'];
    const answers = [];
    for (let n = 0; n < 245; n++) answers.push((await get(urls[n % urls.length] ?? '', address)).statusCode);
    return answers.filter((status) => status === 429).length;
  };
  assert.equal(await ask('203.0.113.9'), 5);
  const refused = await get('/v1/articles?q=x', '203.0.113.9');
  assert.deepEqual([refused.json().code, refused.headers['retry-after']], ['rate-limited', '5']);
  assert.equal(refused.headers['access-control-allow-origin'], '*');
  for (let n = 0; n < 300; n++) assert.equal((await get('/v1/rankings/access', '203.0.113.9')).statusCode, 200);
  assert.equal((await get('/v1/articles?q=x', '203.0.113.10')).statusCode, 200, 'another address');
  now = new Date(now.getTime() + 5000);
  assert.equal((await get('/v1/articles?q=x', '203.0.113.9')).statusCode, 200, 'after Retry-After');
});

test('every public read has ETag, Cache-Control and CORS, answers HEAD alike, and 304 to who has it', async () => {
  const reads = [
    '/v1/rankings/access?category=politics',
    '/v1/rankings/popular',
    '/v1/articles',
    `/v1/articles/${api.ids[0]}`,
    '/v1/categories',
    '/v1/articles.atom',
    '/v1/rankings/rising.feed.json',
    '/v1/openapi.json',
  ];
  for (const url of reads) {
    const first = await api.get(url);
    assert.equal(first.statusCode, 200, url);
    assert.match(String(first.headers.etag), /^W\/".+"$/, url);
    assert.match(String(first.headers['cache-control']), /^public, max-age=\d/, url);
    assert.equal(first.headers['access-control-allow-origin'], '*', url);
    assert.equal(first.headers['cross-origin-resource-policy'], 'cross-origin', url);
    assert.match(String(first.headers.vary), /^accept-encoding$/i, url);
    const packed = await api.get(url, { 'accept-encoding': 'br' });
    assert.match(String(packed.headers.vary), /^accept-encoding$/i, url);
    const head = await api.app.inject({ method: 'HEAD', url });
    assert.deepEqual([head.statusCode, head.body, head.headers.etag], [200, '', first.headers.etag], url);
    const again = await api.get(url, { 'if-none-match': String(first.headers.etag) });
    assert.deepEqual([again.statusCode, again.body, again.headers.etag], [304, '', first.headers.etag], url);
  }
});
