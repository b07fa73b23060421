import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { CodedError } from '../../src/errors.ts';
import { readOpml } from '../../src/feeds/opml.ts';
import type { FeedId } from '../../src/ids.ts';
import { openTestSql } from '../support/engines.ts';
import { ADMIN_TOKEN, serverFor } from './server-under-test.ts';

const polled: FeedId[] = [];
let app: FastifyInstance;
let database: Awaited<ReturnType<typeof openTestSql>>;

before(async () => {
  database = await openTestSql();
  app = await serverFor(
    {},
    {
      sql: database.sql,
      pollNow: async (id) => void polled.push(id),
      checkFeed: async (url) => {
        if (!URL.canParse(url)) throw new CodedError('feed-url-invalid', 'This is no URL.');
        const nothing = { movedTo: null, feed: null, intervalSeconds: null, entries: [], rejected: [], candidates: [] };
        const steps = [{ step: 'format' as const, says: 'x', isGood: false }];
        return { outcome: 'failed:not-a-feed', status: 200, ...nothing, steps, message: 'x', advice: 'y', took: 5 };
      },
    },
  );
});

after(async () => {
  await app.close();
  await database.close();
});

function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: unknown, type = 'application/json') {
  const options: InjectOptions = { method, url, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } };
  if (payload === undefined) return app.inject(options);
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return app.inject({ ...options, payload: text, headers: { ...options.headers, 'content-type': type } });
}

async function assertProblem(answer: ReturnType<typeof call>, status: number, code: string): Promise<void> {
  const { statusCode, headers, body } = await answer;
  assert.equal(headers['content-type'], 'application/problem+json; charset=utf-8', body);
  assert.deepEqual([statusCode, JSON.parse(body).code], [status, code], body);
}

test('a feed is added, seen, changed, polled and removed', async () => {
  const added = await call('POST', '/v1/feeds', {
    url: 'https://a.example/feed',
    title: 'A',
    categories: ['World News'],
  });
  assert.equal(added.statusCode, 201);
  const feed = added.json();
  assert.equal(added.headers.location, `/v1/feeds/${feed.id}`);
  assert.equal(added.headers['cache-control'], 'no-store');
  assert.deepEqual(
    [feed.url, feed.title, feed.state, feed.categories],
    ['https://a.example/feed', 'A', 'active', ['world-news']],
  );
  await assertProblem(call('POST', '/v1/feeds', { url: 'https://a.example/feed' }), 409, 'feed-exists');

  await database.sql.query(
    `insert into polls (feed_id, started_at, outcome, status, error) values ($1, now(), 'timeout', null, 'late')`,
    [feed.id],
  );
  const seen = (await call('GET', `/v1/feeds/${feed.id}`)).json();
  assert.equal(seen.polls.length, 1);
  assert.deepEqual([seen.polls[0].outcome, seen.polls[0].error], ['timeout', 'late']);
  assert.match(seen.polls[0].startedAt, /Z$/);

  const changes = {
    state: 'paused',
    categories: ['Sports'],
    requestHeaders: { 'x-key': '1' },
    userAgent: null,
    defaultZone: 'Asia/Tokyo',
    keepDays: 365,
  };
  const changed = await call('PATCH', `/v1/feeds/${feed.id}`, changes);
  assert.equal(changed.statusCode, 200, changed.body);
  const { state, categories, keepDays } = changed.json();
  assert.deepEqual([state, categories, keepDays], ['paused', ['sports'], 365]);
  assert.doesNotMatch(changed.body, /x-key/, 'what may be a secret does not come back');

  const queued = await call('POST', `/v1/feeds/${feed.id}/poll`);
  assert.deepEqual([queued.statusCode, queued.json(), polled], [202, { queued: true }, [feed.id]]);

  assert.equal((await call('DELETE', `/v1/feeds/${feed.id}`)).statusCode, 204);
  await assertProblem(call('DELETE', `/v1/feeds/${feed.id}`), 404, 'feed-unknown');
  await assertProblem(call('GET', `/v1/feeds/${feed.id}`), 404, 'feed-unknown');
  await assertProblem(call('PATCH', `/v1/feeds/${feed.id}`, { title: 'x' }), 404, 'feed-unknown');
  await assertProblem(call('POST', `/v1/feeds/${feed.id}/poll`), 404, 'feed-unknown');
});

