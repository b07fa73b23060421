import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyRequest } from 'fastify';
import { addressOf, limitKey } from '../../src/api/address.ts';
import { fakeCollector, serverFor } from './server-under-test.ts';

const request = (ip: string, remoteAddress: string | undefined = '192.0.2.1') =>
  ({ ip, socket: { remoteAddress } }) as unknown as FastifyRequest;

test('an address has one spelling', () => {
  assert.equal(addressOf(request('::ffff:203.0.113.5')), '203.0.113.5');
  assert.equal(addressOf(request('203.0.113.5:4711')), '203.0.113.5');
  assert.equal(addressOf(request('[2001:DB8::1]:443')), addressOf(request('2001:db8:0:0::1')));
});

test('what is no address counts as the connection, also where that has ended', () => {
  for (const word of ['', 'unknown', '_hidden', '1.2.3.4.5', 'a'.repeat(10_000)]) {
    assert.equal(addressOf(request(word)), '192.0.2.1', word.slice(0, 20));
  }
  for (const ip of ['', undefined]) {
    assert.equal(addressOf({ ip, socket: {} } as unknown as FastifyRequest), 'unknown');
  }
});

test('a /64 shares a limit, IPv4 addresses do not', () => {
  assert.equal(limitKey('2001:db8::1'), limitKey('2001:db8::ffff:ffff'));
  assert.notEqual(limitKey('2001:db8::1'), limitKey('2001:db8:0:1::1'));
  assert.notEqual(limitKey('203.0.113.5'), limitKey('203.0.113.6'));
});

/** Whom a view counts for, behind so many trusted proxies, whichever way it comes in. */
async function visitorsBehind(
  hops: string,
  headers: readonly Record<string, string>[],
): Promise<(string | undefined)[]> {
  const collected = fakeCollector();
  const app = await serverFor({ TRUST_PROXY: hops }, { collected });
  const seen: (string | undefined)[] = [];
  for (const own of headers) {
    const view = { method: 'POST', url: '/v1/views', payload: { article: '0sy1zq400001' } } as const;
    await app.inject({ ...view, remoteAddress: '192.0.2.1', headers: own });
    seen.push(collected.calls.at(-1)?.reporter.address);
    await app.inject({ url: '/v1/views/pixel.gif?article=0sy1zq400001', remoteAddress: '192.0.2.1', headers: own });
    assert.equal(collected.calls.at(-1)?.reporter.address, seen.at(-1), 'read alike by Fastify and by the desk');
  }
  await app.close();
  return seen;
}

const CHAINS: readonly [header: string, behind0: string, behind1: string, behind2: string][] = [
  ['203.0.113.9', '192.0.2.1', '203.0.113.9', '203.0.113.9'],
  ['6.6.6.6, 203.0.113.9', '192.0.2.1', '203.0.113.9', '6.6.6.6'],
  ['6.6.6.6, 7.7.7.7, 203.0.113.9', '192.0.2.1', '203.0.113.9', '7.7.7.7'],
  [`${'6.6.6.6, '.repeat(300)}203.0.113.9,198.51.100.2`, '192.0.2.1', '198.51.100.2', '203.0.113.9'],
  ['203.0.113.9:4711', '192.0.2.1', '203.0.113.9', '203.0.113.9'],
  ['[2001:db8::7]:4711', '192.0.2.1', '2001:db8::7', '2001:db8::7'],
  ['2001:DB8:0:0::7', '192.0.2.1', '2001:db8::7', '2001:db8::7'],
  ['::ffff:203.0.113.9', '192.0.2.1', '203.0.113.9', '203.0.113.9'],
  ['127.0.0.1', '192.0.2.1', '127.0.0.1', '127.0.0.1'],
  ['6.6.6.6, <script>', '192.0.2.1', '192.0.2.1', '6.6.6.6'],
  ['6.6.6.6, unknown', '192.0.2.1', '192.0.2.1', '6.6.6.6'],
  [', , ,', '192.0.2.1', '192.0.2.1', '192.0.2.1'],
  ['1.2.3.4.5', '192.0.2.1', '192.0.2.1', '192.0.2.1'],
];

test('X-Forwarded-For is read from the right, no further than proxies are trusted', async () => {
  const headers = CHAINS.map(([chain]) => ({ 'x-forwarded-for': chain }));
  for (const hops of [0, 1, 2] as const) {
    const expected = CHAINS.map((chain) => chain[hops + 1]);
    assert.deepEqual(await visitorsBehind(String(hops), headers), expected, `TRUST_PROXY=${hops}`);
  }
});

test('no other header names a visitor', async () => {
  const forged = ['forwarded', 'x-real-ip', 'true-client-ip', 'cf-connecting-ip', 'x-client-ip', 'x-forwarded'];
  const headers = forged.map((name) => ({ [name]: name === 'forwarded' ? 'for=6.6.6.6' : '6.6.6.6' }));
  for (const hops of ['0', '1']) {
    assert.deepEqual(new Set(await visitorsBehind(hops, headers)), new Set(['192.0.2.1']));
  }
});
