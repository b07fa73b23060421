import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openSeen } from '../../../src/views/import/seen.ts';
import { openCovered, openSpans } from '../../../src/views/import/spans.ts';
import { openVisitors } from '../../../src/views/import/visitors.ts';

test('a hash is new once in its half-hour and the one before, as in a plain set', () => {
  const note = fc.tuple(fc.nat(6), fc.nat(3), fc.nat(3));
  fc.assert(
    fc.property(fc.array(note, { maxLength: 200 }), (notes) => {
      const seen = openSeen();
      const plain = new Set<string>();
      for (const [slot, high, low] of notes) {
        const isFirst = !plain.has(`${slot} ${high} ${low || 1}`) && !plain.has(`${slot - 1} ${high} ${low || 1}`);
        if (isFirst) plain.add(`${slot} ${high} ${low || 1}`);
        assert.equal(seen.isFirst(slot, high, low), isFirst);
      }
    }),
  );
});

test('a hundred thousand readers of one article are all different, however alike their names', () => {
  const [seen, visitors] = [openSeen(), openVisitors(new Uint32Array([1, 2]))];
  const agent = visitors.agent('Firefox');
  const count = (article: number) => {
    let first = 0;
    for (let i = 0; i < 100_000; i++) {
      const { high, low } = visitors.hash(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, agent, article);
      if (seen.isFirst(7, high, low)) first++;
    }
    return first;
  };
  assert.deepEqual([count(1), count(2), count(1)], [100_000, 100_000, 0]);
  const underKey = (key: number) => {
    const other = openVisitors(new Uint32Array([key, 2]));
    return other.hash('10.0.0.1', other.agent('Firefox'), 1);
  };
  assert.notDeepEqual(underKey(1), underKey(3));
});

const MINUTE = 60_000;
const T = 1_800_000_000_000;

test('a stray time is a stretch of its own; what lies near joins the one that is there', () => {
  const spans = openSpans();
  for (const minutes of [0, 30, 60, 1_000_000, 90, 61, -20]) spans.add(T + minutes * MINUTE);
  assert.deepEqual(spans.all(), [
    [T - 20 * MINUTE, T + 90 * MINUTE],
    [T + 1_000_000 * MINUTE, T + 1_000_000 * MINUTE],
  ]);
});

test('a log that repeats another is told from one that follows it', () => {
  const span = [T, T + 100 * MINUTE] as const;
  const at = (minutes: number) => T + minutes * MINUTE;
  const repeats = openCovered([span]);
  assert.deepEqual(
    [50, 100, 101, 0, 1].map((minutes) => repeats(at(minutes))),
    [true, true, false, false, true],
  );
  const follows = openCovered([span]);
  assert.deepEqual(
    [99.5, 100, 99, 120].map((minutes) => follows(at(minutes))),
    [false, false, false, false],
  );
  const precedes = openCovered([span]);
  assert.deepEqual(
    [-5, 0, 5, 101].map((minutes) => precedes(at(minutes))),
    [false, false, true, false],
  );
});
