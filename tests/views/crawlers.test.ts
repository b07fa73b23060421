import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RedisClient } from '../../src/engines/redis.ts';
import { openCollector } from '../../src/views/collector.ts';
import { crawlersIn, readCrawlers } from '../../src/views/crawlers.ts';
import { prefixesOf } from '../../src/views/network.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crawlers-'));
});
after(() => rm(folder, { recursive: true }));

test('crawlers are known by the ranges that come with newsrank, people are not', async () => {
  const isCrawler = await readCrawlers(undefined);
  for (const address of [
    '66.249.66.1',
    '66.249.95.255',
    '2001:4860:4801:10::9',
    '40.77.167.3',
    '17.241.208.170',
    '20.171.207.8',
  ]) {
    assert.ok(isCrawler(address), address);
  }
  for (const address of [
    '66.249.96.0',
    '66.249.63.255',
    '17.0.0.1',
    '17.241.208.192',
    '192.0.2.1',
    '::1',
    'unknown',
    '',
  ]) {
    assert.ok(!isCrawler(address), address);
  }
  assert.ok(isCrawler('::ffff:66.249.66.1'), 'wrapped in IPv6');
});

test('a crawler that shows the User-Agent of a browser is a bot, and nothing is looked up for it', async () => {
  const untouched = new Proxy({}, { get: (_, name) => assert.fail(String(name)) }) as RedisClient;
  const catalogue = { find: async () => assert.fail('was asked') };
  const isCrawler = await readCrawlers(undefined);
  const collector = openCollector({ redis: untouched, catalogue, clock: () => new Date(), isCrawler });
  const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  const reporter = { address: '66.249.66.1', userAgent, isPrefetch: false, isTrusted: false };
  const collected = await collector.collect([{ article: '0sy1zq400001' }], reporter);
  assert.deepEqual(collected, { accepted: 0, dropped: { bot: 1 } });
});

test('a file of our form, or as their operators publish it, takes their place', async () => {
  const file = join(folder, 'ranges.json');
  await writeFile(file, JSON.stringify({ crawlers: [{ name: 'x', ranges: ['192.0.2.128/25', '2001:db8::/33'] }] }));
  const own = await readCrawlers(file);
  assert.deepEqual(['192.0.2.127', '192.0.2.128', '2001:db8:7fff::', '2001:db8:8000::', '66.249.66.1'].map(own), [
    false,
    true,
    true,
    false,
    false,
  ]);
  const published = crawlersIn({
    creationTime: 'x',
    prefixes: [{ ipv4Prefix: '192.0.2.0/24' }, { ipv6Prefix: '2001:db8::/32' }],
  });
  assert.deepEqual(['192.0.2.9', '2001:db8::1', '192.0.3.0'].map(published), [true, true, false]);
});

test('a file without ranges, or none, is told at the start', async () => {
  const file = join(folder, 'broken.json');
  for (const text of [
    '',
    'null',
    '[]',
    '{}',
    '{"crawlers":[]}',
    '{"crawlers":[{"ranges":["300.0.0.0/8"]}]}',
    '{"crawlers":5}',
  ]) {
    await writeFile(file, text);
    await assert.rejects(readCrawlers(file), { code: 'settings-invalid' }, text);
  }
  await assert.rejects(readCrawlers(join(folder, 'none.json')), { code: 'settings-invalid' });
});

test('an address has its own prefix and the network around it', () => {
  assert.deepEqual(prefixesOf('203.0.113.77'), { own: '203.0.113.77', near: '203.0.113' });
  assert.deepEqual(prefixesOf('2001:db8:7:5::1'), prefixesOf('2001:db8:7:5:ffff::2'));
  assert.equal(prefixesOf('2001:db8:7:5::1').near, prefixesOf('2001:db8:7:6::1').near);
  assert.notEqual(prefixesOf('2001:db8:7:5::1').near, prefixesOf('2001:db8:8:5::1').near);
  assert.deepEqual(prefixesOf('unknown'), { own: 'unknown', near: 'unknown' });
});
