import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { MINUTE } from '../../src/clock.ts';
import { type ArticleId, type CategorySlug, newArticleId, shardOf } from '../../src/ids.ts';
import { openCatalogue } from '../../src/views/catalogue.ts';
import { openCollector } from '../../src/views/collector.ts';
import { readCounts } from '../../src/views/counts.ts';
import { keysOf } from '../../src/views/keys.ts';
import { prefixesOf } from '../../src/views/network.ts';
import { INGEST_TOKEN, serverFor } from '../api/server-under-test.ts';
import { openTestRedis, redisUrl } from '../support/engines.ts';

const START = new Date('2026-03-01T10:00:00Z');
const WORLD = 'world' as CategorySlug;
/** On the embedded engine, which is ten times slower, fewer show the same. */
const POSTS = redisUrl === undefined ? 2_000 : 10_000;
const ids = Array.from({ length: 120 }, (_, i) => newArticleId(new Date('2026-02-01'), i));
const first = ids[0] as ArticleId;

let server: Awaited<ReturnType<typeof openTestRedis>>;
let now = START;
before(async () => {
  server = await openTestRedis();
});
after(() => server.close());
beforeEach(async () => {
  now = START;
  await server.redis.flushdb();
});

const agent = (i: number) => `Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/${i}`;

function open(readsPerAddress = 20) {
  const clock = () => now;
  const finder = {
    byIds: async (asked: readonly string[]) =>
      new Map(asked.map((id) => [id as ArticleId, { id: id as ArticleId, categories: [WORLD] }] as const)),
    byUrls: async () => new Map<string, ArticleId>(),
  };
  const catalogue = openCatalogue(finder, clock);
  return openCollector({ redis: server.redis, catalogue, clock }, { readsPerAddress });
}

type Collector = ReturnType<typeof open>;

