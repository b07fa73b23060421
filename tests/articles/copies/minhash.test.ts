import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BANDS, bandsOf, joinSignatures, SIGNATURE_SIZE, signatureOf } from '../../../src/articles/copies/minhash.ts';
import { containment, distinct, fmix32, jaccard, shinglesOf } from '../../../src/articles/copies/shingles.ts';

const sorted = (hashes: readonly number[]) => distinct(Uint32Array.from(hashes));
const hash = fc.integer({ min: 0, max: 0xffffffff });

/** The share of shingles that two texts have in common, estimated from their signatures. */
function estimateJaccard(a: Uint32Array, b: Uint32Array): number {
  let same = 0;
  for (let index = 0; index < a.length; index++) if (a[index] === b[index]) same += 1;
  return same / a.length;
}

test('the estimate is near the exact similarity, over all of its range', () => {
  // Even numbers close to each other: a family of hash functions that keeps their order fails here.
  let [squares, worst] = [0, 0];
  const trials = 200;
  for (let trial = 0; trial < trials; trial++) {
    const common = (trial % 20) * 5;
    const a = sorted(Array.from({ length: 100 }, (_, index) => fmix32(trial * 1000 + index)));
    const b = sorted(Array.from({ length: 100 }, (_, index) => fmix32(trial * 1000 + index + 100 - common)));
    const error = estimateJaccard(signatureOf(a), signatureOf(b)) - jaccard(a, b);
    squares += error ** 2;
    worst = Math.max(worst, Math.abs(error));
  }
  // √(J(1−J)/128) is 4.4 % at most.
  assert.ok(Math.sqrt(squares / trials) < 0.044, `${Math.sqrt(squares / trials)}`);
  assert.ok(worst < 0.16, `${worst}`);
});

test('similar texts share a band, and others do not', () => {
  const shared = (common: number) => {
    let sharing = 0;
    for (let trial = 0; trial < 100; trial++) {
      const of = (from: number) => sorted(Array.from({ length: 100 }, (_, i) => fmix32(trial * 9973 + from + i)));
      const bands = new Set(bandsOf(signatureOf(of(0))));
      if (bandsOf(signatureOf(of(100 - common))).some((band) => bands.has(band))) sharing += 1;
    }
    return sharing;
  };
  assert.ok(shared(80) >= 97, 'J = 0.67');
  assert.ok(shared(60) >= 50, 'J = 0.43');
  assert.ok(shared(10) <= 5, 'J = 0.05');
});

test('a signature does not depend on the order, and the first bands are those of a shorter one', () => {
  fc.assert(
    fc.property(fc.uniqueArray(hash, { minLength: 1, maxLength: 40 }), (hashes) => {
      const bands = bandsOf(signatureOf(sorted(hashes)));
      assert.equal(bands.length, BANDS);
      assert.deepEqual(bandsOf(signatureOf(sorted(hashes.toReversed()))), bands);
      assert.deepEqual(bandsOf(signatureOf(sorted(hashes)).subarray(0, SIGNATURE_SIZE / 4)), bands.slice(0, BANDS / 4));
      const halves = [hashes.slice(0, 7), hashes.slice(7)].map((half) => signatureOf(sorted(half)));
      assert.deepEqual(bandsOf(joinSignatures(...(halves as [Uint32Array, Uint32Array]))), bands);
      assert.ok(
        bands.every((band) => band === (band | 0)),
        'fits an integer of PostgreSQL',
      );
    }),
    { numRuns: 30 },
  );
});

test('the similarity of sets has its bounds and its symmetry', () => {
  const set = fc.uniqueArray(fc.nat(60), { maxLength: 30 }).map(sorted);
  fc.assert(
    fc.property(set, set, (a, b) => {
      const [both, either] = [[...a].filter((one) => b.includes(one)).length, new Set([...a, ...b]).size];
      assert.equal(jaccard(a, b), either === 0 ? 0 : both / either);
      assert.equal(jaccard(a, b), jaccard(b, a));
      assert.ok(containment(a, b) >= jaccard(a, b) && containment(a, b) <= 1);
    }),
  );
});

test('shingles are four Latin characters and two of Japanese', () => {
  assert.equal(shinglesOf('abcdef').length, 3);
  assert.equal(shinglesOf('日銀利上げ').length, 4);
  assert.equal(shinglesOf('ab').length, 1);
  assert.equal(shinglesOf('').length, 0);
  assert.ok(shinglesOf('ntt日銀').length >= 2, 'pairs after a short Latin word are not lost');
  assert.equal(jaccard(shinglesOf('ntt日銀'), shinglesOf('日銀')) > 0, true);
});
