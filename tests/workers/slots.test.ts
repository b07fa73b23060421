import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSlots } from '../../workers/slots.ts';

test('no more run at once than there are slots, in the order in which they came', async () => {
  const slots = openSlots(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const all = [0, 1, 2, 3].map((n) =>
    slots.run(async () => {
      begun.push(n);
      await new Promise<void>((resolve) => {
        ends[n] = resolve;
      });
    }),
  );
  assert.deepEqual(begun, [0, 1]);
  ends[1]?.();
  await all[1];
  assert.deepEqual(begun, [0, 1, 2]);
  ends[0]?.();
  ends[2]?.();
  await Promise.all([all[0], all[2]]);
  ends[3]?.();
  await all[3];
  assert.deepEqual(begun, [0, 1, 2, 3]);
});

test('work that fails frees its slot', async () => {
  const slots = openSlots(1);
  await assert.rejects(
    slots.run(async () => {
      throw new Error('no');
    }),
    /no/,
  );
  assert.equal(await slots.run(async () => 'next'), 'next');
});
