import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffSeconds } from '../../src/feeds/backoff.ts';
import type { FailureClass } from '../../src/feeds/feed.ts';

const DAY = 86_400;
const failure = fc.constantFrom<FailureClass>(
  ...(['dns', 'connect', 'tls', 'timeout', 'http-4xx', 'http-5xx', 'too-large'] as const),
  ...(['blocked-address', 'redirect-loop', 'not-a-feed', 'parse'] as const),
);
const chance = fc.double({ min: 0, max: 0.999, noNaN: true });

test('each failure in a row waits as long as the one before or longer, jitter aside', () => {
  fc.assert(
    fc.property(failure, fc.nat(10_000), fc.nat({ max: DAY }), chance, (kind, failures, interval, roll) => {
      const random = () => roll;
      const wait = backoffSeconds(kind, failures, interval, random);
      assert.ok(backoffSeconds(kind, failures + 1, interval, random) >= wait);
    }),
  );
});

test('jitter is a fifth at most, and the longest wait a day, or a week for what the server refuses', () => {
  fc.assert(
    fc.property(failure, fc.nat(10_000), fc.integer({ min: 1, max: DAY }), chance, (kind, failures, interval, roll) => {
      const middle = backoffSeconds(kind, failures, interval, () => 0.5);
      const wait = backoffSeconds(kind, failures, interval, () => roll);
      assert.ok(Math.abs(wait - middle) <= 0.2 * middle + 1e-6);
      assert.ok(middle > 0 && middle <= (kind === 'http-4xx' ? 7 * DAY : DAY));
    }),
  );
});

test('the first retry comes no later than the next poll would have come', () => {
  fc.assert(
    fc.property(failure, fc.integer({ min: 1, max: DAY }), (kind, interval) => {
      assert.ok(backoffSeconds(kind, 1, interval, () => 0.5) <= interval);
    }),
  );
});
