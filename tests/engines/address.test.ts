import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSettings } from '../../config/load.ts';
import { addressOf, serverUrls } from '../../src/engines/address.ts';

test('a URL of several servers stands for one URL each, with the same user and options', () => {
  assert.deepEqual(serverUrls('rediss://me:a,b@one:1, two,[::1]:3/0?family=6'), [
    'rediss://me:a,b@one:1/0?family=6',
    'rediss://me:a,b@two/0?family=6',
    'rediss://me:a,b@[::1]:3/0?family=6',
  ]);
  assert.deepEqual(serverUrls('redis://:p,w@one:1'), ['redis://:p,w@one:1']);
});

test('its addresses are told without the password', () => {
  assert.equal(addressOf('redis://me:secret@one,two:2', 6379), 'one:6379, two:2');
  assert.equal(addressOf('redis://', 6379), 'localhost:6379');
});

test('each server of REDIS_URL is checked', () => {
  const REDIS_URL = 'redis://one:1,two:2';
  assert.equal(loadSettings({ REDIS_URL }).REDIS_URL, REDIS_URL);
  assert.throws(() => loadSettings({ REDIS_URL: 'redis://one:1,two:port' }), /REDIS_URL must be a URL that starts/);
});
