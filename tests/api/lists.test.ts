import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { listen } from '../../src/api/port.ts';
import { closePeriods } from '../../src/ranking/closed.ts';
import { addCounts } from '../../src/views/read-counts.ts';
import { assertProblem, type FilledApi, openFilledApi } from './filled-api.ts';
import { serverFor } from './server-under-test.ts';

let api: FilledApi;

before(async () => {
  api = await openFilledApi();
});
after(() => api.close());

test('a list is served as it was published, cut to the limit', async () => {
  const answer = await api.get('/v1/rankings/access?category=politics&limit=2');
  assert.equal(answer.statusCode, 200);
  const published = api.published;
  assert.deepEqual(answer.json(), { ...published, items: published.items.slice(0, 2) });
  assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(answer.headers['access-control-allow-origin'], '*');
  assert.match(String(answer.headers['cache-control']), /^public, max-age=\d+, stale-while-revalidate=/);
  assert.equal((await api.get('/v1/rankings/access?category=politics')).json().items.length, 5);
});

test('the version is the ETag, and who has it gets 304', async () => {
  const { headers } = await api.get('/v1/rankings/access?category=politics');
  assert.equal(headers.etag, 'W/"abc123"');
  for (const tag of ['W/"abc123"', '"abc123"', '"x", W/"abc123"', '*']) {
    const again = await api.get('/v1/rankings/access?category=politics', { 'if-none-match': tag });
    assert.deepEqual([again.statusCode, again.body, again.headers.etag], [304, '', 'W/"abc123"'], tag);
    assert.ok(again.headers['cache-control']);
  }
  assert.equal((await api.get('/v1/rankings/access?category=politics', { 'if-none-match': '"abc"' })).statusCode, 200);
});

test('the article being read is left out of the box beside it', async () => {
  const { items } = (await api.get(`/v1/rankings/access?category=politics&exclude=${api.ids[1]}`)).json();
  assert.deepEqual(
    items.map((item: { article: { id: string } }) => item.article.id),
    [api.ids[0], api.ids[2], api.ids[3], api.ids[4]],
  );
});

test('a list that nobody published yet is empty, with its title', async () => {
  const site = (await api.get('/v1/rankings/access?window=1h')).json();
  assert.deepEqual([site.title, site.confidence, site.items], ['JN ACCESS RANKING', 'empty', []]);
  assert.equal(site.window.id, '1h');
  const popular = (await api.get('/v1/rankings/popular?category=politics&window=7d')).json();
  assert.deepEqual([popular.title, popular.window], ['"Politics" POPULAR ARTICLE', null]);
  const past = (await api.get('/v1/rankings/access?category=politics&at=2020-01-01T00:00:00+09:00')).json();
  assert.deepEqual(past.items, []);
  assert.equal((await api.get('/v1/rankings/access?category=')).json().scope, 'site');
});

test('what rises has a list without a window, and never one that is filled', async () => {
  const rising = (await api.get('/v1/rankings/rising?category=politics&window=7d')).json();
  assert.deepEqual(
    [rising.list, rising.title, rising.window, rising.confidence, rising.items],
    ['rising', '"Politics" RISING ARTICLE', null, 'empty', []],
  );
});

test('a finished period has a list of its own, named as the clocks of the site show it', async () => {
  const [slot, day] = [Date.parse('2026-01-31T04:00:00Z'), '/v1/rankings/closed/day/2026-01-31'];
  await assertProblem(api, day, 404, 'list-unknown');
  await addCounts(
    api.sql,
    api.ids.map((article, i) => ({ slot: slot / 300_000 + i, article, class: 'beacon', reads: 10 + i, boxReads: 0 })),
  );
  // Midnight in Tokyo.
  await closePeriods(api.sql, { siteName: 'JN', zone: 'Asia/Tokyo' }, new Date('2026-01-31T15:05:00Z'));
  const answer = await api.get(`${day}?category=politics&limit=2`);
  const { list, window, items } = answer.json();
  assert.deepEqual(
    [list, window],
    ['closed', { id: 'day', from: '2026-01-30T15:00:00.000Z', to: '2026-01-31T15:00:00.000Z', final: true }],
  );
  assert.deepEqual(
    items.map(({ reads, article }: { reads: number; article: { id: string } }) => [reads, article.id]),
    [
      [14, api.ids[4]],
      [13, api.ids[3]],
    ],
  );
  assert.equal((await api.get(day, { 'if-none-match': String((await api.get(day)).headers.etag) })).statusCode, 304);
  for (const name of ['2026-01-31T23:59:00+09:00', '2026-01-30T15:00:00Z']) {
    const same = await api.get(`/v1/rankings/closed/day/${name}?category=politics&limit=2`);
    assert.equal(same.body, answer.body, name);
  }
  assert.equal((await api.get('/v1/rankings/closed/hour/2026-01-31T13')).json().items.length, 5);
  for (const period of ['hour/2026-01-31T12', 'week/2026-W05', 'month/2026-02', 'year/2026']) {
    await assertProblem(api, `/v1/rankings/closed/${period}`, 404, 'list-unknown');
  }
  await assertProblem(api, '/v1/rankings/closed/day/2026-02-30', 400, 'request-invalid');
  await assertProblem(api, `${day}?category=nope`, 404, 'category-unknown');
});

