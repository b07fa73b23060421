import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { encodingIn, packed } from '../../src/api/packed.ts';

test('the best encoding that the caller takes is taken', () => {
  for (const [accepted, expected] of [
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['GZIP;q=0.5', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['br ; q=0.000 , gzip;q=0', undefined],
    ['br;q=0.001', 'br'],
    ['identity', undefined],
    ['brotli', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const) {
    assert.equal(encodingIn(accepted), expected, accepted);
  }
});

test('a text is compressed once for each encoding, and a short one never', () => {
  const text = 'A list of articles. '.repeat(200);
  const long = packed(text);
  const { encoding, body } = long.for('br');
  assert.equal(encoding, 'br');
  assert.equal(brotliDecompressSync(body as Buffer).toString(), text);
  assert.equal(long.for('br').body, body);
  assert.equal(gunzipSync(long.for('gzip').body as Buffer).toString(), text);
  assert.deepEqual(long.for(undefined), { encoding: undefined, body: text });
  assert.deepEqual(packed('short').for('br'), { encoding: undefined, body: 'short' });
});
