import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ArticleId, newArticleId } from '../../src/ids.ts';
import { isRecent, keepLastPlace, timelessScore } from '../../src/ranking/popular.ts';
import type { Entry } from '../../src/ranking/top.ts';

const entry = (id: string, decayed: number): Entry => ({ id: id as ArticleId, score: Math.log2(decayed), reads: 1 });
const ids = (entries: readonly Entry[]) => entries.map(({ id }) => id).join('');
const box = (text: string) => new Set([...text] as ArticleId[]);
const leaders = ['a', 'b', 'c', 'd'].map((id) => entry(id, 200));

test('a newcomer within 5 % of the last one waits behind it', () => {
  const ordered = [...leaders, entry('n', 104.9), entry('m', 104), entry('e', 100), entry('f', 90)];
  assert.equal(ids(keepLastPlace(ordered, box('abcde'))), 'abcdenmf');
});

test('a newcomer more than 5 % ahead takes the last place', () => {
  const ordered = [...leaders, entry('n', 105.1), entry('e', 100)];
  assert.equal(ids(keepLastPlace(ordered, box('abcde'))), 'abcdne');
});

test('where editors have places of the box, the last of the others is kept', () => {
  const ordered = [...leaders.slice(0, 3), entry('n', 104.9), entry('d', 100), entry('e', 90)];
  assert.equal(ids(keepLastPlace(ordered, box('abcd'), 4)), 'abcdne');
  assert.equal(ids(keepLastPlace(ordered, box('abc'), 3)), 'abcnde');
  assert.equal(ids(keepLastPlace(ordered, box(''), 0)), 'abcnde');
});

test('who was in the box moves freely, and so does a newcomer where nobody is pushed out', () => {
  const ordered = [...leaders, entry('e', 100), entry('f', 99)];
  assert.equal(ids(keepLastPlace(ordered, box('abcde'))), 'abcdef');
  assert.equal(ids(keepLastPlace(ordered, box('abcd'))), 'abcdef');
  assert.equal(ids(keepLastPlace(ordered, box(''))), 'abcdef');
  assert.equal(ids(keepLastPlace(leaders, box('abcd'))), 'abcd');
});

test('the same articles stay, the first four are never touched, and a second look changes nothing', () => {
  const list = fc
    .uniqueArray(fc.constantFrom(...'abcdefghijkl'), { maxLength: 12 })
    .chain((names) =>
      fc.tuple(
        fc.constant(names),
        fc.array(fc.integer({ min: 95, max: 112 }), { minLength: names.length, maxLength: names.length }),
        fc.subarray(names, { maxLength: Math.min(5, names.length) }),
      ),
    );
  fc.assert(
    fc.property(list, ([names, values, previous]) => {
      const ordered = names.map((id, index) => entry(id, values[index] ?? 0)).sort((a, b) => b.score - a.score);
      const settled = keepLastPlace(ordered, box(previous.join('')));
      assert.equal(ids(settled.slice(0, 4)), ids(ordered.slice(0, 4)));
      assert.deepEqual([...settled].sort(byId), [...ordered].sort(byId));
      assert.deepEqual(keepLastPlace(settled, box(ids(settled.slice(0, 5)))), settled);
    }),
  );
});

const byId = (a: Entry, b: Entry) => (a.id < b.id ? -1 : 1);

test('a score means the same behind every landmark', () => {
  const at = 1_795_000_000;
  const scores = [0, 1, 86_411, 40 * 86_400].map((age) => timelessScore(3 * 2 ** (age / 10_800), at - age, 3));
  assert.equal(new Set(scores).size, 1);
  assert.ok(timelessScore(4, at, 3) > timelessScore(3, at, 3));
});

test('articles leave at seven days', () => {
  const now = new Date('2026-11-26T03:00:00Z');
  const bornBefore = (ms: number) => newArticleId(new Date(now.getTime() - ms), 1);
  assert.equal(isRecent(bornBefore(7 * 86_400_000), now), true);
  assert.equal(isRecent(bornBefore(7 * 86_400_000 + 1000), now), false);
});
