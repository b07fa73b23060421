import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ArticleId, newArticleId, SHARDS, shardOf } from '../../src/ids.ts';
import { openBatches } from '../../src/views/batches.ts';
import { type Done, promised } from '../../src/views/done.ts';
import { MAX_BATCH, type Read, type Recorded } from '../../src/views/record.ts';

const NOW = new Date('2026-03-01T10:07:00Z');

/** An article of each shard. */
const articles = new Map<number, ArticleId>();
for (let n = 0; articles.size < SHARDS; n++) {
  const id = newArticleId(NOW, n);
  articles.set(shardOf(id), id);
}

const readOf = (shard: number): Read => ({
  ...{ article: articles.get(shard) as ArticleId, categories: [], at: NOW, isTimeNamed: false, isBox: false },
  ...{ visitor: '1', visitorBefore: undefined },
});

test('shards go in turns, and each has its own within the time that reads gather', async () => {
  const calls: { shard: number; reads: number; at: number; turn: number }[] = [];
  let turn = 0;
  const batches = openBatches(
    async (shard, reads) => {
      calls.push({ shard, reads: reads.length, at: performance.now(), turn });
      return reads.map(() => true);
    },
    80,
    (send) => {
      turn++;
      send();
    },
  );
  const startedAt = performance.now();
  const all = Array.from({ length: SHARDS }, (_, shard) => shard);
  await Promise.all(
    all
      .flatMap((shard) => [readOf(shard), readOf(shard)])
      .map((read) => promised((done: Done<readonly Recorded[]>) => batches.add([read], startedAt, done))),
  );
  assert.deepEqual(
    calls.map(({ shard }) => shard).sort((a, b) => a - b),
    all,
  );
  assert.ok(calls.every(({ reads }) => reads === 2));
  assert.equal(new Set(calls.map((call) => call.turn)).size, 8);
  assert.equal(batches.waiting(), 0);
});

test('a read that comes while its shard is away goes with the next call', async () => {
  const sizes: number[] = [];
  const batches = openBatches(async (_, reads) => {
    sizes.push(reads.length);
    await sleep(30);
    return reads.map(() => true);
  }, 0);
  const add = () => promised((done: Done<readonly Recorded[]>) => batches.add([readOf(3)], performance.now(), done));
  const first = add();
  while (sizes.length === 0) await sleep(1);
  await Promise.all([first, add(), add()]);
  assert.deepEqual(sizes, [1, 2]);
});

test('a call is told when the first of its own reads came, however long others have waited before them', async () => {
  const calls: { reads: number; since: number }[] = [];
  let answer = () => {};
  const batches = openBatches(async (_, reads, since) => {
    calls.push({ reads: reads.length, since });
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return reads.map(() => true);
  }, 0);
  const add = (count: number, since: number) => batches.add(Array<Read>(count).fill(readOf(3)), since, () => {});
  const call = async (number: number) => {
    while (calls.length < number) await sleep(1);
  };
  add(MAX_BATCH + 100, 1);
  await call(1);
  for (const [number, since] of [2, 3, 4].entries()) {
    add(MAX_BATCH, since);
    answer();
    await call(number + 2);
  }
  // Something had to be asked first.
  add(1, 0);
  answer();
  await call(5);
  answer();
  await batches.flush();
  assert.deepEqual(calls, [...[1, 1, 2, 3].map((since) => ({ reads: MAX_BATCH, since })), { reads: 101, since: 0 }]);
});

test('a mistake in what hears of one request is told to the process, and to no other request', async () => {
  const batches = openBatches(async (_, reads) => reads.map(() => true), 0);
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const heard = once(process, 'uncaughtException');
  batches.add([readOf(0)], performance.now(), () => {
    throw new Error('a mistake');
  });
  const other = await promised((done: Done<readonly Recorded[]>) => batches.add([readOf(0)], performance.now(), done));
  assert.deepEqual(other, [true]);
  assert.match(String((await heard)[0]), /a mistake/);
  for (const listener of listeners) process.on('uncaughtException', listener);
  await batches.flush();
  assert.equal(batches.waiting(), 0);
});
