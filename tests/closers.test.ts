import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClosers } from '../src/closers.ts';

test('what was opened last is closed first, once, and a failing closer stops no other', async () => {
  const closed: string[] = [];
  const failed: string[] = [];
  const closers = openClosers((name, message) => failed.push(`${name}: ${message}`));
  closers.add('first', () => void closed.push('first'));
  closers.add('second', () => Promise.reject(new Error('stuck')));
  closers.add('third', async () => void closed.push('third'));
  await closers.closeAll();
  await closers.closeAll();
  assert.deepEqual(closed, ['third', 'first']);
  assert.deepEqual(failed, ['second: stuck']);
});

test('a closer that takes long is named, and waited for', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const told: string[] = [];
  const closers = openClosers((name, message) => told.push(`${name}: ${message}`));
  let close = () => {};
  closers.add(
    'slow',
    () =>
      new Promise<void>((resolve) => {
        close = resolve;
      }),
  );
  const closed = closers.closeAll();
  t.mock.timers.tick(9_999);
  assert.deepEqual(told, []);
  t.mock.timers.tick(1);
  assert.deepEqual(told, ['slow: still open after 10 s; waiting for it']);
  close();
  await closed;
  t.mock.timers.tick(60_000);
  assert.equal(told.length, 1);
});
