import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { closeRedis, openRedis } from '../../src/engines/redis.ts';
import { startValkey } from '../../src/engines/valkey.ts';
import { startChild } from '../support/children.ts';

const fail = (error: Error) => {
  throw error;
};

test('two of them run beside each other, each with its own keys and password, on loopback only', async () => {
  const [one, two] = await Promise.all([startValkey(), startValkey()]);
  const [a, b] = await Promise.all([openRedis(one.url, 'commands', fail), openRedis(two.url, 'commands', fail)]);
  await a.set('key', 'one');
  assert.equal(await b.get('key'), null);
  assert.equal(new URL(one.url).hostname, '127.0.0.1');
  assert.notEqual(new URL(one.url).password, new URL(two.url).password);
  await Promise.all([closeRedis(a), closeRedis(b)]);
  await Promise.all([one.close(), two.close()]);
});

test('lets nobody in without its password', async () => {
  const { url, close } = await startValkey();
  const stranger = new Redis(url.replace(/:\/\/.*@/, '://'), { lazyConnect: true, retryStrategy: null });
  stranger.on('error', () => {});
  await assert.rejects(stranger.connect());
  await close();
});

test('a round trip does not wait for a timer', async () => {
  const { url, close } = await startValkey();
  const redis = await openRedis(url, 'commands', fail);
  const took: number[] = [];
  for (let round = 0; round < 50; round++) {
    const started = performance.now();
    await redis.incr('round');
    took.push(performance.now() - started);
  }
  // With one step at a time the timer is waited for, 10 ms, and unpatched 100; on a busy machine most may take longer.
  const [, , , some = 0] = took.sort((a, b) => a - b);
  assert.ok(some < 5, `${took}`);
  await closeRedis(redis);
  await close();
});

test('prints nothing, and holds the process no longer once it is closed', async (t) => {
  const child = startChild(
    t,
    `const { startValkey } = await import(root + 'src/engines/valkey.ts');
     const { openRedis, closeRedis } = await import(root + 'src/engines/redis.ts');
     const { url, close } = await startValkey();
     const redis = await openRedis(url, 'commands', () => {});
     await redis.set('a', 1);
     await closeRedis(redis);
     await close();`,
  );
  assert.deepEqual(await child.ended(), { code: 0, stderr: '' });
  await assert.rejects(child.line(), /the child ended/);
});

test('tells when it dies', async (t) => {
  const child = startChild(
    t,
    `const { startValkey } = await import(root + 'src/engines/valkey.ts');
     const { Worker } = await import('node:worker_threads');
     let thread;
     const { on } = Worker.prototype;
     Worker.prototype.on = function (...args) { thread = this; return on.apply(this, args); };
     await startValkey((error) => console.log('died: ' + error.message));
     await thread.terminate();`,
  );
  assert.equal(await child.line(), 'died: its thread ended');
  assert.equal((await child.ended()).code, 0);
});
