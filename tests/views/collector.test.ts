import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import type { RedisClient } from '../../src/engines/redis.ts';
import { CodedError } from '../../src/errors.ts';
import { type ArticleId, type CategorySlug, newArticleId, shardOf } from '../../src/ids.ts';
import { type ArticleFinder, openCatalogue } from '../../src/views/catalogue.ts';
import { type CollectorLimits, openCollector } from '../../src/views/collector.ts';
import { readCounts } from '../../src/views/counts.ts';
import { keysOf } from '../../src/views/keys.ts';
import type { Reporter } from '../../src/views/view.ts';
import { openTestRedis } from '../support/engines.ts';

const NOW = new Date('2026-03-01T10:07:00Z');
const WORLD = 'world' as CategorySlug;
const ids = Array.from({ length: 40 }, (_, i) => newArticleId(new Date('2026-02-01'), i));
const first = ids[0] as ArticleId;
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

const finder: ArticleFinder = {
  byIds: async (asked) =>
    new Map(ids.filter((id) => asked.includes(id)).map((id) => [id, { id, categories: [WORLD] }] as const)),
  byUrls: async (asked) => new Map(asked.includes('https://news.example/1') ? [['https://news.example/1', first]] : []),
};

let server: Awaited<ReturnType<typeof openTestRedis>>;
before(async () => {
  server = await openTestRedis();
});
after(() => server.close());
beforeEach(async () => {
  await server.redis.flushdb();
});

function reader(values: Partial<Reporter> = {}): Reporter {
  return { address: '192.0.2.7', userAgent: FIREFOX, isPrefetch: false, isTrusted: false, ...values };
}

function open(values: { redis?: RedisClient; now?: () => Date; limits?: Partial<CollectorLimits> } = {}) {
  const clock = values.now ?? (() => NOW);
  const catalogue = openCatalogue(finder, clock);
  return openCollector({ redis: values.redis ?? server.redis, catalogue, clock }, values.limits);
}

const windows = () => readCounts(server.redis, first, [WORLD]);

test('views by id and by URL become reads; every other one has its reason', async () => {
  const collector = open();
  const collected = await collector.collect(
    [
      { url: 'https://news.example/1' },
      { article: first },
      { article: ids[1] as string },
      { article: 'zzzzzzzzzzzz' },
      { url: 'https://news.example/none' },
      { article: 'not an id' },
      {},
    ],
    reader(),
  );
  assert.deepEqual(collected, { accepted: 2, dropped: { duplicate: 1, 'unknown-article': 2, invalid: 2 } });
  assert.equal((await windows())['1h'], 1);
});

test('bots, the nameless and prefetches are refused, and nothing is looked up for them', async () => {
  const collector = open();
  const reasons = async (reporter: Reporter) => (await collector.collect([{ article: first }], reporter)).dropped;
  assert.deepEqual(await reasons(reader({ userAgent: 'Googlebot/2.1 (+http://www.google.com/bot.html)' })), { bot: 1 });
  assert.deepEqual(await reasons(reader({ userAgent: '' })), { bot: 1 });
  assert.deepEqual(await reasons(reader({ isPrefetch: true })), { prefetch: 1 });
  assert.deepEqual(await server.redis.keys('*'), []);
});

test('only a trusted reporter names visitors and times, at most 48 hours back and never ahead', async () => {
  const collector = open();
  const report = (visitor: string, at: Date) => ({ article: first, visitor, at });
  const trusted = reader({ isTrusted: true, userAgent: 'node' });
  const past = new Date(NOW.getTime() - 5 * HOUR);
  assert.equal((await collector.collect([report('a', past), report('b', past)], trusted)).accepted, 2);
  assert.deepEqual(await windows(), { '1h': 0, '24h': 2, '7d': 2, '30d': 2 });
  const tooOld = report('c', new Date(NOW.getTime() - 30 * DAY));
  const ahead = report('d', new Date(NOW.getTime() + 3 * HOUR));
  assert.equal((await collector.collect([tooOld, ahead], trusted)).accepted, 2);
  assert.deepEqual(await windows(), { '1h': 1, '24h': 3, '7d': 4, '30d': 4 });

  const untrusted = await collector.collect([report('e', past), report('f', past)], reader());
  assert.deepEqual(untrusted, { accepted: 1, dropped: { duplicate: 1 } });
  assert.equal((await windows())['1h'], 2);
  const nameless = await collector.collect([{ article: first }], trusted);
  assert.deepEqual(nameless.dropped, { bot: 1 });
});

