import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withoutEchoes } from '../src/without-echoes.ts';

test('the same text is told once in a while, another one at once', async () => {
  const told: string[] = [];
  const tell = withoutEchoes(60_000, (text) => void told.push(text));
  for (const text of ['full', 'full', 'full', 'away', 'away', 'full']) tell(text);
  assert.deepEqual(told, ['full', 'away', 'full']);

  const again: string[] = [];
  const soon = withoutEchoes(20, (text) => void again.push(text));
  soon('full');
  await sleep(40);
  soon('full');
  assert.deepEqual(again, ['full', 'full']);
});
