import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type FeedReader, openFeedReader } from '../../src/feeds/reader.ts';

const SOURCE = { contentType: 'application/rss+xml', url: 'https://feed.test/', defaultZone: 'Asia/Tokyo' };
const encode = (text: string) => new TextEncoder().encode(text);
const feed = (title: string) =>
  encode(
    `<rss version="2.0"><channel><title>${title}</title><item><title>one</title><pubDate>2024-05-28 09:00</pubDate></item></channel></rss>`,
  );

let reader: FeedReader;

before(() => {
  reader = openFeedReader({ threads: 1 });
});

after(() => reader.close());

test('a feed comes back from its thread with its dates, and the bytes stay ours', async () => {
  const bytes = feed('Threads');
  const result = await reader.read(bytes, SOURCE);
  assert.ok(result.kind === 'feed');
  assert.equal(result.feed.title, 'Threads');
  assert.deepEqual(result.feed.entries[0]?.publishedAt, new Date('2024-05-28T00:00:00Z'));
  assert.ok(bytes.byteLength > 0);
});

test('what is no feed is an outcome, not an error', async () => {
  const result = await reader.read(new Uint8Array(), SOURCE);
  assert.ok(result.kind === 'not-a-feed');
  assert.equal(result.message, 'The body is empty.');
});

test('a body that takes its thread down is told, and the next one is read', async () => {
  const tight = openFeedReader({ threads: 1, maxHeapMb: 40, timeoutMs: 60_000 });
  const item = `<item>${Array.from({ length: 190 }, (_, index) => `<a b="${index}">${index}</a>`).join('')}</item>`;
  const bomb = encode(`<rss><channel>${item.repeat(5000)}</channel></rss>`);
  const [killed, next] = await Promise.all([tight.read(bomb, SOURCE), tight.read(feed('After'), SOURCE)]);
  await tight.close();
  assert.ok(killed.kind === 'failed');
  assert.equal(killed.isKilled, true);
  assert.match(killed.message, /memory/);
  assert.equal(next.kind, 'feed');
});

const LONG = encode(`<rss><channel>${'<item><title>x</title></item>'.repeat(140_000)}</channel></rss>`);

test('a body that takes too much of the CPU is stopped', async () => {
  const hasty = openFeedReader({ threads: 1, timeoutMs: 1 });
  const result = await hasty.read(LONG, SOURCE);
  await hasty.close();
  assert.ok(result.kind === 'failed');
  assert.equal(result.isKilled, true);
  assert.match(result.message, /longer than 0.001 s/);
});

test('time that its thread spent waiting for a CPU is not counted against a body', async () => {
  const starved = openFeedReader({ threads: 1, timeoutMs: 10, patienceMs: 60_000, threadTime: () => 1000 });
  await starved.read(feed('Before'), SOURCE);
  const reading = starved.read(LONG, SOURCE);
  // Who should look after it stands still as well, and looks late.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  const result = await reading;
  await starved.close();
  assert.equal(result.kind, 'feed');
});

test('a clock that is set meanwhile takes nothing from a body, and gives it nothing', async (t) => {
  const { now } = Date;
  t.after(() => {
    Date.now = now;
  });
  for (const [hours, timeoutMs, kind] of [
    [1, 60_000, 'feed'],
    [-1, 1, 'failed'],
  ] as const) {
    const steady = openFeedReader({ threads: 1, timeoutMs });
    await steady.read(feed('Before'), SOURCE);
    Date.now = () => now() + hours * 3_600_000;
    assert.equal((await steady.read(LONG, SOURCE)).kind, kind);
    await steady.close();
  }
});

test('a thread that gets no CPU is given up in the end, without a strike against the feed', async () => {
  const starved = openFeedReader({ threads: 1, timeoutMs: 10, patienceMs: 30, threadTime: () => 1000 });
  const result = await starved.read(LONG, SOURCE);
  await starved.close();
  assert.ok(result.kind === 'failed');
  assert.equal(result.isKilled, false);
  assert.match(result.message, /too busy/);
});

test('closing fails what is being read without blaming the feed, and what comes later', async () => {
  const closing = openFeedReader({ threads: 1 });
  const pending = closing.read(feed('Pending'), SOURCE);
  await closing.close();
  const [first, second] = [await pending, await closing.read(feed('Late'), SOURCE)];
  assert.ok(first.kind === 'failed' && !first.isKilled);
  assert.ok(second.kind === 'failed' && !second.isKilled);
});

test('a reader that was never used closes at once', async () => {
  await openFeedReader({ threads: 4 }).close();
});