test('the same reader over midnight counts once, another one counts too', async () => {
  let now = new Date('2026-03-01T23:55:00Z');
  const collector = open({ now: () => now });
  const one = async (address: string) => (await collector.collect([{ article: first }], reader({ address }))).accepted;
  assert.equal(await one('192.0.2.1'), 1);
  now = new Date('2026-03-02T00:05:00Z');
  assert.equal(await one('192.0.2.1'), 0);
  assert.equal(await one('192.0.2.2'), 1);
});

test('no address, agent or visitor reaches Redis, and the salt dies 48 hours after its day began', async () => {
  const { redis } = server;
  const collector = open();
  await collector.collect([{ article: first }], reader());
  await collector.collect([{ article: first, visitor: 'anna@example.org' }], reader({ isTrusted: true }));
  const everything: unknown[] = [];
  for (const key of await redis.keys('*')) everything.push(key, (await redis.dump(key))?.toString());
  assert.doesNotMatch(JSON.stringify(everything), /192\.0\.2\.7|Firefox|anna/);
  const left = await redis.ttl(`salt:${Math.floor(NOW.getTime() / DAY)}`);
  assert.ok(Math.abs(left - (48 * HOUR - 10 * HOUR - 7 * MINUTE) / 1000) < 30, `${left} s`);
});

test('an answer comes only after Redis has applied the read', async () => {
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isAsked: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve;
  });
  const slow = new Proxy(server.redis, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      if (name !== 'evalsha') return member.bind(target);
      return async (...args: unknown[]) => {
        isAsked();
        await held;
        return await member.apply(target, args);
      };
    },
  });
  const collector = open({ redis: slow });
  let isAnswered = false;
  const answer = collector.collect([{ article: first }], reader()).finally(() => {
    isAnswered = true;
  });
  await asked;
  assert.equal(isAnswered, false);
  const closed = collector.close();
  await assert.rejects(collector.collect([{ article: first }], reader()), { code: 'unavailable' });
  release();
  await closed;
  assert.equal((await windows())['1h'], 1, 'close waits for what was taken');
  assert.deepEqual(await answer, { accepted: 1, dropped: {} });
});

test('many requests share few calls, and none is lost or doubled', async () => {
  const collector = open();
  const { redis } = server;
  await redis.config('RESETSTAT');
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, i) =>
      collector.collect([{ article: ids[i % ids.length] as string }], reader({ address: `198.51.100.${i}` })),
    ),
  );
  assert.equal(answers.filter(({ accepted }) => accepted === 1).length, 1000);
  const all = await Promise.all(ids.map(async (id) => (await readCounts(redis, id, [WORLD]))['1h']));
  assert.deepEqual(new Set(all), new Set([25]));
});

test('beyond the bound a whole request is refused and counts nothing', async () => {
  const collector = open({ limits: { maxWaiting: 3 } });
  const views = (count: number) => Array.from({ length: count }, (_, i) => ({ article: ids[i] as string }));
  const taken = collector.collect(views(3), reader());
  const isOverload = (error: unknown) =>
    error instanceof CodedError && error.code === 'overload' && (error.retryAfter ?? 0) > 0;
  await assert.rejects(collector.collect(views(1), reader({ address: '192.0.2.8' })), isOverload);
  assert.equal((await taken).accepted, 3);
  assert.equal((await collector.collect(views(3), reader({ address: '192.0.2.8' }))).accepted, 3);
});

