import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CodedError } from '../../src/errors.ts';
import { type Origin, openOrigin, redirecting, sending } from '../support/origin.ts';
import { feedsOn } from './fake-terminal.ts';

const FEED = `<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Times</title><ttl>90</ttl>
  <item><guid>1</guid><title>One</title><link>https://a.example/1</link></item>
  <item><guid>2</guid></item></channel></rss>`;

let origin: Origin;
const feeds = feedsOn(async () => assert.fail('a check needs no engine'), { FETCH_ALLOW_CIDRS: '127.0.0.1/32' });

before(async () => {
  origin = await openOrigin();
});
after(() => origin.close());

test('check prints each decision, what would be stored and what not', async () => {
  origin.on('/feed', sending(FEED, { 'content-type': 'application/rss+xml; charset=utf-8' }));
  origin.on('/old', redirecting('/feed', 301));
  const { text } = await feeds('check', `${origin.url}/old`);
  const steps = text.split('\n').map((line) => line.split(/ +/)[1] ?? '');
  // A second connection, and so a second look-up, is a matter of timing.
  const decided = steps.filter((step, index) => step !== 'look-up' || steps.indexOf(step) === index).slice(1, 11);
  const order = ['url', 'look-up', 'request', 'answer', 'request', 'answer', 'body', 'charset', 'move', 'format'];
  assert.deepEqual(decided, order);
  assert.match(text, /127\.0\.0\.1 is an address that may be asked/);
  assert.match(text, /The server answered 301; .*location: \/feed/);
  assert.match(text, /HTTP says utf-8, the XML declaration says utf-8; the bytes are valid UTF-8/);
  assert.match(text, /rss, "Times", 2 entries/);
  assert.match(text, /asks for 90 min between polls/);
  assert.match(text, /1 articles would be stored:/);
  assert.match(text, /1 entries would not:\n {2}entry 1 \(2\): It has no title/);
});

test('what is no feed ends with an error that says what to do, after the decisions', async () => {
  origin.on('/page', sending('<!doctype html><html><body>Hello</body></html>', { 'content-type': 'text/html' }));
  const isRefused = (says: RegExp) => (error: unknown) =>
    error instanceof CodedError && error.code === 'poll-failed' && says.test(error.message);
  await assert.rejects(feeds('check', `${origin.url}/page`), isRefused(/^failed:not-a-feed: .*Look for the feed/s));
  await assert.rejects(feeds('check', 'http://169.254.169.254/', '--json'), isRefused(/FETCH_ALLOW_CIDRS/));
  await assert.rejects(feeds('check', 'ftp://a.example/'), /http/);
});
