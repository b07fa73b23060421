import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyRequest } from 'fastify';
import { addressOf, limitKey } from '../../src/api/address.ts';

const request = (ip: string, remoteAddress: string | undefined = '192.0.2.1') =>
  ({ ip, socket: { remoteAddress } }) as unknown as FastifyRequest;

test('an address has one spelling', () => {
  assert.equal(addressOf(request('::ffff:203.0.113.5')), '203.0.113.5');
  assert.equal(addressOf(request('203.0.113.5:4711')), '203.0.113.5');
  assert.equal(addressOf(request('[2001:DB8::1]:443')), addressOf(request('2001:db8:0:0::1')));
});

test('what is no address counts as the connection', () => {
  for (const word of ['', 'unknown', '_hidden', '1.2.3.4.5', 'a'.repeat(10_000)]) {
    assert.equal(addressOf(request(word)), '192.0.2.1', word.slice(0, 20));
  }
  assert.equal(addressOf({ ip: '', socket: {} } as unknown as FastifyRequest), 'unknown');
});

test('a /64 shares a limit, IPv4 addresses do not', () => {
  assert.equal(limitKey('2001:db8::1'), limitKey('2001:db8::ffff:ffff'));
  assert.notEqual(limitKey('2001:db8::1'), limitKey('2001:db8:0:1::1'));
  assert.notEqual(limitKey('203.0.113.5'), limitKey('203.0.113.6'));
});
