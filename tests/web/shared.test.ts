import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedFor } from '../../src/web/shared.ts';

test('those who come together share a load; later ones cause the next', async () => {
  let now = 0;
  let loads = 0;
  const load = sharedFor(
    () => new Date(now),
    1000,
    async () => ++loads,
  );
  assert.deepEqual(await Promise.all([load(), load()]), [1, 1]);
  now = 999;
  assert.equal(await load(), 1);
  now = 1000;
  assert.equal(await load(), 2);
});

test('a failure is not kept', async () => {
  let loads = 0;
  const load = sharedFor(
    () => new Date(0),
    1000,
    async () => {
      loads += 1;
      if (loads === 1) throw new Error('away');
      return 'back';
    },
  );
  await assert.rejects(load(), /away/);
  assert.equal(await load(), 'back');
});

test('a clock that is set back does not keep an answer for ever', async () => {
  let now = 5000;
  let loads = 0;
  const load = sharedFor(
    () => new Date(now),
    1000,
    async () => ++loads,
  );
  await load();
  now = 0;
  assert.equal(await load(), 2);
});
