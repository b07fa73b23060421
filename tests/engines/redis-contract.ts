import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Queue, Worker } from 'bullmq';
import { closeRedis, openRedis, type RedisClient } from '../../src/engines/redis.ts';
import { runScript, type Script } from '../../src/engines/script.ts';

const script = (text: string): Script => ({ text, sha1: createHash('sha1').update(text).digest('hex') });

/** What every Redis must do alike; run over the embedded one, a server and a cluster. Keys share a tag for its sake. */
export function redisContract(engine: string, open: () => Promise<{ url: string; close(): Promise<void> }>): void {
  describe(engine, () => {
    let server: { url: string; close(): Promise<void> };
    let redis: RedisClient;
    const clients: RedisClient[] = [];
    const errors: Error[] = [];
    const connect = async (purpose: 'commands' | 'queue' | 'worker') => {
      const client = await openRedis(server.url, purpose, (error) => errors.push(error));
      clients.push(client);
      return client;
    };

    before(async () => {
      server = await open();
      redis = await connect('commands');
    });
    beforeEach(() => redis.del('{t}:a', '{t}:b', '{t}:c'));
    after(async () => {
      await Promise.all(clients.map(closeRedis));
      await server.close();
      assert.deepEqual(errors, []);
    });

    test('keeps strings, with expiry, and binary ones', async () => {
      assert.equal(await redis.set('{t}:a', 'é', 'EX', 100), 'OK');
      assert.equal(await redis.set('{t}:a', 'x', 'NX'), null);
      assert.equal(await redis.get('{t}:a'), 'é');
      assert.ok((await redis.ttl('{t}:a')) > 90);
      const bytes = Buffer.from([0, 255, 13, 10]);
      await redis.set('{t}:b', bytes);
      assert.deepEqual(await redis.getBuffer('{t}:b'), bytes);
      assert.equal(await redis.get('{t}:c'), null);
    });

    test('keeps hashes, sets and sorted sets', async () => {
      await redis.hset('{t}:a', { one: '1', two: '2' });
      assert.equal(await redis.hincrby('{t}:a', 'one', 4), 5);
      assert.deepEqual(await redis.hgetall('{t}:a'), { one: '5', two: '2' });
      await redis.sadd('{t}:b', 1, 2, 3, 3);
      assert.equal(await redis.scard('{t}:b'), 3);
      await redis.zadd('{t}:c', 2, 'b', 1, 'a', 2, 'c');
      assert.equal(await redis.zincrby('{t}:c', 0.5, 'a'), '1.5');
      assert.deepEqual(await redis.zrange('{t}:c', '0', '-1', 'REV', 'WITHSCORES'), ['c', '2', 'b', '2', 'a', '1.5']);
    });

    test('answers what is sent at once in its order', async () => {
      const replies = await redis.pipeline().set('{t}:a', 1).incr('{t}:a').get('{t}:a').lpush('{t}:a', 1).exec();
      assert.deepEqual(replies?.slice(0, 3), [
        [null, 'OK'],
        [null, 2],
        [null, '2'],
      ]);
      assert.match(String(replies?.[3]?.[0]), /WRONGTYPE/);
      const counts = await Promise.all(Array.from({ length: 500 }, () => redis.incr('{t}:b')));
      assert.deepEqual(
        counts,
        Array.from({ length: 500 }, (_, index) => index + 1),
      );
    });

    test('runs a script that it does not know yet, and one that it forgot', async () => {
      const add = script(
        `return {redis.call('INCRBY', KEYS[1], ARGV[1]), string.format('%.17g', 0.1)} -- ${Math.random()}`,
      );
      assert.deepEqual(await runScript(redis, add, ['{t}:a'], [2]), [2, '0.10000000000000001']);
      assert.deepEqual(await runScript(redis, add, ['{t}:a'], ['3']), [5, '0.10000000000000001']);
      await redis.script('FLUSH');
      assert.deepEqual(await runScript(redis, add, ['{t}:a'], [1]), [6, '0.10000000000000001']);
      assert.equal(await redis.get('{t}:a'), '6');
    });

    test('passes on the error of a script, which is undone in nothing and not run twice', async () => {
      const failing = script("redis.call('INCR', KEYS[1]); return redis.error_reply('BROKEN on purpose')");
      await assert.rejects(runScript(redis, failing, ['{t}:a'], []), /BROKEN on purpose/);
      assert.equal(await redis.get('{t}:a'), '1');
    });

    test('wakes a blocked connection when there is something, and after its time', async () => {
      const blocked = await connect('worker');
      const pop = blocked.blpop('{t}:a', 5);
      await redis.lpush('{t}:a', 'x');
      assert.deepEqual(await pop, ['{t}:a', 'x']);
      assert.equal(await blocked.blpop('{t}:a', 0.05), null);
    });

    test('carries BullMQ jobs, delays and tickers', async () => {
      const name = `contract-${Math.random()}`;
      const options = { prefix: '{newsrank}' };
      const queue = new Queue(name, { ...options, connection: await connect('queue') });
      const seen: string[] = [];
      const work = async (job: { name: string; data: { n?: number } }) => {
        seen.push(job.name);
        if (job.name === 'fails') throw new Error('no');
        return (job.data.n ?? 0) * 2;
      };
      const worker = new Worker(name, work, { ...options, connection: await connect('worker'), concurrency: 4 });
      const failed = once(worker, 'failed');
      const job = await queue.add('double', { n: 21 });
      await queue.add('fails', {});
      await queue.add('later', {}, { delay: 50 });
      await queue.upsertJobScheduler('tick', { every: 100 }, { name: 'tick' });
      await failed;
      while (seen.filter((one) => one === 'tick').length < 2 || !seen.includes('later'))
        await once(worker, 'completed');
      assert.equal((await queue.getJob(job.id ?? ''))?.returnvalue, 42);
      assert.equal(await queue.removeJobScheduler('tick'), true);
      await worker.close(true);
      await queue.obliterate({ force: true });
      await queue.close();
    });

    test('hands each of two workers jobs of a bulk, each job once', async () => {
      const name = `bulk-${Math.random()}`;
      const options = { prefix: '{newsrank}' };
      const queue = new Queue(name, { ...options, connection: await connect('queue') });
      const numbers = Array.from({ length: 200 }, (_, n) => n);
      const seen: number[] = [];
      const progress = new EventEmitter();
      const work = async (job: { data: { n: number } }) => {
        if (seen.push(job.data.n) === numbers.length) progress.emit('done');
        return {};
      };
      const open = async () =>
        new Worker(name, work, { ...options, connection: await connect('worker'), concurrency: 8 });
      const workers = [await open(), await open()];
      const done = once(progress, 'done');
      await queue.addBulk(numbers.map((n) => ({ name: 'n', data: { n }, opts: { deduplication: { id: `d${n}` } } })));
      await done;
      // By force, as the product does (workers/start.ts): on a cluster an orderly close may wait for ever.
      await Promise.all(workers.map((worker) => worker.close(true)));
      assert.deepEqual(
        seen.toSorted((a, b) => a - b),
        numbers,
      );
      await queue.obliterate({ force: true });
      await queue.close();
    });
  });
}
