import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { candidateTable, discoverHere } from '../../src/cli/discover.ts';
import type { WithFeedAdmin } from '../../src/cli/feed-admin.ts';
import { systemClock } from '../../src/clock.ts';
import { CodedError, type ErrorCode } from '../../src/errors.ts';
import { openAddressGuard } from '../../src/feeds/address-guard.ts';
import { checkFeed } from '../../src/feeds/check.ts';
import { openFeedReader } from '../../src/feeds/reader.ts';
import { feedId } from '../../src/ids.ts';
import { type Origin, openOrigin, sending } from '../support/origin.ts';
import { feedsOn } from './fake-terminal.ts';

const ENVIRONMENT = { FETCH_ALLOW_CIDRS: '127.0.0.1/32' };
const LIMITS = { minSeconds: 300, maxSeconds: 21_600 };
const added: string[] = [];
/** Takes any feed; nothing else is asked of it. */
const admin = {
  async add({ url }: { readonly url: string }) {
    added.push(url);
    return { id: feedId(7), isNew: true };
  },
};
const withAdmin: WithFeedAdmin = (_, work) => work(admin as never);
const feeds = feedsOn(withAdmin, ENVIRONMENT, undefined, discoverHere);
const isCoded = (code: ErrorCode) => (error: unknown) => error instanceof CodedError && error.code === code;
let origin: Origin;

const rss = (title: string) =>
  sending(`<rss version="2.0"><channel><title>${title}</title>
    <item><title>${title}</title><link>https://a.example/${title}</link></item></channel></rss>`);
const page = (...paths: string[]) =>
  sending(`<html>${paths.map((path) => `<link rel="alternate" type="application/rss+xml" href="${path}">`).join('')}`);

before(async () => {
  origin = await openOrigin();
  origin.on('/one', page('/a.xml'));
  origin.on('/two', page('/a.xml', '/b.xml'));
  origin.on('/a.xml', rss('A'));
  origin.on('/b.xml', rss('B'));
});
after(() => origin.close());

test("a page's URL adds its feed, and says so", async () => {
  const { text } = await feeds('add', `${origin.url}/one`);
  assert.equal(text, `${origin.url}/one leads to ${origin.url}/a.xml. Added feed 7.`);
  assert.equal(added.at(-1), `${origin.url}/a.xml`);
});

test("what looks like a feed's URL is added as it is, and so is what the user insists on", async () => {
  const before = origin.requests.length;
  for (const args of [[`${origin.url}/gone.xml`], [`${origin.url}/two`, '--as-is']]) {
    assert.equal((await feeds('add', ...args)).text, 'Added feed 7.');
    assert.equal(added.at(-1), args[0]);
  }
  assert.equal(origin.requests.length, before);
});

test('where a page has several feeds or none, nothing is added', async () => {
  const before = added.length;
  await assert.rejects(feeds('add', `${origin.url}/two`), isCoded('feed-ambiguous'));
  await assert.rejects(feeds('add', `${origin.url}/nowhere`), isCoded('feed-not-found'));
  await assert.rejects(feeds('add', 'ftp://a.example/'), isCoded('feed-url-invalid'));
  assert.equal(added.length, before);
});

test('a check of a page names its feeds', async () => {
  const reader = openFeedReader({ threads: 1 });
  const tools = { guard: openAddressGuard(['127.0.0.1/32']), userAgent: 'test', reader, limits: LIMITS };
  try {
    const page = await checkFeed(tools, `${origin.url}/two`, systemClock());
    assert.deepEqual([page.outcome, page.candidates.map(({ title }) => title)], ['failed:not-a-feed', ['A', 'B']]);
    assert.ok(page.steps.some(({ step, says }) => step === 'discovery' && says === 'It leads to 2 feeds.'));
    assert.match(candidateTable(page.candidates), /A +rss .*\/a\.xml/);
    assert.deepEqual((await checkFeed(tools, `${origin.url}/a.xml`, systemClock())).candidates, []);
  } finally {
    await reader.close();
  }
});
