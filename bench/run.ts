/**
 * Runs the benchmarks of all stages one after the other, each beside a baseline of the same run, and sums them up in one
 * table at the end. Those that need more than Node are left out where it is missing, and said to be.
 *
 *     npm run bench                                   what Node alone can run
 *     (source .ci/servers; npm run bench)             with Debian's Redis and PostgreSQL as well
 *     npm run bench -- --feeds FOLDER                 with a folder of captured feeds as well
 *     npm run bench -- --only views,ranking           some stages, or benchmarks by the names of their files
 *     npm run bench -- --results bench/RESULTS.md     writes the table down, with the machine and the date
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BENCHMARKS, type Benchmark, type Figure } from './benchmarks.ts';
import { describeMachine } from './machine.ts';

const { values } = parseArgs({
  options: { feeds: { type: 'string' }, only: { type: 'string' }, results: { type: 'string' } },
});
const { REDIS_URL: redis, DATABASE_URL: database } = process.env;
const has = { servers: redis !== undefined && database !== undefined, feeds: values.feeds !== undefined };
const NEEDS = { servers: 'servers (DATABASE_URL and REDIS_URL)', feeds: 'captured feeds (--feeds FOLDER)' };
/** For the one that empties a whole database of Redis. */
const scratch = redis === undefined ? {} : { REDIS_URL: Object.assign(new URL(redis), { pathname: '/500' }).href };

interface Row {
  readonly stage: string;
  readonly benchmark: string;
  readonly figure: string;
  readonly measured: string;
  readonly bar: string;
  readonly holds: string;
}

const only = values.only?.split(',');
const chosen = BENCHMARKS.filter(
  ({ stage, file }) => only?.some((one) => one === stage || file === `${one}.ts`) ?? true,
);
const rows: Row[] = [];
for (const benchmark of chosen) {
  console.log(`\n## ${benchmark.name}`);
  const lacks = benchmark.needs.filter((need) => !has[need]).map((need) => NEEDS[need]);
  if (lacks.length > 0) {
    console.log(`left out: needs ${lacks.join(' and ')}`);
    rows.push(rowOf(benchmark, 'left out', `needs ${lacks.join(' and ')}`, '', ''));
    continue;
  }
  const { code, output } = await run(benchmark);
  rows.push(
    rowOf(
      benchmark,
      'ran to its end, all that it checks holds',
      code === 0 ? 'yes' : `exit ${code}`,
      '',
      code === 0 ? 'yes' : 'NO',
    ),
  );
  rows.push(...benchmark.figures.map((figure) => measure(benchmark, figure, output)));
}

const table = [
  '| stage | benchmark | figure | measured | bar | holds |',
  '|---|---|---|---|---|---|',
  ...rows.map((row) => `| ${Object.values(row).join(' | ')} |`),
].join('\n');
console.log(`\n${table}`);
if (values.results !== undefined) {
  const about = `# Results\n\nThe last run of \`npm run bench\`, as it came. ${describeMachine(new Date())}\n`;
  writeFileSync(values.results, `${about}\n${table}\n`);
}
process.exitCode = rows.some(({ holds }) => holds === 'NO') ? 1 : 0;

function rowOf({ stage, name }: Benchmark, figure: string, measured: string, bar: string, holds: string): Row {
  return { stage, benchmark: name, figure, measured, bar, holds };
}

/** Its output goes to the terminal as it comes. */
async function run({
  file,
  args = [],
  flags = [],
  needs,
}: Benchmark): Promise<{ code: number | null; output: string }> {
  const script = new URL(file, import.meta.url).pathname;
  const folder = needs.includes('feeds') && values.feeds !== undefined ? [values.feeds] : [];
  const child = spawn(process.execPath, [...flags, '--import', 'tsx', script, ...folder, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(file === 'record-views.ts' && scratch) },
  });
  const parts: string[] = [];
  child.stdout.on('data', (part: Buffer) => {
    process.stdout.write(part);
    parts.push(String(part));
  });
  const [code] = await once(child, 'close');
  return { code, output: parts.join('') };
}

/** The worst of what was printed of the figure, held to its bar. */
function measure(benchmark: Benchmark, { what, pattern, atMost, atLeast }: Figure, output: string): Row {
  const found = Array.from(output.matchAll(pattern), ([, figure]) => Number(figure));
  const worst = atLeast === undefined ? Math.max(...found) : Math.min(...found);
  const bar = atMost !== undefined ? `≤ ${atMost}` : atLeast !== undefined ? `≥ ${atLeast}` : '';
  if (found.length === 0) return rowOf(benchmark, what, 'not printed', bar, 'NO');
  const isHeld = worst <= (atMost ?? Number.POSITIVE_INFINITY) && worst >= (atLeast ?? Number.NEGATIVE_INFINITY);
  return rowOf(benchmark, what, String(worst), bar, bar === '' ? '' : isHeld ? 'yes' : 'NO');
}
