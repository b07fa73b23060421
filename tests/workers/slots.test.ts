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

test('who runs last runs after all who came later', async () => {
  const slots = openSlots(1);
  const order: string[] = [];
  let free: () => void = () => {};
  const first = slots.run(() => new Promise<void>((resolve) => (free = resolve)));
  const note = (name: string) => async () => void order.push(name);
  const others = [slots.runLast(note('last')), slots.run(note('second')), slots.run(note('third'))];
  free();
  await Promise.all([first, ...others]);
  assert.deepEqual(order, ['second', 'third', 'last']);
});

test('work on each of many takes one place in the line, and none is begun before its turn', async () => {
  const slots = openSlots(2);
  const order: string[] = [];
  const work = (name: string) => async (item: number) => {
    order.push(`${name}${item}`);
    await new Promise((resolve) => setImmediate(resolve));
    if (item === 1) throw new Error('costs nobody else anything');
  };
  const first = slots.runEach([0, 1, 2], work('a'));
  const last = slots.runLast(async () => void order.push('last'));
  const second = slots.runEach([0, 1], work('b'));
  assert.deepEqual(order, ['a0', 'a1']);
  await Promise.all([first, second, last, slots.runEach([], work('none'))]);
  assert.deepEqual(order, ['a0', 'a1', 'a2', 'b0', 'b1', 'last']);
});