async function view(collector: Collector, address: string, visitor: number, article = first): Promise<string> {
  const reporter = { address, userAgent: agent(visitor), isPrefetch: false, isTrusted: false };
  const { accepted, dropped } = await collector.collect([{ article }], reporter);
  return accepted === 1 ? 'read' : Object.keys(dropped).join();
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const readsOf = async (article: ArticleId) => (await readCounts(server.redis, article, [WORLD]))['1h'];

test('any number of posts from one address moves a list by 20 with changing User-Agents, by 1 with the same', async () => {
  const app = await serverFor({}, { collector: open(), clock: () => now });
  const post = async (i: number, article: string, headers: Record<string, string>, remoteAddress = '192.0.2.7') => {
    const payload = JSON.stringify({ article });
    const type = { 'content-type': 'application/json' };
    const answer = await app.inject({
      ...{ method: 'POST', url: '/v1/views', payload, remoteAddress, headers: { ...type, ...headers } },
    });
    assert.equal(answer.statusCode, 202, `${i}: ${answer.body}`);
  };
  // Ten a second, which the limit of requests lets pass.
  for (let i = 0; i < POSTS; i += 200) {
    now = new Date(START.getTime() + i * 100);
    const step = Array.from({ length: 200 }, (_, n) => post(i + n, first, { 'user-agent': agent(i + n) }));
    await Promise.all(step);
  }
  assert.equal(await readsOf(first), 20);
  const { body } = await app.inject('/metrics');
  assert.match(body, new RegExp(`newsrank_views_total\\{result="rate_limited"\\} ${POSTS - 20}\\b`));

  const other = ids[1] as ArticleId;
  now = new Date(now.getTime() + MINUTE);
  for (let i = 0; i < 3; i++) await post(i, other, { 'user-agent': agent(1) });
  assert.equal(await readsOf(other), 1);

  const views = Array.from({ length: 100 }, (_, i) => ({ article: first, visitor: `trusted ${i}` }));
  const trusted = await app.inject({
    ...{ method: 'POST', url: '/v1/views', payload: { views }, remoteAddress: '192.0.2.7' },
    headers: { authorization: `Bearer ${INGEST_TOKEN}` },
  });
  assert.deepEqual(trusted.json(), { accepted: 100, dropped: {} }, 'who has the token is not damped');
  await app.close();
});

test('a whole network gives three times as much as an address, in IPv4 and IPv6', async () => {
  const addresses = [(i: number) => `203.0.113.${i % 256}`, (i: number) => `2001:db8:7:${(i % 5000).toString(16)}::1`];
  for (const [n, addressOf] of addresses.entries()) {
    const collector = open();
    await Promise.all(numbers(300).map((i) => view(collector, addressOf(i), i, ids[n])));
    const article = ids[n] as ArticleId;
    assert.equal(await readsOf(article), 60);
    const delta = await server.redis.hgetall(keysOf(shardOf(article)).delta);
    const byClass = Object.fromEntries(
      Object.entries(delta).map(([field, reads]) => [field.split(':')[2], Number(reads)]),
    );
    // Those that came after a quarter of what a network may give.
    assert.deepEqual(byClass, { undefined: 20, 'crowded-beacon': 40 });
    await server.redis.flushdb();
  }
});

test('a replayed view uses nothing up, a refused one counts in the next half-hour', async () => {
  const collector = open(3);
  const results = async (visitors: readonly number[]) => {
    const found: string[] = [];
    for (const visitor of visitors) found.push(await view(collector, '192.0.2.7', visitor));
    return found.join();
  };
  assert.equal(await results([1, 1, 1, 1, 2]), 'read,duplicate,duplicate,duplicate,read');
  assert.equal(await results([3, 4, 2, 4]), 'read,rate-limited,duplicate,rate-limited');
  now = new Date(START.getTime() + 30 * MINUTE);
  assert.equal(await results([1, 4, 5, 6, 7]), 'duplicate,read,read,read,rate-limited');
});

test('with 0 nothing is damped, and each further process adds two reads to an address', async () => {
  const without = open(0);
  const results = await Promise.all(numbers(50).map((i) => view(without, '192.0.2.7', i)));
  assert.deepEqual(new Set(results), new Set(['read']));
  const processes = [open(), open(), open()];
  await Promise.all(numbers(300).map((i) => view(processes[i % 3] as Collector, '192.0.2.7', i, ids[1])));
  assert.equal(await readsOf(ids[1] as ArticleId), 24);
});

test('a carrier with a fifteenth of all readers behind one address loses next to none of them', async () => {
  const collector = open();
  const random = (i: number, salt: number) => ((Math.imul(i + salt, 2_654_435_761) >>> 0) % 1_000_003) / 1_000_003;
  const carrier = { sent: 0, counted: 0 };
  const others = { sent: 0, counted: 0 };
  for (let i = 0; i < 4500; i += 100) {
    now = new Date(START.getTime() + i * 300);
    const step = Array.from({ length: 100 }, async (_, n) => {
      const reader = i + n;
      const of = reader % 15 === 0 ? carrier : others;
      const address = of === carrier ? '198.51.100.1' : `10.${reader & 255}.${(reader >> 8) & 255}.${reader % 7}`;
      // A few articles have most of the reads.
      const article = ids[Math.floor(ids.length ** random(reader, 77)) - 1];
      of.sent++;
      if ((await view(collector, address, reader, article)) === 'read') of.counted++;
    });
    await Promise.all(step);
  }
  assert.equal(others.counted, others.sent);
  assert.ok(carrier.sent === 300 && carrier.counted >= 294, `${carrier.counted} of ${carrier.sent}`);
});

test('what of an address is kept is a hash, and goes within two hours', async () => {
  const collector = open();
  for (let i = 0; i < 5; i++) await view(collector, '192.0.2.7', i);
  const keys = await server.redis.keys('*:crowd:*');
  assert.equal(keys.length, 1);
  const fields = Object.keys(await server.redis.hgetall(keys[0] ?? ''));
  assert.ok(
    fields.every((field) => /^[0-9a-f]{8}$/.test(field) || field === first),
    String(fields),
  );
  const left = await server.redis.ttl(keys[0] ?? '');
  assert.ok(left > 0 && left <= 7200, `${left} s`);
});

const report = fc.record({
  address: fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3', '198.51.100.1', '2001:db8::1', '2001:db8::2'),
  visitor: fc.nat(12),
  article: fc.nat(1),
});

test('reads, duplicates and damped ones are those of a plain model, whatever comes in which order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(report, { maxLength: 90 }), async (reports) => {
      await server.redis.flushdb();
      const collector = open(4);
      const model = openModel(4);
      for (const { address, visitor, article } of reports) {
        const expected = model(address, visitor, article);
        assert.equal(await view(collector, address, visitor, ids[article]), expected);
      }
    }),
    { numRuns: 8 },
  );
});

/** Damping in a few lines: who was there, what was weighed, and what others read. */
function openModel(cap: number) {
  const seen = new Set<string>();
  const sums = new Map<string, number>();
  const sum = (name: string) => sums.get(name) ?? 0;
  const add = (name: string) => sums.set(name, sum(name) + 1);
  return (address: string, visitor: number, article: number): string => {
    const { own, near } = prefixesOf(address);
    const [counted, weighed] = ['counted', 'weighed'].map((kind) => ({
      own: `${kind} ${own} ${article}`,
      near: `${kind} near ${near} ${article}`,
    })) as [Record<'own' | 'near', string>, Record<'own' | 'near', string>];
    const isWeighed = sum(counted.own) >= 2 || sum(counted.near) >= 6;
    const others = Math.max(0, sum(`reads ${article}`) - sum(`weighed ${article}`) - 6);
    const isFull =
      isWeighed &&
      (sum(weighed.own) >= cap - 2 + Math.floor(others / 8) ||
        sum(weighed.near) >= 3 * (cap - 2) + Math.floor(others / 4));
    if (seen.has(`${address} ${visitor} ${article}`)) return 'duplicate';
    if (isFull) return 'rate-limited';
    seen.add(`${address} ${visitor} ${article}`);
    for (const name of [...Object.values(counted), `reads ${article}`]) add(name);
    if (isWeighed) for (const name of [...Object.values(weighed), `weighed ${article}`]) add(name);
    return 'read';
  };
}
