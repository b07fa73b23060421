import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArticleId } from '../../src/ids.ts';
import { movementOf, ranksOf, tenureOf } from '../../src/ranking/movement.ts';

const [a, b, c] = ['a', 'b', 'c'] as ArticleId[] as [ArticleId, ArticleId, ArticleId];
const now = new Date('2026-11-26T03:00:00Z');

test('movement tells a rank against the one before', () => {
  const before = ranksOf([a, b]);
  assert.deepEqual(movementOf(b, 1, before), { previousRank: 2, movement: 'up' });
  assert.deepEqual(movementOf(a, 2, before), { previousRank: 1, movement: 'down' });
  assert.deepEqual(movementOf(a, 1, before), { previousRank: 1, movement: 'same' });
  assert.deepEqual(movementOf(c, 1, before), { previousRank: null, movement: 'new' });
});

test('peak and time on the list go on from the list just before, and start anew after a break', () => {
  const since = '2026-11-26T01:00:00.000Z';
  assert.deepEqual(tenureOf(4, { since, peakRank: 2 }, now), { since, peakRank: 2 });
  assert.deepEqual(tenureOf(1, { since, peakRank: 2 }, now), { since, peakRank: 1 });
  assert.deepEqual(tenureOf(4, undefined, now), { since: now.toISOString(), peakRank: 4 });
});
