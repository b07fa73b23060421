import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pastReads } from '../../src/demo/past-reads.ts';

const NOW = new Date('2026-11-23T03:00:00Z');
const HOUR = 3_600_000;
const old = { id: 'old', publishedAt: NOW.getTime() - 6 * HOUR };
const young = { id: 'young', publishedAt: NOW.getTime() - 60_000 };

test('stories were read after they came out, most of them soon after, and not in the future', () => {
  const reads = pastReads([old, young], NOW, () => 10);
  assert.ok(reads.length > 100);
  assert.ok(reads.every(({ article }) => article === 'old'));
  const times = reads.map(({ at }) => Date.parse(at));
  assert.deepEqual(
    times,
    [...times].sort((one, other) => one - other),
  );
  assert.ok(times.every((at) => at >= old.publishedAt && at < NOW.getTime()));
  const soon = times.filter((at) => at < old.publishedAt + 2 * HOUR).length;
  assert.ok(soon > times.length / 2);
});

test('who reports them again names the same readers at the same times', () => {
  assert.deepEqual(
    pastReads([old], NOW, () => 3),
    pastReads([old], NOW, () => 3),
  );
  const later = pastReads([old], new Date(NOW.getTime() + HOUR), () => 3);
  assert.deepEqual(later.slice(0, 5), pastReads([old], NOW, () => 3).slice(0, 5));
});
