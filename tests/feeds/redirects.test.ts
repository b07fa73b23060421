import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openAddressGuard, type Resolve } from '../../src/feeds/address-guard.ts';
import { type FetchRequest, fetchFeed } from '../../src/feeds/fetch.ts';
import { openHttpClient } from '../../src/feeds/http-client.ts';
import { type Origin, openOrigin, redirecting, sending } from '../support/origin.ts';

const guard = openAddressGuard(['127.0.0.1/32']);
const client = openHttpClient({ guard, userAgent: 'newsrank-test' });
let origin: Origin;
let other: Origin;

before(async () => {
  origin = await openOrigin();
  other = await openOrigin();
  origin.on('/feed', sending('<rss/>'));
  other.on('/feed', sending('<rss/>'));
});
after(async () => {
  await client.close();
  await origin.close();
  await other.close();
});

const PLAIN = { etag: null, lastModified: null, requestHeaders: {}, basicAuth: null, userAgent: null };

const get = (path: string, wanted: Partial<FetchRequest> = {}) =>
  fetchFeed(client, { ...PLAIN, url: `${origin.url}${path}`, ...wanted });

test('redirects are followed; only those that are permanent from the start move the feed', async () => {
  origin.on('/301', redirecting('/feed', 301));
  origin.on('/302', redirecting('/feed', 302));
  origin.on('/308-301', redirecting('/301', 308));
  origin.on('/301-302', redirecting('/302', 301));
  origin.on('/302-301', redirecting('/301', 302));
  const moves = { '/301': '/feed', '/302': null, '/308-301': '/feed', '/301-302': '/302', '/302-301': null };
  for (const [path, movedTo] of Object.entries(moves)) {
    const result = await get(path);
    assert.ok(result.kind === 'answer', path);
    assert.equal(result.url, `${origin.url}/feed`);
    assert.equal(result.movedTo, movedTo === null ? null : origin.url + movedTo, path);
  }
});

test('five redirects are followed, six are not, and circles are noticed', async () => {
  for (let hop = 1; hop <= 6; hop++) origin.on(`/hop${hop}`, redirecting(hop === 1 ? '/feed' : `/hop${hop - 1}`));
  origin.on('/self', redirecting('/self'));
  origin.on('/ping', redirecting('/pong#again'));
  origin.on('/pong', redirecting('/ping'));
  assert.equal((await get('/hop5')).kind, 'answer');
  for (const path of ['/hop6', '/self', '/ping']) {
    const result = await get(path);
    assert.ok(result.kind === 'failed', path);
    assert.equal(result.failure, 'redirect-loop');
    assert.equal(result.status, 302);
  }
});

test('a redirect without a target is an answer of its own', async () => {
  origin.on('/nowhere', sending('', {}, 302));
  const result = await get('/nowhere');
  assert.ok(result.kind === 'answer');
  assert.equal(result.status, 302);
});

test('secrets stay with the origin that they are for', async () => {
  origin.on('/away', redirecting(`${other.url}/feed`, 302));
  origin.on('/stay', redirecting('/feed', 302));
  const wanted = { basicAuth: 'me:secret', requestHeaders: { 'X-Key': 'k', Cookie: 'a=b' }, etag: '"1"' };
  await get('/away', wanted);
  const away = other.requests.at(-1)?.headers;
  assert.deepEqual([away?.authorization, away?.['x-key'], away?.cookie], [undefined, undefined, undefined]);
  assert.equal(away?.['if-none-match'], '"1"');
  await get('/stay', wanted);
  const stay = origin.requests.at(-1)?.headers;
  assert.deepEqual([stay?.['x-key'], stay?.cookie], ['k', 'a=b']);
  assert.ok(stay?.authorization);
});

test('redirects to what no feed may have are refused, and nothing is asked there', async () => {
  const targets = [
    'ftp://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://127.0.0.1:22/',
    'http://127.0.0.1:6379/',
    `http://user:pass@${new URL(other.url).host}/feed`,
    '/fe\ted',
  ];
  const before = other.requests.length;
  for (const target of targets) {
    origin.on('/to', redirecting(target));
    const result = await get('/to');
    assert.ok(result.kind === 'failed', target);
    assert.equal(result.failure, 'blocked-address', target);
  }
  assert.equal(other.requests.length, before);
});

test('no connection is begun to an address that is not allowed: by URL, redirect or name', async () => {
  const begun: string[] = [];
  const answers: Record<string, string[]> = {
    'inside.example': ['10.0.0.1'],
    'mixed.example': ['8.8.8.8', '127.0.0.1'],
    'metadata.example': ['169.254.169.254'],
  };
  const resolve: Resolve = (name, _, callback) =>
    callback(
      null,
      (answers[name] ?? []).map((address) => ({ address, family: 4 })),
    );
  const names = openAddressGuard([], resolve);
  // Stands in for net.connect: looks the name up as it would, and takes note where it would go on to connect.
  const watched = openHttpClient({
    guard: names,
    userAgent: 'newsrank-test',
    connector: (options, callback) => {
      names.lookup(options.hostname, {}, (error, address) => {
        if (error === null) begun.push(String(address));
        callback(error ?? Object.assign(new Error('not in tests'), { code: 'ECONNREFUSED' }), null);
      });
    },
  });
  const urls = [
    'http://127.0.0.1:8080/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[64:ff9b::a00:1]/',
    'https://10.0.0.1/',
    'http://inside.example/',
    'https://mixed.example/',
    'http://metadata.example/',
  ];
  const messages = new Set<string>();
  for (const url of urls) {
    const result = await fetchFeed(watched, { ...PLAIN, url });
    assert.ok(result.kind === 'failed');
    assert.equal(result.failure, 'blocked-address', url);
    messages.add(result.message);
  }
  assert.deepEqual(begun, []);
  assert.equal(messages.size, 1, 'the message says nothing about what is behind the address');
  await watched.close();
});

test('a redirect to an address that is not allowed is refused at the connection', async () => {
  for (const target of ['http://127.0.0.2:8080/', 'http://[::1]:8080/', 'http://169.254.169.254/latest']) {
    origin.on('/inside', redirecting(target));
    const result = await get('/inside');
    assert.ok(result.kind === 'failed', target);
    assert.equal(result.failure, 'blocked-address', target);
  }
});
