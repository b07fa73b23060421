import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { DAY, MINUTE } from '../../src/clock.ts';
import type { ArticleId } from '../../src/ids.ts';
import { openSalts, visitorHash } from '../../src/views/visitor.ts';
import { openTestRedis } from '../support/engines.ts';

const TODAY = 20_513;
const at = (ms: number): Date => new Date(TODAY * DAY + ms);

let server: Awaited<ReturnType<typeof openTestRedis>>;
before(async () => {
  server = await openTestRedis();
});
after(() => server.close());
beforeEach(async () => {
  await server.redis.flushdb();
});

test('processes share a salt, and days do not', async () => {
  const [one, other] = [openSalts(server.redis, randomBytes, 5000), openSalts(server.redis, randomBytes, 5000)];
  const [mine, yours] = await Promise.all([one.of(TODAY, at(0)), other.of(TODAY, at(0))]);
  assert.equal(mine.length, 32);
  assert.deepEqual(mine, yours);
  assert.notDeepEqual(await one.of(TODAY - 1, at(0)), mine);
});

test('two days later a salt is unknown to everybody; the oldest that lives takes its place', async () => {
  const salts = openSalts(server.redis, randomBytes, 5000);
  const old = await salts.of(TODAY, at(0));
  const later = at(2 * DAY);
  const next = await salts.of(TODAY + 1, later);
  assert.notDeepEqual(next, old);
  assert.deepEqual(await salts.of(TODAY, later), next);
  assert.equal(await server.redis.exists(`salt:${TODAY}`), 1);
  assert.ok((await server.redis.ttl(`salt:${TODAY}`)) <= 2 * 86_400);
});

test('a Redis that was emptied gets the salt of the day back', async () => {
  const salts = openSalts(server.redis, randomBytes, 5000);
  const salt = await salts.of(TODAY, at(0));
  await server.redis.flushdb();
  assert.deepEqual(await salts.of(TODAY, at(2 * MINUTE)), salt);
  assert.deepEqual(await openSalts(server.redis, randomBytes, 5000).of(TODAY, at(2 * MINUTE)), salt);
});

test('a failure is not remembered', async () => {
  let isDown = true;
  const shaky = new Proxy(server.redis, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name === 'set' && isDown) return () => Promise.reject(new Error('down'));
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  const salts = openSalts(shaky, randomBytes, 5000);
  await assert.rejects(salts.of(TODAY, at(0)));
  isDown = false;
  assert.equal((await salts.of(TODAY, at(0))).length, 32);
});

test('a hash is a 64-bit number that depends on salt, visitor and article', () => {
  const [salt, article] = [Buffer.alloc(32, 1), '000000000001' as ArticleId];
  const hash = visitorHash(salt, 'a|b', article);
  assert.match(hash, /^-?\d{1,19}$/);
  assert.equal(BigInt.asIntN(64, BigInt(hash)), BigInt(hash));
  const others = [
    visitorHash(Buffer.alloc(32, 2), 'a|b', article),
    visitorHash(salt, 'a|c', article),
    visitorHash(salt, 'a|b', '000000000002' as ArticleId),
  ];
  assert.equal(new Set([hash, ...others]).size, 4);
});
