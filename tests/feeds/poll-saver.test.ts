import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPollSaver } from '../../src/feeds/poll-saver.ts';
import { type PollRow, pollRow } from '../../src/feeds/save-poll.ts';
import { type FeedId, feedId } from '../../src/ids.ts';
import { middle, NOW, pollOf, targetOf } from './poll-fixtures.ts';

const NOTHING = { inserted: 0, updated: 0, unchanged: 0, rejected: 0 };
const LIMITS = { minSeconds: 300, maxSeconds: 21_600, isOwnOutage: false };

const rowOf = (id: number): PollRow =>
  pollRow(targetOf({ id: feedId(id) }), pollOf({ kind: 'unchanged' }), NOTHING, LIMITS, NOW, middle);

const idsOf = (rows: readonly PollRow[]): FeedId[] => rows.map(({ target }) => target.id);

test('polls that end together are one write, and each hears of itself', async () => {
  const writes: FeedId[][] = [];
  const saver = openPollSaver(async (rows) => {
    writes.push(idsOf(rows));
    return new Set([feedId(1), feedId(3)]);
  }, 1);
  assert.deepEqual(await Promise.all([1, 2, 3].map((id) => saver.add(rowOf(id)))), [true, false, true]);
  assert.equal(await saver.add(rowOf(3)), true);
  assert.deepEqual(writes, [[1, 2, 3], [3]]);
});

test('what comes while a write runs is the next write; two polls of a feed are never in one', async () => {
  const writes: FeedId[][] = [];
  const later: Promise<boolean>[] = [];
  const saver = openPollSaver(async (rows) => {
    writes.push(idsOf(rows));
    if (writes.length === 1) later.push(...[3, 4, 3].map((id) => saver.add(rowOf(id))));
    return new Set(idsOf(rows));
  }, 1);
  await Promise.all([1, 2].map((id) => saver.add(rowOf(id))));
  assert.deepEqual(await Promise.all(later), [true, true, true]);
  assert.deepEqual(writes, [[1, 2], [3, 4], [3]]);
});

test('a poll that cannot be written costs itself, never the others', async () => {
  const saver = openPollSaver(async (rows) => {
    if (idsOf(rows).includes(feedId(2))) throw new Error('poison');
    return new Set(idsOf(rows));
  }, 1);
  const results = await Promise.allSettled([1, 2, 3].map((id) => saver.add(rowOf(id))));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});
