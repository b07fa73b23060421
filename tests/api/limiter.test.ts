import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openLimiter } from '../../src/api/limiter.ts';

test('never gives more than the burst and what came in since, whatever is asked when', () => {
  const step = fc.record({ waitMs: fc.integer({ min: -1000, max: 90_000 }), wanted: fc.integer({ min: 0, max: 300 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const limiter = openLimiter(120);
      let [at, latest, taken] = [1_000_000, 1_000_000, 0];
      const start = at;
      for (const { waitMs, wanted } of steps) {
        at += waitMs;
        const got = limiter.take('a', wanted, new Date(at));
        assert.ok(got >= 0 && got <= wanted);
        taken += got;
        latest = Math.max(latest, at);
        if (waitMs < 0) return;
      }
      assert.ok(taken <= 120 + ((latest - start) / 60_000) * 120 + 1e-6);
    }),
  );
});

test('comes back within a minute', () => {
  const limiter = openLimiter(60);
  const start = Date.now();
  assert.equal(limiter.take('a', 100, new Date(start)), 60);
  assert.equal(limiter.take('a', 1, new Date(start + 500)), 0);
  assert.equal(limiter.take('b', 1, new Date(start + 500)), 1);
  assert.equal(limiter.take('a', 100, new Date(start + 10_000)), 10);
  assert.equal(limiter.take('a', 100, new Date(start + 130_000)), 60);
});
