/**
 * Breaks the product on purpose, as it runs in earnest: PostgreSQL, Redis and a process for each role, under a load of
 * 1,000 polls a minute and 500 views a second. After each fault, what publishers published and what readers were told is
 * counted is compared with what is stored. Needs Debian's postgresql and redis-server; ports and folders are its own.
 *
 *     npm run chaos                                      everything, about an hour
 *     npm run chaos -- --short                           everything, a tenth as long
 *     npm run chaos -- --only redis-killed,clock-moved
 *     npm run chaos -- --down 30                         servers stay away for 30 s, not for five minutes
 *     npm run chaos -- --keep                            leaves logs and data behind, also of what passed
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChecks } from './audit/checks.ts';
import { FAULTS } from './faults.ts';
import { lacksServers } from './servers/lacks.ts';
import { readOptions } from './usage.ts';

const values = readOptions(
  process.argv.slice(2),
  FAULTS.map(({ name }) => name),
);
if ('exitCode' in values) {
  console[values.exitCode === 0 ? 'log' : 'error'](values.text);
  process.exit(values.exitCode);
}
const missing = lacksServers();
if (missing !== undefined) {
  console.error(`needs ${missing}`);
  process.exit(1);
}
const root = mkdtempSync(join(tmpdir(), 'newsrank-chaos-'));
// PostgreSQL runs as a user of its own, and must get through to its folder.
chmodSync(root, 0o711);

for (const fault of FAULTS.filter(({ name }) => values.only.includes(name))) {
  const lacks = fault.lacks?.();
  if (lacks !== undefined) {
    console.log(`skip  ${fault.name}: ${fault.about}\n      needs ${lacks}`);
    continue;
  }
  const folder = join(root, fault.name);
  const checks = openChecks();
  const startedAt = performance.now();
  try {
    await fault.run({ folder, isShort: values.short, downSeconds: values.downSeconds }, checks);
  } catch (error) {
    checks.hold(error instanceof Error ? `${error.stack}` : String(error), false);
  }
  const isPassed = checks.failures.length === 0;
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`${isPassed ? 'pass ' : 'FAIL '} ${fault.name}: ${fault.about} (${seconds} s)`);
  console.log(`      ${checks.figures.join(' · ')}`);
  for (const failure of checks.failures) console.log(`      ✗ ${failure}`);
  if (!isPassed) {
    process.exitCode = 1;
    console.log(`      logs: ${folder}`);
  } else if (!values.keep) rmSync(folder, { recursive: true, force: true });
}
if (process.exitCode === undefined && !values.keep) rmSync(root, { recursive: true, force: true });