const isUnavailable = (error: unknown): boolean =>
  error instanceof CodedError && error.code === 'unavailable' && (error.retryAfter ?? 0) > 0;

/** Until it is answered, a few times at most. */
async function sendAgain(collector: ReturnType<typeof open>, article: ArticleId, times = 10): Promise<void> {
  try {
    await collector.collect([{ article }], reader());
  } catch (error) {
    if (times === 1) throw error;
    await sendAgain(collector, article, times - 1);
  }
}

test('a Redis that says nothing makes views unavailable, and they count when it speaks again', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const address = silent.address();
  assert.ok(address !== null && typeof address === 'object');
  const mute = new Redis(address.port, '127.0.0.1', { enableReadyCheck: false, maxRetriesPerRequest: 0 });
  mute.on('error', () => {});
  let current: RedisClient = mute;
  const switching = new Proxy(server.redis, {
    get(_, name) {
      const member: unknown = Reflect.get(current, name);
      return typeof member === 'function' ? member.bind(current) : member;
    },
  });
  const collector = open({ redis: switching, limits: { answerMs: 400 } });
  try {
    await assert.rejects(collector.collect([{ article: first }], reader()), isUnavailable);
    current = server.redis;
    // The salt's own question to the silent one is given up a moment later.
    await sendAgain(collector, first);
    current = mute;
    // The salt is known now, so that it is the counting itself that fails.
    const [, next] = ids as [ArticleId, ArticleId];
    await assert.rejects(collector.collect([{ article: next }], reader()), isUnavailable);
    current = server.redis;
    await sendAgain(collector, next);
    assert.equal((await readCounts(server.redis, next, [WORLD]))['1h'], 1);
  } finally {
    mute.disconnect();
    silent.close();
  }
});

test('who waits behind a slow call is answered as soon as who is in it', async () => {
  /** What lets each call to Redis go on. */
  const calls: (() => void)[] = [];
  let isHeld = false;
  const slow = new Proxy(server.redis, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      if (name !== 'evalsha') return member.bind(target);
      return async (...args: unknown[]) => {
        if (isHeld) await new Promise<void>((resolve) => calls.push(resolve));
        return await member.apply(target, args);
      };
    },
  });
  const collector = open({ redis: slow, limits: { answerMs: 1000 } });
  await collector.collect([{ article: first }], reader());
  isHeld = true;
  const collect = (address: string) => collector.collect([{ article: first }], reader({ address }));
  const one = collect('192.0.2.8');
  while (calls.length === 0) await setTimeout(1);
  const startedAt = performance.now();
  const other = collect('192.0.2.9').then(
    () => 'counted',
    () => performance.now() - startedAt,
  );
  await setTimeout(400);
  calls[0]?.();
  // Where the machine stood still for half a second, it was too late for himself.
  await one.catch(() => {});
  // Had its call all the time for itself, it would be answered after 1400 ms. By two timers: both are late on a busy machine.
  const answered = await Promise.race([other, setTimeout(1250 - (performance.now() - startedAt), 'too late')]);
  assert.ok(typeof answered === 'number' && answered >= 990, `${answered}`);
  for (const release of calls) release();
  await collector.close();
});

test('what it took in is counted a second later, although nobody looks', async () => {
  const collector = open();
  await collector.collect([{ article: first }], reader());
  const window = keysOf(shardOf(first)).window('24h', WORLD);
  assert.equal(await server.redis.zscore(window, first), null);
  const deadline = performance.now() + 20_000;
  while ((await server.redis.zscore(window, first)) !== '1') {
    assert.ok(performance.now() < deadline, 'not counted');
    await setTimeout(20);
  }
  await collector.close();
});

test('a Redis that is away makes views unavailable', async () => {
  const away = new Redis(1, '127.0.0.1', { lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null });
  away.on('error', () => {});
  await assert.rejects(open({ redis: away }).collect([{ article: first }], reader()), isUnavailable);
  away.disconnect();
});
