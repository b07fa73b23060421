import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Command } from 'commander';
import { addBackup } from '../../src/cli/backup.ts';
import { withFeedAdmin } from '../../src/cli/feed-admin.ts';
import { addFeeds } from '../../src/cli/feeds.ts';
import { CodedError } from '../../src/errors.ts';
import { fillDataFolder } from '../support/engines.ts';
import { emptyFolder } from '../support/folders.ts';
import { fakeTerminal } from './fake-terminal.ts';

async function dataFolder(t: TestContext): Promise<string> {
  const folder = await emptyFolder(t);
  await fillDataFolder(join(folder, 'postgres'));
  return folder;
}

async function run(folder: string, ...args: string[]): Promise<string> {
  const terminal = fakeTerminal({ DATA_DIR: folder });
  const program = new Command('newsrank').exitOverride();
  addBackup(program, terminal);
  addFeeds(program, terminal, withFeedAdmin, async () => assert.fail('asks nobody'));
  await program.parseAsync(args, { from: 'user' });
  return terminal.printed.join('\n');
}

const isCoded =
  (code: string, message = /./) =>
  (error: unknown) =>
    error instanceof CodedError && error.code === code && message.test(error.message);

test('what is in one database goes into another by a file that is its owner’s alone', async (t) => {
  const [from, to, files] = [await dataFolder(t), await dataFolder(t), await emptyFolder(t)];
  const file = join(files, 'newsrank.gz');
  await run(from, 'feeds', 'add', 'https://a.example/', '--as-is');
  assert.match(await run(from, 'backup', file), /^\d+ rows are in .*newsrank\.gz\.$/);
  assert.equal((await stat(file)).mode & 0o777, 0o600, 'it holds the passwords of feeds');
  assert.match(await run(to, 'restore', file), /^\d+ rows were restored\.$/);
  assert.match(await run(to, 'feeds', 'list'), /https:\/\/a\.example\//);
  await assert.rejects(run(to, 'restore', file), isCoded('database-used'));
  assert.deepEqual(await readdir(files), ['newsrank.gz']);
});

test('a backup migrates nothing, and of nothing there is none', async (t) => {
  const [folder, files] = [await emptyFolder(t), await emptyFolder(t)];
  await assert.rejects(run(folder, 'backup', join(files, 'a.gz')), /There is nothing to back up/);
  assert.deepEqual(await readdir(files), []);
  await assert.rejects(
    run(folder, 'backup', join(files, 'a.gz')),
    /There is nothing to back up/,
    'none was made by that',
  );
});

test('a file that cannot be written or read is named', async (t) => {
  const folder = await dataFolder(t);
  const nowhere = join(folder, 'none', 'newsrank.gz');
  await assert.rejects(run(folder, 'backup', nowhere), isCoded('backup-unwritable'));
  await assert.rejects(run(folder, 'restore', nowhere), isCoded('backup-unreadable'));
  const files = await emptyFolder(t);
  await assert.rejects(run(folder, 'backup', files), isCoded('backup-unwritable'));
  await assert.rejects(run(folder, 'restore', files), isCoded('backup-unreadable'));
  assert.deepEqual(await readdir(files), []);
  const [other, cutOff] = [join(files, 'other'), join(files, 'cut-off')];
  await writeFile(other, 'no archive');
  await assert.rejects(run(folder, 'restore', other), /It is no backup of newsrank/);
  await writeFile(other, gzipSync('[]\n'));
  await assert.rejects(run(folder, 'restore', other), isCoded('backup-unreadable', /does not begin as one/));
  const whole = join(files, 'whole');
  await run(folder, 'backup', whole);
  const bytes = await readFile(whole);
  const empty = await emptyFolder(t);
  for (const lacking of [1, 9, 100]) {
    await writeFile(cutOff, bytes.subarray(0, -lacking));
    await assert.rejects(run(empty, 'restore', cutOff), isCoded('backup-unreadable', /It is cut off/), `${lacking}`);
  }
  // Of its checksum: all rows are there, but not as they were written.
  const changed = bytes.map((byte, at) => (at === bytes.length - 8 ? byte ^ 1 : byte));
  await writeFile(other, changed);
  await assert.rejects(run(empty, 'restore', other), isCoded('backup-unreadable', /was changed on its way/));
  await run(empty, 'restore', whole);
  await assert.rejects(stat(`${files}.part`), 'what was begun leaves nothing');
});
