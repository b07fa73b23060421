import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { checkPort, listen } from '../../src/api/port.ts';
import { CodedError } from '../../src/errors.ts';
import { ADMIN_TOKEN, serverFor } from './server-under-test.ts';

const lines: string[] = [];
let app: FastifyInstance;
let isReady = true;

before(async () => {
  app = await serverFor(
    {},
    { lines, isReady: async () => ({ isReady, dependencies: { postgresql: 'up', redis: isReady ? 'up' : 'down' } }) },
    [
      async (web) => {
        web.get('/page', async (_request, reply) => reply.type('text/html').send('<p>page</p>'));
        web.get('/broken', async () => {
          throw new Error('secret words from inside at /home/user/file.ts');
        });
        web.get('/*', async (_request, reply) => reply.callNotFound());
      },
    ],
  );
});

after(() => app.close());

async function problem(url: string, method: 'GET' | 'POST' | 'PUT' | 'DELETE' = 'GET', headers = {}) {
  const answer = await app.inject({ method, url, headers });
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8', url);
  assert.equal(answer.headers['cache-control'], 'no-store');
  const body = answer.json();
  assert.deepEqual(Object.keys(body), ['type', 'title', 'status', 'code', 'detail']);
  assert.equal(body.status, answer.statusCode);
  assert.equal(body.type, `urn:newsrank:problem:${body.code}`);
  return { ...body, headers: answer.headers };
}

test('unknown paths are 404, known ones under another method 405 with Allow', async () => {
  for (const url of ['/nothing', '/v1', '/v1/', '/v2/articles', '/v1/articles/', '/.env', '/v1/../../etc/passwd']) {
    const { status, code } = await problem(url);
    assert.equal(status, 404, url);
    assert.match(code, /-unknown$/);
  }
  const views = await problem('/v1/views');
  assert.deepEqual([views.status, views.code, views.headers.allow], [405, 'method-not-allowed', 'OPTIONS, POST']);
  const articles = await problem('/v1/articles/abc?x=1', 'DELETE');
  assert.deepEqual([articles.status, articles.headers.allow], [405, 'GET, HEAD']);
  assert.equal((await problem('/v1/feeds/1/poll', 'PUT')).status, 405);
});

test('odd paths are problems too', async () => {
  assert.equal((await problem('/v1/articles/%zz')).status, 400);
  assert.equal((await problem('/v1/articles/%00')).status, 404);
  assert.equal((await problem(`/v1/articles/${'x'.repeat(700)}`)).status, 400);
  assert.equal((await problem('/v1/rankings/__proto__')).code, 'list-unknown');
  assert.equal((await problem('/v1/rankings/falling')).code, 'list-unknown');
  assert.equal((await problem('/v1/rankings/access.xml')).code, 'list-unknown');
});

test('what breaks inside is a 500 without a word from inside, and is logged without an address', async () => {
  const { status, code, detail, title } = await problem('/broken');
  assert.deepEqual([status, code], [500, 'internal']);
  assert.doesNotMatch(detail + title, /secret|\.ts/);
  const line = lines.find((text) => text.includes('secret words'));
  assert.match(line ?? '', /"route":"\/broken"/);
  assert.doesNotMatch(lines.join(''), /127\.0\.0\.1|remoteAddress/);
});

test('an engine that is away is 503 with Retry-After', async () => {
  const away = await serverFor(
    {},
    {
      lines,
      sql: {
        query: async () => {
          throw Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' });
        },
        transaction: async () => assert.fail(),
        script: async () => assert.fail(),
      },
    },
  );
  const told = lines.length;
  const answer = await away.inject('/v1/articles');
  for (let more = 0; more < 20; more++) assert.equal((await away.inject('/v1/articles')).statusCode, 503);
  await away.close();
  const [line, ...others] = lines.slice(told).filter((text) => text.includes('refused'));
  assert.match(line ?? '', /"code":"unavailable".*ECONNREFUSED/);
  assert.doesNotMatch(line ?? '', /stack/);
  assert.deepEqual(others, [], 'an outage does not fill the log');
  assert.deepEqual([answer.statusCode, answer.json().code], [503, 'unavailable']);
  assert.ok(Number(answer.headers['retry-after']) > 0);
  assert.doesNotMatch(answer.body, /10\.1\.2\.3/);
});

