import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signatureOf } from '../../../src/feeds/websub/signature.ts';
import { signed } from './hub.ts';

const BODY = Buffer.from('<feed>é</feed>');
const headerOf = (method: string, secret = 'secret') => signed(BODY, secret, method)['x-hub-signature'] ?? '';

test('all methods of the recommendation are verified', () => {
  for (const method of ['sha1', 'sha256', 'sha384', 'sha512']) {
    assert.equal(signatureOf(BODY, headerOf(method), 'secret'), 'signed', method);
    assert.equal(signatureOf(BODY, headerOf(method).toUpperCase(), 'secret'), 'signed', method);
    assert.equal(signatureOf(BODY, headerOf(method, 'other'), 'secret'), 'forged', method);
    assert.equal(signatureOf(Buffer.from('<feed>'), headerOf(method), 'secret'), 'forged', method);
  }
});

test('what is not signed, or not so that it could be right, is told apart', () => {
  assert.equal(signatureOf(BODY, undefined, 'secret'), 'unsigned');
  assert.equal(signatureOf(BODY, ' ', 'secret'), 'unsigned');
  const hex = headerOf('sha256').slice('sha256='.length);
  const wrong = [
    hex,
    `sha256=${hex.slice(2)}`,
    `sha256=${hex}00`,
    `md5=${hex}`,
    `sha512=${hex}`,
    'sha256=',
    'sha256=zz',
  ];
  for (const header of [...wrong, `__proto__=${hex}`, `sha256=${hex}, sha256=${hex}`, `${'a'.repeat(100_000)}=0`]) {
    assert.equal(signatureOf(BODY, header, 'secret'), 'forged', header.slice(0, 80));
  }
});