test('malformed feeds and changes are refused', async () => {
  for (const body of [
    '',
    '[]',
    'null',
    {},
    { url: 5 },
    { url: '' },
    { url: 'https://a.example/', extra: 1 },
    { url: 'https://a.example/', categories: 'x' },
    { url: `https://a.example/${'x'.repeat(2100)}` },
    '{"url":"https://a.example/","__proto__":{}}',
  ]) {
    await assertProblem(call('POST', '/v1/feeds', body), 400, 'request-invalid');
  }
  for (const url of ['ftp://a.example/', 'javascript:1', 'file:///etc/passwd', 'https://a.example:22/']) {
    await assertProblem(call('POST', '/v1/feeds', { url }), 400, 'feed-url-invalid');
  }
  for (const body of [
    {},
    { state: 'retired' },
    { title: 5 },
    { url: 'https://b.example/' },
    { defaultZone: 'Mars/Base' },
    { keepDays: 0 },
    { basicAuth: 'nocolon' },
    { userAgent: 'a\r\nb: c' },
    { requestHeaders: { 'a b': 'c' } },
  ]) {
    await assertProblem(call('PATCH', '/v1/feeds/1', body), 400, 'request-invalid');
  }
  for (const id of ['0', '-1', '1.5', 'x', '99999999999999999999', '1e3', '%00']) {
    await assertProblem(call('GET', `/v1/feeds/${id}`), 400, 'request-invalid');
  }
});

test('OPML comes in and goes out', async () => {
  const opml = `<?xml version="1.0"?><opml version="2.0"><body><outline text="World &amp; Life">
    <outline type="rss" text="One" xmlUrl="https://one.example/rss"/><outline type="rss" text="Two" xmlUrl="https://two.example/rss"/>
    </outline></body></opml>`;
  for (const [type, counts] of [
    ['text/x-opml', { added: 2, existing: 0, rejected: 0, problems: [], outlinesLeftOut: 0 }],
    ['application/xml', { added: 0, existing: 2, rejected: 0, problems: [], outlinesLeftOut: 0 }],
    ['text/xml; charset=utf-8', { added: 0, existing: 2, rejected: 0, problems: [], outlinesLeftOut: 0 }],
  ] as const) {
    const answer = await call('POST', '/v1/feeds/import', opml, type);
    assert.deepEqual([answer.statusCode, answer.json()], [200, counts], type);
  }
  const out = await call('GET', '/v1/feeds.opml');
  assert.match(String(out.headers['content-type']), /^text\/x-opml/);
  assert.deepEqual(readOpml(out.body), readOpml(opml));

  await assertProblem(call('POST', '/v1/feeds/import', 'no opml', 'text/xml'), 400, 'opml-unreadable');
  await assertProblem(call('POST', '/v1/feeds/import', '', 'text/xml'), 400, 'opml-unreadable');
  await assertProblem(call('POST', '/v1/feeds/import', '{}'), 415, 'media-type-unsupported');
  await assertProblem(call('POST', '/v1/feeds/import', 'x', 'text/csv'), 415, 'media-type-unsupported');
  const large = `<opml>${' '.repeat(4 * 1024 * 1024)}</opml>`;
  await assertProblem(call('POST', '/v1/feeds/import', large, 'text/xml'), 413, 'body-too-large');
});

test('feeds are listed page by page', async () => {
  const first = (await call('GET', '/v1/feeds?limit=1')).json();
  assert.equal(first.items[0].url, 'https://one.example/rss');
  const second = (await call('GET', `/v1/feeds?limit=1&cursor=${first.next}`)).json();
  assert.deepEqual([second.items[0].url, second.next], ['https://two.example/rss', null]);
  await assertProblem(call('GET', '/v1/feeds?cursor=x'), 400, 'cursor-invalid');
  await assertProblem(call('GET', '/v1/feeds?limit=1000'), 400, 'request-invalid');
});

