import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { main } from '../src/main.ts';
import { fakeTerminal } from './cli/fake-terminal.ts';
import { emptyFolder } from './support/folders.ts';
import { DEAD_PORT } from './support/ports.ts';
import { engineSettings } from './support/product.ts';

async function run(args: readonly string[], environment: Record<string, string> = {}) {
  const terminal = fakeTerminal({ LOG_LEVEL: 'silent', ...environment });
  const code = await main(['node', 'newsrank', ...args], terminal);
  return { code, stdout: terminal.printed.join('\n'), stderr: terminal.complaints.join('') };
}

/** One clear line (and where help is), no stack, the exit code of its kind. */
function assertRefused({ code, stderr }: Awaited<ReturnType<typeof run>>, expected: number, message: RegExp): void {
  assert.equal(code, expected, stderr);
  assert.match(stderr, message);
  const [, ...more] = stderr.trim().split('\n');
  assert.deepEqual(
    more.filter((line) => !/^Add --help /.test(line)),
    [],
    stderr,
  );
}

test('wrong usage and wrong settings end with 2 and one line that says what to do', async () => {
  assert.equal((await run(['dance'])).code, 2);
  assert.equal((await run([])).code, 2);
  assertRefused(await run(['start', '--roles', 'cook']), 2, /--roles must be/);
  assertRefused(await run(['feeds', 'list', '--state', 'happy']), 2, /Allowed choices are active/);
  const wrong = await run(['start'], { PORT: '99999', LOG_LEVEL: 'loud' });
  assertRefused(wrong, 2, /PORT must be .*; LOG_LEVEL must be one of/);
  assertRefused(await run(['rankings', '--at', 'yesterday']), 2, /--at must be a time such as/);
});

test('what cannot be opened ends with 1 and leaves nothing half-started', async (t) => {
  const folder = await emptyFolder(t);
  const file = join(folder, 'feeds.opml');
  await writeFile(file, 'these are not the feeds');
  assertRefused(await run(['start'], { DATA_DIR: folder, FEEDS_FILE: file }), 1, /FEEDS_FILE .*feeds\.opml/);
  assertRefused(await run(['start'], { DATA_DIR: folder, FEEDS_FILE: join(folder, 'none') }), 1, /none/);

  const noRedis = { DATA_DIR: join(folder, 'new'), REDIS_URL: `redis://127.0.0.1:${DEAD_PORT}` };
  assertRefused(await run(['start'], noRedis), 1, new RegExp(`127\\.0\\.0\\.1:${DEAD_PORT}\\b`));
  assert.deepEqual(await readdir(folder), ['feeds.opml'], 'not even an empty database');

  const database = { DATABASE_URL: `postgres://someone:secret@127.0.0.1:${DEAD_PORT}/news` };
  for (const verb of [['start'], ['feeds', 'list'], ['migrate']]) {
    const unreachable = await run(verb, database);
    assertRefused(unreachable, 1, new RegExp(`127\\.0\\.0\\.1:${DEAD_PORT}\\b`));
    assert.ok(!unreachable.stderr.includes('secret'));
  }
});

test('with its database open, what else is wrong is named, and all is closed again', async (t) => {
  const settings = await engineSettings(t);
  const redis = { ...settings, REDIS_URL: `redis://127.0.0.1:${DEAD_PORT}` };
  assertRefused(await run(['start'], redis), 1, new RegExp(`127\\.0\\.0\\.1:${DEAD_PORT}\\b`));

  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  assertRefused(await run(['start'], { ...settings, PORT: String(port) }), 1, new RegExp(`${port}`));

  const doctor = await run(['doctor', '--json'], { ...settings, FEEDS_FILE: '/nowhere.opml' });
  assert.equal(doctor.code, 1);
  const findings = JSON.parse(doctor.stdout) as { check: string; isGood: boolean }[];
  assert.deepEqual(
    findings.filter(({ isGood }) => !isGood).map(({ check }) => check),
    ['feeds file'],
  );
  assert.ok(findings.some(({ check, isGood }) => check === 'engines' && isGood));
});

test('--print-config shows what is in force, without secrets', async () => {
  const { stdout, code } = await run(['--print-config'], { REDIS_URL: 'redis://:hunter2@cache:6379', PORT: '9999' });
  assert.equal(code, 0);
  assert.match(stdout, /^PORT=9999$/m);
  assert.ok(!stdout.includes('hunter2'));
});