test('a category is named by its slug, in any script', async () => {
  const slug = encodeURIComponent('政治-とスポーツ');
  assert.equal(
    (await api.get(`/v1/rankings/popular?category=${slug}`)).json().title,
    '"政治 とスポーツ" POPULAR ARTICLE',
  );
});

test('an explanation of no article is 404, and one while counts are restored 503', async () => {
  await assertProblem(api, '/v1/rankings/popular/explain/zzzzzzzzzzzz', 404, 'article-unknown');
  await assertProblem(api, `/v1/rankings/popular/explain/${api.ids[0]}`, 503, 'unavailable');
});

test('odd requests of lists are 400 or 404', async () => {
  for (const query of [
    'limit=0',
    'limit=51',
    'limit=x',
    'limit=1.5',
    'limit=',
    'limit=1&limit=2',
    'window=2h',
    'window=',
    'exclude=x',
    'at=yesterday',
    'at=',
    `category=${'x'.repeat(300)}`,
  ]) {
    await assertProblem(api, `/v1/rankings/access?${query}`, 400, 'request-invalid');
  }
  for (const category of ['site', 'nope', '_', 'Politics', 'politics%00', '__proto__', 'politics:24h']) {
    await assertProblem(api, `/v1/rankings/access?category=${category}`, 404, 'category-unknown');
  }
  for (const kind of ['falling', 'closed', 'constructor', 'access%2F']) {
    await assertProblem(api, `/v1/rankings/${kind}`, 404, 'list-unknown');
  }
});

test('a list is compressed as the caller takes it, and says the same', async () => {
  const url = '/v1/rankings/access?category=politics';
  const plain = await api.get(url);
  const packed = await api.get(url, { 'accept-encoding': 'gzip, br' });
  assert.equal(packed.headers['content-encoding'], 'br');
  assert.equal(Number(packed.headers['content-length']), packed.rawPayload.length);
  assert.equal(brotliDecompressSync(packed.rawPayload).toString(), plain.body);
  assert.deepEqual([packed.headers.vary, packed.headers.etag], ['accept-encoding', plain.headers.etag]);
  const head = await api.app.inject({ method: 'HEAD', url, headers: { 'accept-encoding': 'br' } });
  assert.deepEqual([head.body, head.headers['content-encoding']], ['', 'br']);
});

test('HEAD answers like GET without the body', async () => {
  const answer = await api.app.inject({ method: 'HEAD', url: '/v1/rankings/access?category=politics' });
  assert.deepEqual([answer.statusCode, answer.body, answer.headers.etag], [200, '', 'W/"abc123"']);
});

test('the stream sends lists as events, and ends when the server closes', async () => {
  const own = await serverFor({}, { sql: api.sql, redis: api.redis });
  const url = await listen(own, { HOST: '127.0.0.1', PORT: 0 });
  const { headers, body } = await fetch(`${url}/v1/stream?lists=access:politics&limit=1`);
  assert.equal(headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.equal(headers.get('access-control-allow-origin'), '*');
  assert.ok(body);
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('data: ')) void own.close();
  }
  const [, event] = /^retry: \d+\n\nevent: list\nid: abc123\ndata: (.*)\n\n$/.exec(text) ?? [];
  const { items, ...list } = JSON.parse(event ?? '');
  assert.deepEqual([list.list, list.scope, items.length], ['access', 'politics', 1]);
});

test('odd requests of the stream are 400 or 404', async () => {
  for (const query of [
    '',
    '?lists=',
    '?lists=,',
    '?lists=popular&limit=0',
    '?lists=a:b:c&lists=x',
    '?lists=access:politics:x',
  ]) {
    await assertProblem(api, `/v1/stream${query}`, 400, 'request-invalid');
  }
  await assertProblem(api, '/v1/stream?lists=falling', 404, 'list-unknown');
  await assertProblem(api, '/v1/stream?lists=popular:nope', 404, 'category-unknown');
});