test('feeds are listed by state, category, failure and URL', async () => {
  const urls = async (query: string) =>
    (await call('GET', `/v1/feeds?${query}`)).json().items.map(({ url }: { url: string }) => url);
  const [one, two] = ['https://one.example/rss', 'https://two.example/rss'];
  await database.sql.query('update feeds set failures = 1 where url = $1', [two]);
  assert.deepEqual(await urls('state=active&category=world-life'), [one, two]);
  assert.deepEqual(await urls('state=paused'), []);
  assert.deepEqual(await urls('category=none'), []);
  assert.deepEqual(await urls('failing=true'), [two]);
  assert.deepEqual(await urls('failing=false'), [one]);
  assert.deepEqual(await urls(`url=${encodeURIComponent(`${two}#x`)}`), [two]);
  assert.deepEqual(await urls('url=https%3A%2F%2Fnone.example%2F'), []);
  for (const query of ['state=happy', 'failing=perhaps', 'category=', 'state=active&state=paused']) {
    await assertProblem(call('GET', `/v1/feeds?${query}`), 400, 'request-invalid');
  }
  await assertProblem(call('GET', '/v1/feeds?url=nonsense'), 400, 'feed-url-invalid');
});

test('a feed is explained, without what may be a secret', async () => {
  const { items } = (await call('GET', '/v1/feeds?failing=true')).json();
  const [{ id }] = items;
  await database.sql.query(
    `update feeds set basic_auth = 'user:hidden', etag = '"tag"', last_outcome = 'failed:tls', last_error = 'Bad.' where id = $1`,
    [id],
  );
  const answer = await call('GET', `/v1/feeds/${id}/explain`);
  const { feed, reasons, validators, advice, polls } = answer.json();
  assert.deepEqual([feed.id, polls, validators.etag], [id, [], '"tag"']);
  assert.ok(
    reasons.some(({ says }: { says: string }) => /The last 1 poll failed \(failed:tls\)/.test(says)),
    answer.body,
  );
  assert.match(advice, /certificate/);
  assert.doesNotMatch(answer.body, /hidden/);
  await assertProblem(call('GET', '/v1/feeds/987654/explain'), 404, 'feed-unknown');
  await assertProblem(call('GET', '/v1/feeds/x/explain'), 400, 'request-invalid');
});

test('a check tells what a poll would bring', async () => {
  const answer = await call('POST', '/v1/feeds/check', { url: 'https://a.example/' });
  assert.deepEqual([answer.statusCode, answer.json().outcome, answer.json().took], [200, 'failed:not-a-feed', 5]);
  await assertProblem(call('POST', '/v1/feeds/check', { url: 'nonsense' }), 400, 'feed-url-invalid');
  await assertProblem(call('POST', '/v1/feeds/check', { links: [] }), 400, 'request-invalid');
});

test('a body of which nothing is required may be left out, whatever is said of it', async () => {
  const id = (await call('POST', '/v1/feeds', { url: 'https://empty.example/feed' })).json().id;
  const announced = (method: 'POST' | 'DELETE', url: string) =>
    app.inject({
      method,
      url,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    });
  assert.equal((await announced('POST', `/v1/feeds/${id}/poll`)).statusCode, 202);
  assert.equal((await announced('DELETE', `/v1/feeds/${id}`)).statusCode, 204);
  for (const url of ['/v1/curations/1/end', '/v1/views/revocations/1/undo']) {
    for (const answer of [await announced('POST', url), await call('POST', url)]) {
      assert.equal(answer.statusCode, 404, `${url}: ${answer.body}`);
    }
  }
  const missing = await call('POST', '/v1/feeds');
  assert.deepEqual([missing.statusCode, missing.json().detail], [400, 'body must have required properties url.']);
  await assertProblem(call('POST', '/v1/feeds', '{"url":'), 400, 'request-invalid');
  await assertProblem(call('POST', '/v1/feeds', '{"__proto__":{"url":"https://a.example/"}}'), 400, 'request-invalid');
});
