import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { keepTicking, openQueue, openWorker } from '../../src/queues/open.ts';
import { openTestRedis } from '../support/engines.ts';
import { eventually } from '../support/product.ts';

const EVERY = 200;
const KEY = '{newsrank}:clean-up';
let engine: Awaited<ReturnType<typeof openTestRedis>>;

before(async () => {
  engine = await openTestRedis();
});
after(() => engine.close());

test('a ticker whose worker was killed before it ordered the next job ticks again, in one chain', async () => {
  const { redis } = engine;
  const queue = openQueue('clean-up', redis, () => undefined);
  await keepTicking(queue, EVERY, new Date());
  const { next = 0 } = (await queue.getJobScheduler('clean-up')) ?? {};
  // What is left of a worker that was killed just then: its job among the active ones, and none behind it.
  assert.notEqual(await redis.rpoplpush(`${KEY}:wait`, `${KEY}:active`), null);
  const coming = () => queue.getJobCountByTypes('waiting', 'delayed');

  await keepTicking(queue, EVERY, new Date(next + 1000));
  assert.equal(await coming(), 0, 'within its patience');
  await keepTicking(queue, EVERY, new Date(next + 3000));
  assert.equal(await coming(), 1);

  let ticks = 0;
  const connection = redis.duplicate();
  const worker = openWorker('clean-up', connection, 1, async () => ({ ticks: ++ticks }), {
    onError: () => undefined,
    onStalled: () => undefined,
  });
  void worker.run();
  await eventually('ticks', async () => ticks >= 4);
  assert.ok((await coming()) <= 1, 'one chain');
  await worker.close();
  await queue.close();
  connection.disconnect();
});

test('a ticker whose next job was ordered by a clock that was ahead ticks again now', async (t) => {
  const { redis } = engine;
  await redis.flushdb();
  const queue = openQueue('clean-up', redis, () => undefined);
  const HOUR = 3_600_000;
  const now = Date.now();
  t.mock.timers.enable({ apis: ['Date'], now: now + HOUR });
  await keepTicking(queue, EVERY, new Date());
  t.mock.timers.reset();
  assert.ok(((await queue.getJobScheduler('clean-up'))?.next ?? 0) >= now + HOUR);

  await keepTicking(queue, EVERY, new Date());
  const { next = 0 } = (await queue.getJobScheduler('clean-up')) ?? {};
  assert.ok(Math.abs(next - Date.now()) < 60_000, 'it was ordered anew, by the clock of now');
  await queue.close();
});
