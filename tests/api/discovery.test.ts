import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { Sql } from '../../src/engines/sql.ts';
import type { DiscoveredFeed } from '../../src/feeds/candidate-order.ts';
import type { DiscoveredFeeds } from '../../src/feeds/discovery.ts';
import { openTestSql } from '../support/engines.ts';
import { ADMIN_TOKEN, serverFor } from './server-under-test.ts';

let app: FastifyInstance;
let sql: Sql;
let close: () => Promise<void>;
const asked: string[] = [];
let result: DiscoveredFeeds;

const found = (url: string, via: DiscoveredFeed['via'] = 'link'): DiscoveredFeed => ({
  ...{ url, title: `Feed ${url}`, format: 'rss', language: null, entries: 3, via, isComments: false },
});

before(async () => {
  ({ sql, close } = await openTestSql());
  const discoverFeeds = async (url: string) => {
    asked.push(url);
    return result;
  };
  app = await serverFor({}, { sql, discoverFeeds });
});
after(async () => {
  await app.close();
  await close();
});

const add = (body: object) =>
  app.inject({ method: 'POST', url: '/v1/feeds', payload: body, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });

test("a page's one feed is added, where it is asked for", async () => {
  result = { feeds: [found('https://a.example/feed')], best: found('https://a.example/feed'), message: null };
  const answer = await add({ url: 'https://a.example/', discover: true, categories: ['News'] });
  assert.deepEqual([answer.statusCode, answer.json().url], [201, 'https://a.example/feed'], answer.body);
  const before = asked.length;
  const plain = await add({ url: 'https://b.example/' });
  assert.deepEqual([plain.statusCode, plain.json().url, asked.length], [201, 'https://b.example/', before]);

  const detail = await app.inject({
    ...{ method: 'GET', url: `/v1/feeds/${plain.json().id}` },
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  assert.equal(detail.json().push, null);
  await sql.query(
    `insert into subscriptions (feed_id, hub, topic, public_url, token, secret, next_attempt_at)
     values ($1, 'https://hub.example/', 'https://b.example/', 'https://x.example', 'the-token', 'the-secret', now())`,
    [plain.json().id],
  );
  const pushed = await app.inject({
    ...{ method: 'GET', url: `/v1/feeds/${plain.json().id}` },
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  assert.deepEqual([pushed.json().push.hub, pushed.json().push.state], ['https://hub.example/', 'wanted']);
  assert.doesNotMatch(pushed.body, /the-token|the-secret/);
});

test('a feed itself is added under the URL that was given, whatever it redirects to', async () => {
  result = { feeds: [], best: found('https://c.example/moved', 'itself'), message: null };
  assert.equal((await add({ url: 'https://c.example/x', discover: true })).json().url, 'https://c.example/x');
});

test('several feeds are named for a person to choose from; where there is none, the reason is told', async () => {
  const feeds = [found('https://d.example/1'), found('https://d.example/2')];
  result = { feeds, best: null, message: null };
  const several = await add({ url: 'https://d.example/', discover: true });
  assert.deepEqual([several.statusCode, several.json().code, several.json().feeds], [422, 'feed-ambiguous', feeds]);
  assert.match(String(several.headers['content-type']), /problem\+json/);
  result = { feeds: [], best: null, message: 'Nothing there.' };
  const none = await add({ url: 'https://d.example/', discover: true });
  assert.deepEqual([none.statusCode, none.json().code, none.json().detail], [422, 'feed-not-found', 'Nothing there.']);
});
