import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import { type ArticleId, type CategorySlug, newArticleId, shardOf } from '../../src/ids.ts';
import { readCategoryTotals, readCounts } from '../../src/views/counts.ts';
import { keysOf } from '../../src/views/keys.ts';
import { countPending } from '../../src/views/pending.ts';
import { type Read, type Recorded, recordReads } from '../../src/views/record.ts';
import { rollWindows } from '../../src/views/roll.ts';
import { openTestRedis } from '../support/engines.ts';

const NOW = new Date('2026-03-01T10:07:00Z');
const SHARD = 5;
const POLITICS = 'politics' as CategorySlug;

/** Articles of one shard, oldest first. */
const articles = Array.from({ length: 400 }, (_, i) => newArticleId(new Date('2026-02-01'), i)).filter(
  (id) => shardOf(id) === SHARD,
);

let server: Awaited<ReturnType<typeof openTestRedis>>;
before(async () => {
  server = await openTestRedis();
});
after(() => server.close());
beforeEach(async () => {
  await server.redis.flushdb();
});

const article = (index: number): ArticleId => articles[index] as ArticleId;
const later = (ms: number): Date => new Date(NOW.getTime() + ms);
const someone = (): string => randomBytes(8).readBigInt64BE().toString();

function read(at: Date, values: Partial<Read> = {}): Read {
  const base = { article: article(0), categories: [POLITICS], isTimeNamed: false, isBox: false };
  return { ...base, at, visitor: someone(), visitorBefore: undefined, ...values };
}

const record = (at: Date, ...reads: Read[]): Promise<Recorded[]> => recordReads(server.redis, SHARD, at, reads);

/** Records, and counts what was recorded. */
async function count(at: Date, ...reads: Read[]): Promise<void> {
  await record(at, ...reads);
  await countPending(server.redis, [SHARD]);
}

test('a visitor counts once in the current and the previous half-hour', async () => {
  const visitor = someone();
  const at = async (minutes: number) => record(later(minutes * MINUTE), read(later(minutes * MINUTE), { visitor }));
  assert.deepEqual(await at(0), [true]);
  assert.deepEqual(await at(1), [false]);
  // 10:37 is the half-hour after that of 10:07.
  assert.deepEqual(await at(30), [false]);
  assert.deepEqual(await at(60), [true]);
});

test('a batch that names one visitor twice counts him once', async () => {
  const one = read(NOW);
  assert.deepEqual(await record(NOW, one, one, read(NOW)), [true, false, true]);
  assert.equal((await readCounts(server.redis, article(0), [POLITICS]))['1h'], 2);
});

test('midnight does not let a visitor count twice although the salt changes', async () => {
  const yesterday = new Date('2026-03-01T23:50:00Z');
  const today = new Date('2026-03-02T00:10:00Z');
  const [old, fresh] = [someone(), someone()];
  assert.deepEqual(await record(yesterday, read(yesterday, { visitor: old })), [true]);
  assert.deepEqual(await record(today, read(today, { visitor: fresh, visitorBefore: old })), [false]);
  assert.deepEqual(await record(today, read(today, { visitor: someone(), visitorBefore: someone() })), [true]);
});

test('dedupe sets stay intsets of at most 400 in a sudden rush, and the next half-hour is sized by it', async () => {
  const { redis } = server;
  const sent: Read[] = [];
  const rush = async (at: Date, batches: number) => {
    for (let i = 0; i < batches; i++) {
      const batch = Array.from({ length: 200 }, (_, n) => read(at, { article: article(n % 20) }));
      sent.push(...batch);
      assert.ok((await record(at, ...batch)).every(Boolean));
    }
  };
  const sizes = async (): Promise<number[]> => {
    const keys = await redis.keys(`${keysOf(SHARD).tag}:seen:*`);
    for (const key of keys) {
      assert.equal(await redis.object('ENCODING', key), 'intset');
      const left = await redis.ttl(key);
      assert.ok(left > 3600 && left <= 5400, `${key} expires in ${left} s`);
    }
    return await Promise.all(keys.map((key) => redis.scard(key)));
  };
  await rush(NOW, 30);
  const first = await sizes();
  assert.ok(Math.max(...first) <= 400, `a set of ${Math.max(...first)}`);
  const replay = await record(
    later(10 * MINUTE),
    ...sent.slice(0, 200).map((one) => ({ ...one, at: later(10 * MINUTE) })),
  );
  assert.ok(!replay.includes(true), 'visitors of all layers are recognised');

  await redis.del(...(await redis.keys(`${keysOf(SHARD).tag}:seen:*`)));
  await rush(later(30 * MINUTE), 30);
  const slot = Math.floor(later(30 * MINUTE).getTime() / 1_800_000);
  // 6,000 entries at 180 a part: one layer of 34.
  assert.equal(await redis.hget(keysOf(SHARD).marks, `seen:${slot}`), '6000 0 34');
  assert.ok(Math.max(...(await sizes())) <= 400);
});

