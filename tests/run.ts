/**
 * Runs all tests, or the files given. To load the code and its WebAssembly engines anew for each file took more than half
 * of all CPU: the files of a folder share a process, each as a suite, so that its hooks stay its own. Files that
 * start processes or a browser, or replace what all share, are alone. Further arguments that start with `--` go to
 * Node's test runner.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PROCESSES_AT_ONCE = 3;
/** The longest, which must not be left running alone at the end. */
const FIRST = /(?:machines|app|closed-killed|command-line|unreachable|browser|accessibility|cluster)\.test\.ts$/;
const IS_ALONE = /\bmock\b|support\/(?:product|children|cluster)\.ts'|playwright|'unshare'/;

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

/** Processes in the order of their start: Node sorts by name, so the names of their entries are numbered. */
const [first = [], last = []] = [true, false].map((isFirst) => alone.filter((file) => FIRST.test(file) === isFirst));
const inOrder = [
  ...first.map(importing),
  ...[...shared].sort(([, one], [, other]) => other.length - one.length).map(sharing),
  ...last.map(importing),
];
const folder = mkdtempSync(join(tmpdir(), 'newsrank-tests-'));
const entries = inOrder.map(({ name, lines }, index) => {
  const entry = join(folder, `${String(index).padStart(3, '0')}-${name}.test.mjs`);
  writeFileSync(entry, lines.join('\n'));
  return entry;
});
const runner = ['--test', `--test-concurrency=${PROCESSES_AT_ONCE}`, ...flags, ...entries];
const { status } = spawnSync(process.execPath, ['--liftoff-only', '--import', 'tsx', ...runner], { stdio: 'inherit' });
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;

function importing(file: string) {
  return { name: basename(file, '.test.ts'), lines: [`import ${quoteUrl(file)};`] };
}

function sharing([name, files]: [string, string[]]) {
  const suites = files.map((file) => {
    const title = JSON.stringify(relative(here, file));
    return `suite(${title}, () => import(${quoteUrl(file)}));`;
  });
  const lines = [
    "import { after, suite } from 'node:test';",
    `import { keepEngines } from ${quoteUrl(join(here, 'support/engines.ts'))};`,
    `suite(${JSON.stringify(name)}, () => {`,
    'after(keepEngines());',
    ...suites,
    '});',
  ];
  return { name: basename(name, '.test.ts'), lines };
}

function quoteUrl(file: string): string {
  return JSON.stringify(pathToFileURL(file).href);
}

function findTests(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(folder, file))
    .sort();
}
