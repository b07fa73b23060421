import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
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

test('a closer that takes long is named, and waited for', async () => {
  const told: string[] = [];
  const closers = openClosers((name, message) => told.push(`${name}: ${message}`), { lateMs: 10 });
  closers.add('quick', () => {});
  closers.add('slow', () => sleep(50));
  await closers.closeAll();
  await sleep(50);
  assert.deepEqual(told, ['slow: still open after 0.01 s; waiting for it']);
});

test('when time is up what is left begins to close, and nothing is waited for', async () => {
  const [told, closed]: [string[], string[]] = [[], []];
  const closers = openClosers((name, message) => told.push(`${name}: ${message}`), { limitMs: 50 });
  closers.add('first', async () => void closed.push('first'));
  closers.add('stuck as well', () => new Promise(() => closed.push('stuck as well')));
  closers.add('stuck', () => new Promise(() => closed.push('stuck')));
  closers.add('quick', (begunAt) => void closed.push(`quick, ${performance.now() - begunAt < 50}`));
  const startedAt = performance.now();
  await closers.closeAll();
  assert.ok(performance.now() - startedAt < 1000);
  assert.deepEqual(closed, ['quick, true', 'stuck', 'stuck as well', 'first']);
  const givenUp = 'still open 0.05 s after the stop began; given up';
  assert.deepEqual(told, [`stuck: ${givenUp}`, `stuck as well: ${givenUp}`]);
});
