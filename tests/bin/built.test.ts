import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { emptyFolder } from '../support/folders.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const runFile = promisify(execFile);

test('a clone puts its sources together once, and anew when they change', async (t) => {
  const clone = await cloneInto(t);
  const [first, second] = await Promise.all([version(clone), version(clone)]);
  assert.equal(first, second);
  const builds = readdirSync(join(clone, 'dist'));
  assert.equal(builds.length, 1, 'two that start at once make one');
  for (const file of ['main.js', 'thread.js', 'valkey-thread.js']) {
    assert.ok(readdirSync(join(clone, 'dist', builds[0] ?? '')).includes(file), file);
  }

  await version(clone);
  assert.deepEqual(readdirSync(join(clone, 'dist')), builds);

  ageBuilds(clone);
  changeVersion(clone, 'changed');
  assert.equal(await version(clone), 'changed\n');
  const two = readdirSync(join(clone, 'dist'));
  assert.ok(two.length === 2 && two.includes(builds[0] ?? ''), 'what ran for months may still load a part of its own');

  ageBuilds(clone);
  changeVersion(clone, 'changed again');
  await version(clone);
  const left = readdirSync(join(clone, 'dist'));
  assert.ok(left.length === 2 && !left.includes(builds[0] ?? ''), 'what ran before that is gone');

  await runFile(process.execPath, ['bin/build.js'], { cwd: clone });
  assert.equal(readdirSync(join(clone, 'dist')).length, 1, 'what is published is one build');
});

test('a build that is not whole is made again', async (t) => {
  const clone = await cloneInto(t);
  const before = await version(clone);
  const [name = ''] = readdirSync(join(clone, 'dist'));
  const build = join(clone, 'dist', name);
  const whole = contentsOf(build);
  const chunk = Object.keys(whole).find((file) => /^chunk-.*\.js$/.test(file)) ?? '';
  const damages: Record<string, () => void> = {
    'one file is empty, as after a power cut': () => truncateSync(join(build, chunk)),
    'one was never copied': () => rmSync(join(build, chunk)),
    'the list is missing, which is written last': () => rmSync(join(build, 'files.json')),
  };
  for (const [damage, wreak] of Object.entries(damages)) {
    wreak();
    assert.equal(await version(clone), before, damage);
    assert.deepEqual(contentsOf(build), whole, damage);
    assert.deepEqual(readdirSync(join(clone, 'dist')), [name], damage);
  }
});

test('on a full disk the sources are run, and nothing half is left', async (t) => {
  const clone = await cloneInto(t);
  const before = await version(clone);
  rmSync(join(clone, 'dist'), { recursive: true });
  // No file may become larger than 64 kB.
  const { stdout } = await runFile('bash', ['-c', 'ulimit -f 64; node bin/newsrank.js --version'], { cwd: clone });
  assert.equal(stdout, before);
  assert.deepEqual(readdirSync(join(clone, 'dist')), []);
  assert.equal(await version(clone), before);
  assert.equal(readdirSync(join(clone, 'dist')).length, 1);
});

test('where nothing can be put together the sources are run', async (t) => {
  const clone = await cloneInto(t);
  writeFileSync(join(clone, 'dist'), 'in the way of the folder');
  changeVersion(clone, 'changed');
  assert.equal(await version(clone), 'changed\n');
});

function contentsOf(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

async function cloneInto(t: TestContext): Promise<string> {
  const clone = await emptyFolder(t);
  for (const name of ['bin', 'config', 'src', 'workers', 'package.json']) {
    cpSync(join(ROOT, name), join(clone, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  return clone;
}

async function version(clone: string): Promise<string> {
  return (await runFile(process.execPath, ['bin/newsrank.js', '--version'], { cwd: clone })).stdout;
}

/** As if all builds that are there were made some months ago, one after the other. */
function ageBuilds(clone: string): void {
  for (const name of readdirSync(join(clone, 'dist'))) {
    const path = join(clone, 'dist', name);
    const months = statSync(path).mtimeMs / 1000 - 100 * 24 * 3600;
    utimesSync(path, months, months);
  }
}

function changeVersion(clone: string, text: string): void {
  const file = join(clone, 'src/version.ts');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/return .*;/, `return '${text}';`));
}
