/**
 * Runs all tests, or the files given. To load the code and its WebAssembly engines anew for each file took more than half
 * of all CPU: files without hooks share one process, and so do those of a few folders. Further arguments that start with
 * `--` go to Node's test runner.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PROCESSES_AT_ONCE = 3;
/** Their files have engines of their own and nothing else in common, and are many. */
const SHARED_FOLDERS = ['api', 'articles', 'ranking', 'schema', 'views'];
/** The longest, which must not be left running alone at the end. */
const FIRST = /(?:app|browser|command-line|unreachable|open|main)\.test\.ts$/;
const HAS_HOOKS =
  /\b(?:before|after|beforeEach|afterEach)\(|\bmock\b|support\/(?:engines|product|children)\.ts'|browser/;

const here = dirname(fileURLToPath(import.meta.url));
const given = process.argv.slice(2);
const flags = given.filter((argument) => argument.startsWith('--'));
const named = given.filter((argument) => !argument.startsWith('--')).map((file) => resolve(file));
const files = named.length > 0 ? named : findTests(here);

const alone: string[] = [];
const shared = new Map<string, string[]>();
for (const file of files) {
  const folder = basename(dirname(file));
  const isPlain = !HAS_HOOKS.test(readFileSync(file, 'utf8'));
  const group = SHARED_FOLDERS.includes(folder) ? folder : isPlain ? 'plain' : undefined;
  if (group === undefined) alone.push(file);
  else shared.set(group, [...(shared.get(group) ?? []), file]);
}

const entries = mkdtempSync(join(tmpdir(), 'newsrank-tests-'));
const together = [...shared].map(([group, members]) => {
  const entry = join(entries, `${group}.test.mjs`);
  writeFileSync(entry, members.map((file) => `import ${JSON.stringify(pathToFileURL(file).href)};\n`).join(''));
  return entry;
});
const runner = [
  '--test',
  `--test-concurrency=${PROCESSES_AT_ONCE}`,
  ...flags,
  ...alone.sort(longestFirst),
  ...together,
];
const { status } = spawnSync(process.execPath, ['--liftoff-only', '--import', 'tsx', ...runner], { stdio: 'inherit' });
rmSync(entries, { recursive: true });
process.exitCode = status ?? 1;

function findTests(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(folder, file))
    .sort();
}

function longestFirst(one: string, other: string): number {
  return Number(FIRST.test(other)) - Number(FIRST.test(one));
}
