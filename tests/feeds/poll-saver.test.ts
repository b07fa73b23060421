import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPollSaver } from '../../src/feeds/poll-saver.ts';
import type { PollLine } from '../../src/feeds/save-poll.ts';
import { type FeedId, feedId } from '../../src/ids.ts';

const lineOf = (id: number): PollLine => ({ feed: feedId(id), json: '{}' });

const idsOf = (lines: readonly PollLine[]): FeedId[] => lines.map(({ feed }) => feed);

test('polls that end together are one write, and each hears of itself', async () => {
  const writes: FeedId[][] = [];
  const saver = openPollSaver(async (lines) => {
    writes.push(idsOf(lines));
    return new Set([feedId(1), feedId(3)]);
  }, 1);
  assert.deepEqual(await Promise.all([1, 2, 3].map((id) => saver.add(lineOf(id)))), [true, false, true]);
  assert.equal(await saver.add(lineOf(3)), true);
  assert.deepEqual(writes, [[1, 2, 3], [3]]);
});

test('what comes while a write runs is the next write; two polls of a feed are never in one', async () => {
  const writes: FeedId[][] = [];
  const later: Promise<boolean>[] = [];
  const saver = openPollSaver(async (lines) => {
    writes.push(idsOf(lines));
    if (writes.length === 1) later.push(...[3, 4, 3].map((id) => saver.add(lineOf(id))));
    return new Set(idsOf(lines));
  }, 1);
  await Promise.all([1, 2].map((id) => saver.add(lineOf(id))));
  assert.deepEqual(await Promise.all(later), [true, true, true]);
  assert.deepEqual(writes, [[1, 2], [3, 4], [3]]);
});

test('a poll that cannot be written costs itself, never the others', async () => {
  const saver = openPollSaver(async (lines) => {
    if (idsOf(lines).includes(feedId(2))) throw new Error('poison');
    return new Set(idsOf(lines));
  }, 1);
  const results = await Promise.allSettled([1, 2, 3].map((id) => saver.add(lineOf(id))));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});