test('pages come with the strict headers, from a plugin too', async () => {
  const { headers } = await app.inject('/page');
  const policy = String(headers['content-security-policy']);
  assert.match(policy, /default-src 'self'/);
  assert.doesNotMatch(policy, /unsafe|upgrade-insecure-requests/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['access-control-allow-origin'], undefined, 'only public reads are for every page');
  assert.equal(headers['set-cookie'], undefined);
});

test('any page may preflight a public read', async () => {
  const headers = { origin: 'https://a.example', 'access-control-request-method': 'GET' };
  const answer = await app.inject({ method: 'OPTIONS', url: '/v1/articles', headers });
  assert.equal(answer.statusCode, 204);
  assert.equal(answer.headers['access-control-allow-origin'], '*');
  assert.equal(answer.headers['access-control-allow-credentials'], undefined);
});

test('health says what it knows', async () => {
  const live = await app.inject('/livez');
  assert.deepEqual([live.statusCode, live.json()], [200, { status: 'live' }]);
  const ready = await app.inject('/readyz');
  assert.deepEqual(
    [ready.statusCode, ready.json()],
    [200, { status: 'ready', dependencies: { postgresql: 'up', redis: 'up' } }],
  );
  isReady = false;
  const unready = await app.inject('/readyz');
  isReady = true;
  assert.equal(unready.statusCode, 503);
  assert.deepEqual(unready.json(), { status: 'unready', dependencies: { postgresql: 'up', redis: 'down' } });
});

test('metrics measure requests by route template and class only', async () => {
  await app.inject('/v1/articles/zzzzzzzzzzzz');
  const { body, headers } = await app.inject('/metrics');
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
  assert.match(
    body,
    /http_request_duration_seconds_count\{method="GET",route="\/v1\/articles\/:id",status_class="5xx"\}/,
  );
  assert.doesNotMatch(body, /zzzzzzzzzzzz|\.env/);
});

test('admin routes need the token, and say how many wrong ones are enough', async () => {
  const urls = ['/v1/feeds', '/v1/feeds/1', '/v1/feeds.opml'];
  for (const url of urls) {
    const { status, code, headers } = await problem(url);
    assert.deepEqual([status, code], [401, 'unauthorized']);
    assert.match(String(headers['www-authenticate']), /^Bearer/);
    assert.equal(headers['access-control-allow-origin'], undefined);
  }
  for (const authorization of ['Bearer', `Bearer ${ADMIN_TOKEN}x`, `Basic ${ADMIN_TOKEN}`, ADMIN_TOKEN]) {
    assert.equal((await problem('/v1/feeds', 'GET', { authorization })).status, 401, authorization);
  }
  const guess = () => problem('/v1/feeds', 'GET', { authorization: 'Bearer wrong' });
  let limited = await guess();
  // Twenty a minute: whoever is slow has another one every three seconds.
  for (let wrong = 1; wrong < 30 && limited.status !== 429; wrong++) limited = await guess();
  assert.deepEqual([limited.status, limited.headers['retry-after']], [429, '60']);
  const right = await app.inject({ url: '/v1/feeds?limit=0', headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  assert.equal(right.statusCode, 400, 'the right token is never limited');
  assert.doesNotMatch(lines.join(''), new RegExp(ADMIN_TOKEN));
});

test('without ADMIN_TOKEN the admin routes are off', async () => {
  const off = await serverFor({ ADMIN_TOKEN: '' });
  const answer = await off.inject({ url: '/v1/feeds', headers: { authorization: 'Bearer undefined' } });
  await off.close();
  assert.deepEqual([answer.statusCode, answer.json().code], [403, 'admin-disabled']);
});

test('a taken port is one clear error that names it', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const second = await serverFor();
  const isClear = (error: unknown) => {
    assert.ok(error instanceof CodedError);
    assert.equal(error.code, 'port-taken');
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1, port ${port}.*PORT`));
    return true;
  };
  await assert.rejects(listen(second, { HOST: '127.0.0.1', PORT: port }), isClear);
  await assert.rejects(checkPort({ HOST: '127.0.0.1', PORT: port }), isClear);
  await second.close();
  await checkPort({ HOST: '127.0.0.1', PORT: 0 });
  other.close();
});

test('bytes that are no HTTP get a problem and the connection is closed', async () => {
  const server = await serverFor();
  const url = new URL(await listen(server, { HOST: '127.0.0.1', PORT: 0 }));
  const socket = connect(Number(url.port), url.hostname);
  socket.end('NONSENSE\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  await server.close();
  const text = Buffer.concat(chunks).toString();
  assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
  assert.match(text, /application\/problem\+json[\s\S]*"code":"request-invalid"/);
});