test('a quiet site has one set a half-hour, and it expires by itself', async () => {
  await record(NOW, read(NOW), read(NOW));
  const keys = await server.redis.keys('*:seen:*');
  assert.equal(keys.length, 1);
  const left = await server.redis.ttl(keys[0] ?? '');
  assert.ok(left > 3600 && left <= 5400, `${left} s`);
});

test('sets expire in time although a clock was wrong when they were told when to', async () => {
  const { redis } = server;
  const sets = () => redis.keys(`${keysOf(SHARD).tag}:seen:*`);
  const lefts = async () => await Promise.all((await sets()).map((key) => redis.ttl(key)));
  const isRight = (left: number) => left > 3600 && left <= 5400;
  const rush = Array.from({ length: 200 }, () => read(NOW));
  await record(later(-30 * MINUTE), ...rush.map((one) => ({ ...one, at: later(-30 * MINUTE), visitor: someone() })));
  await record(NOW, ...rush);
  // By a clock that was an hour ahead, an hour later.
  for (const key of await sets()) await redis.expire(key, 1700);
  await record(NOW, read(NOW));
  assert.equal((await lefts()).filter(isRight).length, 2, 'the whole half-hour');
  // After a clock was set back to a half-hour whose sets are gone.
  await redis.del(...(await sets()));
  for (let i = 0; i < 40; i++) await record(NOW, read(NOW));
  assert.deepEqual((await lefts()).map(isRight), [true, true]);
});

test('a read whose time was named is recognised for two days', async () => {
  const old = read(later(-20 * HOUR), { isTimeNamed: true });
  assert.deepEqual(await record(NOW, old), [true]);
  assert.deepEqual(await record(later(20 * HOUR), old), [false]);
  const [key = ''] = await server.redis.keys('*:seen:*');
  assert.ok((await server.redis.ttl(key)) > 28 * 3600);

  const rush = Array.from({ length: 180 }, () => read(NOW));
  await record(NOW, ...rush);
  const slot = Math.floor(NOW.getTime() / 1_800_000);
  const full = keysOf(SHARD).seen(slot, 0);
  assert.equal(await server.redis.scard(full), 180);
  await record(NOW, read(NOW, { isTimeNamed: true }));
  assert.ok((await server.redis.ttl(full)) > 48 * 3600, 'in a set that was told of its end long ago, too');
});

test('an article counts in each of its categories, and without any under none that is shown', async () => {
  const world = 'world' as CategorySlug;
  await record(NOW, read(NOW, { categories: [POLITICS, world] }), read(NOW, { article: article(1), categories: [] }));
  assert.deepEqual(Object.fromEntries(await readCategoryTotals(server.redis)), { politics: 1, world: 1 });
  assert.deepEqual(await readCounts(server.redis, article(1), []), { '1h': 1, '24h': 1, '7d': 1, '30d': 1 });
  const { changed, dirty } = keysOf(SHARD);
  const noted = [`${article(0)} politics,world`, `${article(1)} _`];
  assert.deepEqual((await server.redis.smembers(changed)).sort(), noted.sort());
  assert.deepEqual(await server.redis.smembers(dirty), []);
});

test('where more articles changed than are noted, their categories are', async () => {
  const { changed, dirty } = keysOf(SHARD);
  await server.redis.sadd(changed, ...Array.from({ length: 4001 }, (_, i) => `${i} world`));
  await count(NOW, read(NOW), read(NOW, { article: article(1), categories: [] }));
  assert.equal(await server.redis.scard(changed), 4001);
  assert.deepEqual((await server.redis.smembers(dirty)).sort(), ['_', 'politics']);
});

test('a read from our own box weighs a quarter in popular and a whole one elsewhere', async () => {
  await count(NOW, read(NOW), read(NOW, { article: article(1), isBox: true }));
  const popular = async (index: number) =>
    Number(await server.redis.zscore(keysOf(SHARD).popular(POLITICS, 3), article(index)));
  assert.equal((await popular(1)) / (await popular(0)), 0.25);
  assert.equal((await readCounts(server.redis, article(1), [POLITICS]))['24h'], 1);
});

