import assert from 'node:assert/strict';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { openClosers } from '../src/closers.ts';
import { keepMemoryEven, openCollector } from '../src/even-memory.ts';

const open = () => openClosers((name, error) => assert.fail(`${name}: ${error}`));

/** Counts whole collections that V8 was asked for; those that it makes by itself are none. */
function watchCollections() {
  let count = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind, flags = 0 } = (entry as { detail?: { kind: number; flags: number } }).detail ?? {};
      const isAsked = (flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0;
      if (kind === constants.NODE_PERFORMANCE_GC_MAJOR && isAsked) count++;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return { count: () => count, stop: () => observer.disconnect() };
}

test('a process that answers no reader has its garbage collected again and again, until it closes', async () => {
  const [closers, collections] = [open(), watchCollections()];
  keepMemoryEven(new Set(['ranker', 'counter']), closers, 50);
  const deadline = performance.now() + 20_000;
  while (collections.count() < 2) {
    assert.ok(performance.now() < deadline, `${collections.count()} collections`);
    await sleep(10);
  }
  await closers.closeAll();
  // One may be told late.
  await sleep(100);
  const before = collections.count();
  await sleep(300);
  assert.equal(collections.count(), before);
  collections.stop();
});

test('one that answers readers is left to V8', async () => {
  const [closers, collections] = [open(), watchCollections()];
  keepMemoryEven(new Set(['api', 'ranker']), closers, 10);
  await sleep(200);
  assert.equal(collections.count(), 0);
  await closers.closeAll();
  collections.stop();
});

test('what lives is moved together, so that garbage between it holds no pages', async () => {
  const before = oldSpaceMb();
  let kept = Array.from({ length: 400_000 }, (_, index) => ({ index, of: [index] }));
  const collect = openCollector();
  collect();
  collect();
  const full = oldSpaceMb();
  kept = kept.filter(({ index }) => index % 3 === 0);
  for (let count = 0; count < 3; count++) collect();
  const [gained, left] = [full - before, oldSpaceMb() - before];
  assert.equal(kept.length, 133_334);
  assert.ok(gained > 20, `${gained} MB`);
  assert.ok(left < gained / 2, `${left} MB of ${gained}`);
});

function oldSpaceMb(): number {
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space');
  return (space?.space_size ?? Number.NaN) / 1e6;
}
