import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openKept } from '../../src/api/kept.ts';
import { CodedError } from '../../src/errors.ts';

test('who asks together waits together, and a value is read again when it is old', async () => {
  let loads = 0;
  const kept = openKept(20, 10, async (key: string) => ({ key, loads: ++loads }));
  const [one, other] = await Promise.all([kept('a', 'a'), kept('a', 'a')]);
  assert.deepEqual([one, other], [{ key: 'a', loads: 1 }, one]);
  await sleep(30);
  assert.equal((await kept('a', 'a')).loads, 2);
});

test('a failure is the error that it was where nothing is known, and leaves the old value where something is', async () => {
  const answers: (object | Error)[] = [new CodedError('article-unknown', 'x'), { first: true }, new Error('away')];
  const kept = openKept(20, 10, async (_key: string) => {
    const answer = answers.shift() ?? { last: true };
    if (answer instanceof Error) throw answer;
    return answer;
  });
  await assert.rejects(kept('a', 'a'), { code: 'article-unknown' });
  assert.deepEqual(await kept('a', 'a'), { first: true });
  await sleep(30);
  assert.deepEqual(await kept('a', 'a'), { first: true }, 'the old value, though it failed');
  await sleep(30);
  assert.deepEqual(await kept('a', 'a'), { last: true });
});