test('what comes too late for a window stays out of it', async () => {
  await rollWindows(server.redis, NOW);
  await count(NOW, read(later(-2 * HOUR), { isTimeNamed: true }), read(later(-30 * HOUR), { isTimeNamed: true }));
  assert.deepEqual(await readCounts(server.redis, article(0), [POLITICS]), { '1h': 0, '24h': 1, '7d': 2, '30d': 2 });
});

test('windows empty themselves after a pause of weeks, and leave no key behind', async () => {
  const { redis } = server;
  await count(NOW, ...Array.from({ length: 20 }, (_, i) => read(NOW, { article: article(i) })));
  const counts = async (at: Date) => {
    await rollWindows(redis, at);
    return Object.values(await readCounts(redis, article(0), [POLITICS]));
  };
  assert.deepEqual(await counts(later(55 * MINUTE)), [1, 1, 1, 1]);
  assert.deepEqual(await counts(later(66 * MINUTE)), [0, 1, 1, 1]);
  assert.deepEqual(await counts(later(DAY + 6 * MINUTE)), [0, 0, 1, 1]);
  assert.deepEqual(await counts(later(8 * DAY)), [0, 0, 0, 1]);
  assert.deepEqual(await counts(later(31 * DAY)), [0, 0, 0, 0]);
  const left = (await redis.keys('*')).map((key) => key.replace(keysOf(SHARD).tag, ''));
  const lasting = [':categories', ':changed', ':delta', ':dirty', ':marks'];
  assert.deepEqual(left.filter((key) => !key.startsWith(':seen:')).sort(), lasting);
});

test('all keys of a shard lie behind its hash tag', async () => {
  await count(NOW, read(NOW));
  await rollWindows(server.redis, later(2 * HOUR));
  for (const key of await server.redis.keys('*')) assert.ok(key.startsWith(`{r${SHARD}}:`), key);
});

test('the landmark moves without changing order or ratio by a bit', async () => {
  const { redis } = server;
  const { marks, popular, recent } = keysOf(SHARD);
  const landmarks = () => redis.hmget(marks, 'L:15', 'L:180');
  await count(NOW, read(NOW));
  // 449 half-lives of a quarter of an hour: beyond the 400 at which the landmark moves.
  const much = later(449 * 15 * MINUTE + 77_000);
  const reads = Array.from({ length: 12 }, (_, i) =>
    Array.from({ length: i + 1 }, () =>
      read(later(much.getTime() - NOW.getTime() - i * MINUTE), { article: article(i) }),
    ),
  ).flat();
  await count(much, ...reads);
  const [before15, before180] = await landmarks();
  const scores = async () => {
    const flat = await redis.zrange(recent(POLITICS, 15), '0', '-1', 'WITHSCORES');
    return Array.from({ length: flat.length / 2 }, (_, i) => ({ id: flat[2 * i], score: Number(flat[2 * i + 1]) }));
  };
  const ratios = (all: { id: string | undefined; score: number }[]) =>
    all.map(({ id, score }) => [id, score / (all[0]?.score ?? 1)]);
  // The single read 449 half-lives ago is worth nothing, and goes.
  const before = (await scores()).filter(({ score }) => score > 2 ** 400);
  const total = Number(await redis.hget(marks, 't15:politics'));
  await rollWindows(redis, much);
  const [after15, after180] = await landmarks();
  assert.equal(Number(after15) - Number(before15), 449 * 900);
  assert.equal(after180, before180);
  const moved = await scores();
  assert.deepEqual(ratios(moved), ratios(before));
  assert.ok((moved.at(-1)?.score ?? 0) < 100);
  assert.equal(Number(await redis.hget(marks, 't15:politics')), total * 2 ** -449);
  assert.ok((await redis.zcard(popular(POLITICS, 3))) === 12);
});

test('after a pause in which scores would have overflown, the roller makes them usable again', async () => {
  const { redis } = server;
  await count(NOW, read(NOW));
  const much = later(60 * DAY);
  await count(much, read(much));
  const { marks, recent } = keysOf(SHARD);
  assert.equal(await redis.zcard(recent(POLITICS, 15)), 1, 'nothing infinite was added');
  await rollWindows(redis, much);
  await count(much, read(much, { article: article(1) }));
  assert.deepEqual(await redis.zrange(recent(POLITICS, 15), '0', '-1'), [article(1)]);
  assert.ok(Number.isFinite(Number(await redis.hget(marks, 't15'))));
});
