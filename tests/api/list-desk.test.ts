import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { request } from 'undici';
import { listen } from '../../src/api/port.ts';
import { openMetrics } from '../../src/metrics.ts';
import { listRedisKey } from '../../src/ranking/list.ts';
import { eventually } from '../support/product.ts';
import { type FilledApi, openFilledApi } from './filled-api.ts';
import { serverFor } from './server-under-test.ts';

const TAG = { 'if-none-match': 'W/"abc123"' };
const metrics = openMetrics('0.0.0-test');
const closers: (() => Promise<unknown>)[] = [];
let api: FilledApi;
let url: string;

// Over HTTP, since what is injected into Fastify never comes to the desk.
before(async () => {
  api = await openFilledApi();
  const server = await serverFor({}, { sql: api.sql, redis: api.redis, metrics });
  url = await listen(server, { HOST: '127.0.0.1', PORT: 0 });
  closers.push(() => server.close(), api.close);
});
after(async () => {
  for (const close of closers) await close();
});

async function get(path: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') {
  const { statusCode, headers: given, body } = await request(`${url}${path}`, { method, headers });
  const bytes = Buffer.from(await body.arrayBuffer());
  return { statusCode, headers: given, bytes, text: String(bytes) };
}

test('who asks in the same words gets the same answer, whoever asked first and in whatever coding', async () => {
  const path = '/v1/rankings/access?category=politics&limit=4';
  const first = await get(path, TAG);
  const plain = await get(path);
  const again = await get(path);
  const unchanged = await get(path, TAG);
  const packed = await get(path, { 'accept-encoding': 'gzip, br' });
  const turned = await get('/v1/rankings/access?limit=4&category=politics');
  const longer = await get(`${path}5`);
  assert.deepEqual([first.statusCode, plain.statusCode, unchanged.statusCode], [304, 200, 304]);
  assert.deepEqual(JSON.parse(plain.text), { ...api.published, items: api.published.items.slice(0, 4) });
  assert.deepEqual([again.text, turned.text, again.headers['etag']], [plain.text, plain.text, 'W/"abc123"']);
  assert.equal(packed.headers['content-encoding'], 'br');
  assert.equal(String(brotliDecompressSync(packed.bytes)), plain.text);
  assert.equal(JSON.parse(longer.text).items.length, api.published.items.length);
  assert.deepEqual(Object.keys(again.headers), Object.keys(plain.headers));
  assert.equal(plain.headers['content-length'], String(plain.bytes.length));
  assert.deepEqual(Object.keys(unchanged.headers), Object.keys(first.headers));
  assert.equal(unchanged.text, '');
  const head = await get(path, {}, 'HEAD');
  assert.deepEqual([head.statusCode, head.text, head.headers['etag']], [200, '', 'W/"abc123"']);
});

test('a new version is served within a second, by whatever words, and every answer is measured as one of the route', async () => {
  const path = '/v1/rankings/access?category=politics&limit=3';
  assert.equal((await get(path)).headers['etag'], 'W/"abc123"');
  const next = { ...api.published, version: 'def456', items: api.published.items.slice(1, 3) };
  const key = { kind: 'access', scope: api.published.scope, window: '24h' } as const;
  await api.redis.set(listRedisKey(key), JSON.stringify(next));
  await eventually('the new list', async () => (await get(path, TAG)).headers['etag'] === 'W/"def456"', 5);
  assert.deepEqual(JSON.parse((await get(path)).text), next);
  assert.equal((await get(path, TAG)).statusCode, 200);
  assert.equal((await get(path, { 'if-none-match': '"def456"' })).statusCode, 304);
  metrics.settle();
  const counted = await metrics.httpDuration.get();
  const routes = counted.values.filter(({ metricName }) => metricName?.endsWith('_count'));
  assert.deepEqual(new Set(routes.map(({ labels }) => labels.route)), new Set(['/v1/rankings/:kind']));
});

test('what is wrong is refused, however often it is asked for, and not kept', async () => {
  for (const [path, status] of [
    ['/v1/rankings/access?limit=51', 400],
    ['/v1/rankings/nothing', 404],
    ['/v1/rankings/access?category=nothing', 404],
  ] as const) {
    for (let time = 0; time < 2; time++) {
      const answer = await get(path);
      assert.deepEqual([answer.statusCode, answer.headers['access-control-allow-origin']], [status, '*'], path);
    }
  }
});
