import assert from 'node:assert/strict';
import { chmod, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockFolder } from '../../src/engines/folder-lock.ts';
import { startChild } from '../support/children.ts';
import { emptyFolder } from '../support/folders.ts';

const HOLD = `
  const { lockFolder } = await import(root + 'src/engines/folder-lock.ts');
  await lockFolder(process.env.FOLDER);
  console.log('held');
  setInterval(() => {}, 1000);`;

const lockIn = async (folder: string) => JSON.parse(await readFile(join(folder, 'lock'), 'utf8'));

test('makes the folder, private, and leaves nothing behind when released', async (t) => {
  const folder = join(await emptyFolder(t), 'deep', 'data');
  const { release } = await lockFolder(folder);
  assert.equal((await lockIn(folder)).pid, process.pid);
  assert.equal((await stat(folder)).mode & 0o077, 0);
  await release();
  assert.deepEqual(await readdir(folder), []);
  await release();
});

test('refuses a folder that this process holds already', async (t) => {
  const folder = await emptyFolder(t);
  const { release } = await lockFolder(folder);
  await assert.rejects(lockFolder(folder), { code: 'data-folder-locked' });
  await release();
  await (await lockFolder(folder)).release();
});

test('names the process that holds the folder; takes over when that was killed', async (t) => {
  const folder = await emptyFolder(t);
  const child = startChild(t, HOLD, { FOLDER: folder });
  assert.equal(await child.line(), 'held');
  await assert.rejects(lockFolder(folder), ({ code, message }) => {
    assert.equal(code, 'data-folder-locked');
    assert.ok(message.startsWith(`Process ${child.pid} uses the data folder ${folder}. Stop it,`), message);
    return true;
  });
  await child.kill();
  const { release } = await lockFolder(folder);
  assert.equal((await lockIn(folder)).pid, process.pid);
  await release();
});

test('of many processes only one gets the folder, also when a stale lock lies in it', async (t) => {
  const folder = await emptyFolder(t);
  await (await lockFolder(folder)).release();
  for (const stale of [undefined, '', 'not a lock', '{"pid":2147483647,"started":null,"place":"x"}']) {
    if (stale !== undefined) {
      await writeFile(join(folder, 'lock'), stale);
      await utimes(join(folder, 'lock'), 0, 0);
    }
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
    const held = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    assert.equal(held.length, 1);
    await held[0]?.release();
    assert.deepEqual(await readdir(folder), []);
  }
});

test('a pid that another process has now holds nothing', { skip: process.platform !== 'linux' }, async (t) => {
  const folder = await emptyFolder(t);
  const { release } = await lockFolder(folder);
  const own = await lockIn(folder);
  await release();
  await writeFile(join(folder, 'lock'), JSON.stringify({ ...own, started: `${Number(own.started) - 1}` }));
  await (await lockFolder(folder)).release();
});

test('a holder on another machine counts while it touches the file', async (t) => {
  const folder = await emptyFolder(t);
  const lock = join(folder, 'lock');
  await writeFile(lock, JSON.stringify({ pid: 1, started: '1', place: 'elsewhere boot pid:[1]' }));
  await assert.rejects(lockFolder(folder), { code: 'data-folder-locked', message: /^Process 1 on elsewhere uses/ });
  const earlier = new Date(Date.now() - 60_000);
  await utimes(lock, earlier, earlier);
  await (await lockFolder(folder)).release();
});

test('says what is wrong with a folder that cannot be used', async (t) => {
  const folder = await emptyFolder(t);
  const file = join(folder, 'file');
  await writeFile(file, '');
  await assert.rejects(lockFolder(file), { code: 'data-folder-unusable', message: /DATA_DIR/ });
  await assert.rejects(lockFolder(join(file, 'below')), { code: 'data-folder-unusable' });
  if (process.getuid?.() === 0) return;
  await chmod(folder, 0o500);
  await assert.rejects(lockFolder(folder), { code: 'data-folder-unusable' });
});
