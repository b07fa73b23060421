import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { openAddressGuard } from '../../../src/feeds/address-guard.ts';
import { openHttpClient } from '../../../src/feeds/http-client.ts';
import { askHub } from '../../../src/feeds/websub/ask-hub.ts';
import { redirecting } from '../../support/origin.ts';
import { freePort } from '../../support/ports.ts';
import { NOW } from '../poll-fixtures.ts';
import { type Hub, openHub } from './hub.ts';

const client = openHttpClient({
  guard: openAddressGuard(['127.0.0.1/32']),
  userAgent: 'newsrank-test',
  limits: { totalMs: 1000 },
});
let hub: Hub;

before(async () => {
  hub = await openHub();
});
after(() => Promise.all([client.close(), hub.close()]));
beforeEach(() => {
  hub.asked.length = 0;
  hub.status = 202;
  hub.headers = {};
});

const ask = (more: Partial<Parameters<typeof askHub>[1]> = {}) =>
  askHub(
    client,
    {
      ...{ hub: hub.url, topic: 'https://a.example/feed?x=1&y', callback: 'https://rank.example/websub/abc' },
      ...{ secret: 's3cret', state: 'wanted' },
      ...more,
    },
    NOW,
  );

test('a subscription is asked for with topic, callback, lease and secret, and taken back without', async () => {
  assert.deepEqual(await ask(), { kind: 'accepted' });
  assert.deepEqual(await ask({ state: 'ending' }), { kind: 'accepted' });
  assert.deepEqual(Object.fromEntries(hub.asked[0] ?? []), {
    'hub.mode': 'subscribe',
    'hub.topic': 'https://a.example/feed?x=1&y',
    'hub.callback': 'https://rank.example/websub/abc',
    'hub.lease_seconds': '864000',
    'hub.secret': 's3cret',
  });
  assert.deepEqual([hub.asked[1]?.get('hub.mode'), hub.asked[1]?.has('hub.secret')], ['unsubscribe', false]);
  const [request] = hub.origin.requests;
  assert.equal(request?.headers['content-type'], 'application/x-www-form-urlencoded');
  assert.equal(request?.headers['user-agent'], 'newsrank-test');
});

test('a hub that moved is followed with the form, in bounds and nowhere forbidden', async () => {
  hub.origin.on('/moved', redirecting('/hub', 307));
  hub.origin.on('/round', redirecting('/round', 308));
  hub.origin.on('/inside', redirecting('http://127.0.0.1:22/', 307));
  hub.origin.on('/elsewhere', redirecting('/hub', 302));
  const at = (path: string) => ask({ hub: hub.origin.url + path });
  assert.deepEqual(await at('/moved'), { kind: 'accepted' });
  assert.equal(hub.asked[0]?.get('hub.mode'), 'subscribe');
  for (const path of ['/round', '/inside', '/elsewhere']) assert.equal((await at(path)).kind, 'failed', path);
  assert.equal(hub.asked.length, 1);
});

test('what goes wrong is told in words, with how long the hub wants to be left alone', async () => {
  hub.status = 503;
  hub.headers = { 'retry-after': '120' };
  assert.deepEqual(await ask(), {
    ...{ kind: 'failed', message: 'The hub answered 503: No, not now.', retryAfterSeconds: 120 },
  });
  const refused = await ask({ hub: `http://127.0.0.1:${await freePort()}/` });
  assert.match(refused.kind === 'failed' ? refused.message : '', /connect|refuse/i);
  const blocked = await ask({ hub: 'http://127.0.0.2/hub' });
  assert.match(blocked.kind === 'failed' ? blocked.message : '', /public address/);
});

test('a hub that never ends its answer is given up', async () => {
  hub.origin.on('/silent', () => {});
  const answer = await ask({ hub: `${hub.origin.url}/silent` });
  assert.deepEqual(answer, { kind: 'failed', message: 'The hub did not answer in time.', retryAfterSeconds: null });
  hub.origin.on('/endless', (_, response) => {
    response.writeHead(400);
    const pour = () => {
      while (!response.destroyed && response.write('x'.repeat(4096)));
    };
    response.on('drain', pour);
    pour();
  });
  assert.equal((await ask({ hub: `${hub.origin.url}/endless` })).kind, 'failed');
});
