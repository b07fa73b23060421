import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ownThread, threadTime } from '../../src/feeds/thread-time.ts';

const hasProc = existsSync('/proc/thread-self/schedstat');

function burn(ms: number): void {
  const { user } = process.cpuUsage();
  while (process.cpuUsage().user - user < ms * 1000);
}

test('the time of a thread grows with its work, and is never more than that of all', () => {
  const [ofThread, ofAll] = [threadTime(ownThread()), threadTime(0)];
  const used = () => threadTime(ownThread()) - ofThread;
  // Other threads of this process may have their part of each turn.
  for (let turns = 0; turns < 10 && used() < 40; turns++) burn(50);
  const [own, all] = [used(), threadTime(0) - ofAll];
  assert.ok(own >= 40 && own < all + 20, `${own} ms of ${all}`);
});

test('a thread that sleeps uses nothing, however busy the others are', { skip: !hasProc }, async () => {
  const code = `const { parentPort } = require('node:worker_threads');
    parentPort.postMessage(Number(require('node:fs').readlinkSync('/proc/thread-self').split('/').pop()));
    parentPort.on('message', () => {});`;
  const worker = new Worker(code, { eval: true });
  const thread = await new Promise<number>((resolve) => worker.once('message', resolve));
  await sleep(20);
  const before = threadTime(thread);
  burn(100);
  const used = threadTime(thread) - before;
  await worker.terminate();
  assert.ok(used < 50, `${used} ms`);
});

test('where no thread is known the time of the whole process stands for it', () => {
  const before = threadTime(0);
  burn(30);
  assert.ok(threadTime(0) - before >= 25);
});
