import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { main } from '../../src/main.ts';
import { fillDataFolder } from '../support/engines.ts';
import { emptyFolder } from '../support/folders.ts';
import { type Ended, redisUrlOf, run, runUnread, startProduct } from '../support/product.ts';
import { fakeTerminal } from './fake-terminal.ts';

/** One clear line, no stack, the exit code of its kind. */
function assertRefused({ code, stderr }: Ended, expectedCode: number, message: RegExp): void {
  assert.equal(code, expectedCode, stderr);
  assert.match(stderr, message);
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
}

/** A verb in this process, beside the one that has the engines. */
async function runHere(args: readonly string[], environment: Record<string, string>) {
  const terminal = fakeTerminal({ LOG_LEVEL: 'silent', ...environment });
  const code = await main(['node', 'newsrank', ...args], terminal);
  return { code, printed: terminal.printed };
}

// Each process costs seconds of CPU: what can be seen within one is tested in main.test.ts and beside this file.
test('feeds are managed beside a newsrank that has the embedded engine to itself, and after it', async (t) => {
  const folder = await emptyFolder(t);
  await fillDataFolder(join(folder, 'postgres'));
  const settings = { DATA_DIR: folder, FETCH_ALLOW_CIDRS: '', ...(await redisUrlOf(t)) };
  const product = await startProduct(t, settings);
  const added = await run(
    ['feeds', 'add', 'http://127.0.0.1:49000/feed', '--category', 'Politics', '--json'],
    settings,
  );
  assert.equal(added.code, 0, added.stderr);
  const { id } = JSON.parse(added.stdout);
  // The guard refuses that address; what matters is that the one that runs polled it, and that its outcome is told.
  assertRefused(await run(['feeds', 'poll', String(id)], settings), 1, /not at a public address/);
  const [found, list, doctor] = await Promise.all([
    runHere(['articles', 'search', 'anything'], settings),
    runHere(['rankings', '--list', 'popular', '--json'], settings),
    runHere(['doctor', '--json'], settings),
  ]);
  assert.deepEqual([found.code, found.printed], [0, ['Nothing found.']]);
  assert.deepEqual([list.code, JSON.parse(list.printed[0] ?? '').list], [0, 'popular']);
  const findings = JSON.parse(doctor.printed[0] ?? '') as { check: string; isGood: boolean; detail: string }[];
  assert.deepEqual([doctor.code, findings.filter(({ isGood }) => !isGood)], [0, []]);
  assert.match(findings.find(({ check }) => check === 'engines')?.detail ?? '', new RegExp(`runs at ${product.url}`));
  assert.match(findings.find(({ check }) => check === 'feeds')?.detail ?? '', /^1 (?:active|backoff); \d+ overdue$/);
  assert.equal(await product.stop(), 0);

  const after = await run(['feeds', 'poll', 'http://127.0.0.1:49000/feed'], settings);
  assertRefused(after, 1, /not at a public address/);
  assert.match(after.stdout, /^failed:blocked-address, 0 bytes/);
});

test('a verb that is none is refused with the one that was meant, and says how it ends', async () => {
  const terminal = fakeTerminal();
  assert.equal(await main(['node', 'newsrank', 'stat'], terminal), 2);
  assert.match(terminal.complaints.join(''), /unknown command 'stat'\n\(Did you mean start\?\)\nAdd --help /);
});

test('a reader that has enough does not make a command fail', async () => {
  assert.deepEqual(await runUnread(['--print-config']), { code: 0, stdout: '', stderr: '' });
});

const skipWithoutFull = !existsSync('/dev/full') && 'there is no /dev/full';

test('an output that takes nothing fails with one line', { skip: skipWithoutFull }, () => {
  const stdio = ['ignore', openSync('/dev/full', 'w'), 'pipe'] as const;
  const cwd = new URL('../../', import.meta.url);
  const { status, stderr } = spawnSync('bin/newsrank.js', ['--print-config'], {
    cwd,
    stdio: [...stdio],
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.match(stderr, /^newsrank: Standard output cannot be written: ENOSPC.*\.\n$/);
});
