import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { type HostBudget, openHostBudget } from '../../src/feeds/host-budget.ts';
import { openTestRedis } from '../support/engines.ts';
import { later, NOW } from './poll-fixtures.ts';

let redis: Redis;
let close: () => Promise<void>;

before(async () => {
  ({ redis, close } = await openTestRedis());
});
after(() => close());

async function takeMany(budget: HostBudget, host: string, times: number, at = NOW): Promise<number> {
  const waits = await Promise.all(Array.from({ length: times }, () => budget.take(host, at)));
  return waits.filter((wait) => wait === 0).length;
}

test('a burst may spend the whole budget; then requests come free one by one, for all pollers together', async () => {
  const budget = openHostBudget(redis, 60);
  const another = openHostBudget(redis, 60);
  assert.equal(await takeMany(budget, 'a.example', 80), 60);
  assert.equal(await another.take('a.example', NOW), 1);
  assert.equal(await another.take('a.example', later(0.4)), 0.6);
  assert.equal(await takeMany(another, 'a.example', 5, later(1)), 1);
  assert.equal(await takeMany(budget, 'a.example', 50, later(11)), 10);
  assert.equal(await takeMany(budget, 'a.example', 80, later(9000)), 60);
});

test('each host has a budget of its own', async () => {
  const budget = openHostBudget(redis, 1);
  assert.deepEqual([await budget.take('b.example', NOW), await budget.take('c.example', NOW)], [0, 0]);
  assert.equal(await budget.take('b.example', NOW), 60);
  assert.equal(await takeMany(openHostBudget(redis, 1_000_000), 'd.example', 500), 500);
});

test('a batch takes from each of its hosts in one call, in its order', async () => {
  const budget = openHostBudget(redis, 2);
  const hosts = ['h.example', 'i.example', 'h.example', 'h.example', 'i.example'];
  assert.deepEqual(await budget.takeAll(hosts, NOW), [0, 0, 0, 30, 0]);
  assert.deepEqual(await budget.takeAll(['i.example', 'j.example'], NOW), [30, 0]);
  assert.deepEqual(await budget.takeAll([], NOW), []);
});

test('a host that is stopped gets nothing until then, and no burst after', async () => {
  const budget = openHostBudget(redis, 60);
  await budget.stop('e.example', 600, NOW);
  assert.equal(await budget.take('e.example', NOW), 600);
  assert.equal(await budget.take('e.example', later(599)), 1);
  assert.equal(await takeMany(budget, 'e.example', 10, later(600)), 1);
  await budget.stop('e.example', 10, later(100));
  await budget.stop('f.example', 600, NOW);
  await budget.stop('f.example', 10, NOW);
  assert.equal(await budget.take('f.example', NOW), 600, 'the longer stop holds');
});

test('what a budget leaves in Redis goes away by itself', async () => {
  const budget = openHostBudget(redis, 1);
  await budget.take('g.example', NOW);
  const ttl = await redis.pttl('{budget}:g.example');
  assert.ok(ttl > 0 && ttl <= 60_000, `${ttl} ms`);
});

test('a Redis that cannot be reached lets every request pass', async () => {
  const gone = new Redis({ port: 1, lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  gone.on('error', () => {});
  const budget = openHostBudget(gone, 1);
  assert.deepEqual([await budget.take('a.example', NOW), await budget.take('a.example', NOW)], [0, 0]);
  assert.deepEqual(await budget.takeAll(['a.example', 'a.example'], NOW), [0, 0]);
  await budget.stop('a.example', 60, NOW);
  gone.disconnect();
});
