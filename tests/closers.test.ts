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
