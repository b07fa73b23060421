import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openAddressGuard } from '../../src/feeds/address-guard.ts';
import { checkFeed } from '../../src/feeds/check.ts';
import { type FeedReader, openFeedReader } from '../../src/feeds/reader.ts';
import { type Origin, openOrigin, redirecting, sending } from '../support/origin.ts';
import { NOW } from './poll-fixtures.ts';

const BODY = `<rss version="2.0"><channel><title>Title</title><ttl>180</ttl>
  <item><guid>1</guid><title>One</title><pubDate>Wed, 04 Mar 2026 09:30:00 GMT</pubDate></item>
  <item><guid>2</guid><title>Two</title><pubDate>Wed, 04 Mar 2026 08:30:00 GMT</pubDate></item></channel></rss>`;

let origin: Origin;
let reader: FeedReader;

before(async () => {
  origin = await openOrigin();
  reader = openFeedReader({ threads: 1 });
});
after(async () => {
  await reader.close();
  await origin.close();
});

function check(path: string, allowed = ['127.0.0.1/32']) {
  const url = path.startsWith('/') ? origin.url + path : path;
  const limits = { minSeconds: 300, maxSeconds: 21_600 };
  return checkFeed({ guard: openAddressGuard(allowed), userAgent: 'newsrank-test', reader, limits }, url, NOW);
}

test('a feed is told with its hints and the interval that would follow', async () => {
  origin.on('/feed', sending(BODY, { 'cache-control': 'max-age=60', 'content-type': 'text/xml; charset=euc-jp' }));
  const good = await check('/feed');
  assert.deepEqual([good.outcome, good.status, good.feed?.title, good.message], ['fresh', 200, 'Title', null]);
  assert.deepEqual([good.entries.length, good.intervalSeconds, good.advice], [2, 10_800, null]);
  const says = (step: string) => good.steps.filter((found) => found.step === step).map((found) => found.says);
  assert.match(says('charset')[0] ?? '', /^HTTP says euc-jp; the bytes are valid UTF-8/);
  assert.match(says('hints')[0] ?? '', /3 h between polls.*ask for 60 s/);
  assert.match(says('interval')[0] ?? '', /Half the median gap between its entries is 30 min/);
  assert.match(says('interval').at(-1) ?? '', /its interval is 3 h\.$/);
  assert.ok(good.steps.every(({ isGood }) => isGood));
});

test('what ends a poll is the last decision, with advice', async () => {
  const missing = await check('/none');
  assert.deepEqual([missing.outcome, missing.status, missing.feed], ['failed:http-4xx', 404, null]);
  assert.match(missing.advice ?? '', /Look for it on the site/);
  origin.on('/round', redirecting('/round'));
  assert.deepEqual((await check('/round')).steps.at(-1)?.isGood, false);
  origin.on('/empty', sending(''));
  assert.match((await check('/empty')).message ?? '', /empty/);
  await assert.rejects(check('ftp://a.example/'), /http/);
});

test('of an address that is refused nothing is told, and nothing is sent there', async () => {
  const before = origin.requests.length;
  const inside = await check('/feed', []);
  assert.equal(inside.outcome, 'failed:blocked-address');
  assert.deepEqual(
    inside.steps.map(({ step, isGood }) => [step, isGood]),
    [
      ['url', true],
      ['look-up', false],
      ['format', false],
    ],
  );
  assert.equal(origin.requests.length, before);
  const named = await check('http://localhost:8080/', []);
  assert.doesNotMatch(JSON.stringify(named.steps), /127\.0\.0\.1|::1/);
});

test('what a server writes into its headers commands no terminal', async () => {
  origin.on('/feed', sending(BODY, { etag: '"\u0009\u00e9"', 'x-other': 'secret' }));
  const { steps } = await check('/feed');
  assert.match(steps.find(({ step }) => step === 'answer')?.says ?? '', /etag: "\?.*"/);
  assert.doesNotMatch(JSON.stringify(steps), /secret/);
});
