import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ArticleId } from '../../src/ids.ts';
import { fillThin } from '../../src/ranking/thin.ts';
import type { Entry } from '../../src/ranking/top.ts';

const entry = (id: string, reads: number): Entry => ({ id: id as ArticleId, score: reads, reads });
const good = ['a', 'b', 'c', 'd', 'e'].map((id) => entry(id, 3));

test('five items with three reads each are enough', () => {
  const { placed, confidence } = fillThin(good, [{ fill: '7d', entries: [entry('x', 9)] }]);
  assert.equal(confidence, 'ok');
  assert.deepEqual(
    placed.map(({ id, fill }) => [id, fill]),
    good.map(({ id }) => [id, undefined]),
  );
});

test('five items, one of them with two reads, are thin, but there is nothing to fill', () => {
  const own = [...good.slice(1), entry('z', 2)];
  const { placed, confidence } = fillThin(own, [{ fill: '7d', entries: [entry('x', 9)] }]);
  assert.equal(confidence, 'thin');
  assert.equal(placed.length, 5);
});

test('sources fill in their order, with their own reads, after the own items', () => {
  const { placed } = fillThin(
    [entry('a', 1)],
    [
      { fill: '7d', entries: [entry('b', 8), entry('a', 8)] },
      { fill: 'site', entries: [entry('b', 90), entry('c', 80), entry('d', 70), entry('e', 60)] },
    ],
  );
  assert.deepEqual(
    placed.map(({ id, reads, fill }) => [id, reads, fill]),
    [
      ['a', 1, undefined],
      ['b', 8, '7d'],
      ['c', 80, 'site'],
      ['d', 70, 'site'],
      ['e', 60, 'site'],
    ],
  );
});

test('nothing anywhere is empty', () => {
  assert.deepEqual(fillThin([], [{ fill: 'site', entries: [] }]), { placed: [], confidence: 'empty' });
});

test('whatever comes in: own items first and whole, no article twice, filled to five at most', () => {
  const entries = fc.uniqueArray(
    fc.record({ id: fc.integer({ min: 0, max: 30 }), reads: fc.integer({ min: 1, max: 6 }) }),
    { selector: ({ id }) => id, maxLength: 12 },
  );
  const list = entries.map((values) => values.map(({ id, reads }) => entry(String(id), reads)));
  fc.assert(
    fc.property(list, list, list, (own, wider, site) => {
      const { placed, confidence } = fillThin(own, [
        { fill: '7d', entries: wider },
        { fill: 'site', entries: site },
      ]);
      assert.deepEqual(
        placed.slice(0, own.length).map(({ id, fill }) => [id, fill]),
        own.map(({ id }) => [id, undefined]),
      );
      assert.equal(new Set(placed.map(({ id }) => id)).size, placed.length);
      const all = new Set([...own, ...wider, ...site].map(({ id }) => id)).size;
      const isOk = own.filter(({ reads }) => reads >= 3).length >= 5;
      assert.equal(confidence, isOk ? 'ok' : all === 0 ? 'empty' : 'thin');
      assert.equal(placed.length, Math.max(own.length, Math.min(5, all)));
    }),
  );
});
