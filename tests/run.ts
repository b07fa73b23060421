/**
 * Runs all tests, or the files given. To load the code and its WebAssembly engines anew for each file took more than half
 * of all CPU: the files of a folder share a process, each as a suite, so that its hooks stay its own. Files that
 * start processes or a browser, or replace what all share, are alone. Further arguments that start with `--` go to
 * Node's test runner.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PROCESSES_AT_ONCE = 3;
/** The longest, which must not be left running alone at the end. */
const FIRST = /(?:app|browser|command-line|unreachable|open|main)\.test\.ts$/;
const IS_ALONE = /\bmock\b|support\/(?:product|children|cluster)\.ts'|playwright/;

const here = dirname(fileURLToPath(import.meta.url));
const given = process.argv.slice(2);
const flags = given.filter((argument) => argument.startsWith('--'));
const named = given.filter((argument) => !argument.startsWith('--')).map((file) => resolve(file));
const files = named.length > 0 ? named : findTests(here);

const alone: string[] = [];
const shared = new Map<string, string[]>();
for (const file of files) {
  const [folder = ''] = relative(here, file).split(sep);
  if (IS_ALONE.test(readFileSync(file, 'utf8'))) alone.push(file);
  else shared.set(folder, [...(shared.get(folder) ?? []), file]);
}

const entries = mkdtempSync(join(tmpdir(), 'newsrank-tests-'));
const together = [...shared].map(([folder, members]) => {
  const entry = join(entries, `${folder}.test.mjs`);
  const suites = members.map((file) => {
    const name = JSON.stringify(relative(here, file));
    return `suite(${name}, () => import(${JSON.stringify(pathToFileURL(file).href)}));\n`;
  });
  writeFileSync(entry, `import { suite } from 'node:test';\n${suites.join('')}`);
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
