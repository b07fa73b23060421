import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { announceAccess, findAccess, loopbackUrl, newLocalToken } from '../../src/api/local-access.ts';
import { lockFolder } from '../../src/engines/folder-lock.ts';
import { emptyFolder } from '../support/folders.ts';
import { ADMIN_TOKEN, serverFor } from './server-under-test.ts';

const TOKEN = newLocalToken();
const ACCESS = { url: 'http://127.0.0.1:1', token: TOKEN };

test('the way in is found while its run holds the lock, and is gone afterwards', async (t) => {
  const folder = await emptyFolder(t);
  assert.equal(await findAccess(folder), undefined);
  const lock = await lockFolder(folder);
  assert.equal(await findAccess(folder), undefined);
  const { remove } = await announceAccess(folder, ACCESS);
  assert.deepEqual(await findAccess(folder), ACCESS);
  assert.equal((await stat(join(folder, 'api.json'))).mode & 0o777, 0o600);
  await remove();
  assert.equal(await findAccess(folder), undefined);
  await lock.release();
  assert.deepEqual(await readdir(folder), []);
});

test('what a crash left behind is taken for nothing', async (t) => {
  const folder = await emptyFolder(t);
  const lock = await lockFolder(folder);
  await announceAccess(folder, ACCESS);
  await lock.release();
  assert.equal(await findAccess(folder), undefined, 'nobody holds the folder');
  const file = join(folder, 'api.json');
  const next = await lockFolder(folder);
  for (const left of [
    JSON.stringify({ ...ACCESS, holder: 'an earlier run' }),
    JSON.stringify({ url: 5, token: 5 }),
    '{"url":',
    '',
    'null',
  ]) {
    await writeFile(file, left, { mode: 0o644 });
    assert.equal(await findAccess(folder), undefined, left);
  }
  await announceAccess(folder, ACCESS);
  assert.equal((await stat(file)).mode & 0o777, 0o600, 'whatever mode the old one had');
  assert.deepEqual(await findAccess(folder), ACCESS);
  await next.release();
});

test('only an address of this machine itself is announced', () => {
  assert.equal(loopbackUrl('http://127.0.0.1:80'), 'http://127.0.0.1');
  assert.equal(loopbackUrl('http://0.0.0.0:8080'), 'http://127.0.0.1:8080');
  assert.equal(loopbackUrl('http://[::]:8080'), 'http://[::1]:8080');
  assert.equal(loopbackUrl('http://192.168.1.5:8080'), undefined);
});

test('the local token opens the admin routes from this machine only', async (t) => {
  for (const [environment, otherwise] of [
    [{}, 401],
    [{ ADMIN_TOKEN: '' }, 403],
  ] as const) {
    const app = await serverFor({ TRUST_PROXY: '1', ...environment }, { localToken: TOKEN });
    t.after(() => app.close());
    const statusFrom = async (token: string, remoteAddress: string, forwarded?: string) => {
      const headers = { authorization: `Bearer ${token}`, ...(forwarded && { 'x-forwarded-for': forwarded }) };
      const answer = await app.inject({ method: 'POST', url: '/v1/feeds/5/nothing', headers, remoteAddress });
      const read = await app.inject({ url: '/v1/feeds?cursor=x', headers, remoteAddress });
      assert.equal(answer.statusCode, 404);
      return read.statusCode;
    };
    // 400: past the guard, and the cursor refused.
    assert.equal(await statusFrom(TOKEN, '127.0.0.1'), 400);
    assert.equal(await statusFrom(TOKEN, '::1'), 400);
    assert.equal(await statusFrom(TOKEN, '::ffff:127.0.0.1'), 400);
    assert.equal(await statusFrom(TOKEN, '203.0.113.9'), otherwise);
    assert.equal(await statusFrom(TOKEN, '127.0.0.1', '203.0.113.9'), otherwise, 'a stranger behind a proxy beside us');
    assert.equal(await statusFrom(TOKEN, '203.0.113.9', '127.0.0.1'), otherwise, 'a forged header');
    assert.equal(await statusFrom(`${TOKEN}x`, '127.0.0.1'), otherwise);
  }
  const without = await serverFor({});
  t.after(() => without.close());
  const read = (token: string) =>
    without.inject({ url: '/v1/feeds?cursor=x', headers: { authorization: `Bearer ${token}` } });
  assert.equal((await read('undefined')).statusCode, 401);
  assert.equal((await read(ADMIN_TOKEN)).statusCode, 400);
});
