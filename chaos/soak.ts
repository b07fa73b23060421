/**
 * Half an hour of steady load, in which memory and Redis keys must stay where they are: 200 polls a second and 1,000
 * views a second into a process for each role. Prints a line a minute, and fails where the resident memory of a process
 * rises by more than 1 % in ten minutes after the warm-up, or keys pile up that no time slot explains. Memory goes up and
 * down by a third as garbage comes and is collected; what counts is the lowest of each five minutes, which a leak raises as
 * it raises all, and which garbage does not.
 *
 *     node --import tsx chaos/soak.ts [--minutes 30] [--warm-up 20] [--polls 200] [--views 1000]
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openChecks } from './audit/checks.ts';
import { settle } from './settle.ts';
import { openWorld, POLL_SECONDS, type World } from './world.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'warm-up': { type: 'string', default: '20' },
    polls: { type: 'string', default: '200' },
    views: { type: 'string', default: '1000' },
  },
});
const wrong = Object.entries(values).find(([, value]) => !(value !== '' && Number(value) >= 0));
if (wrong !== undefined) {
  console.error(`--${wrong[0]} must be a number.`);
  process.exit(2);
}
const SAMPLE_MS = 10_000;
const MOST_PERCENT = 1;
const LOWEST_OF_MINUTES = 5;
/** From one poll of a feed to its next: its interval, half of the jitter of a tenth, and a second until it is claimed. */
const BETWEEN_POLLS = 1.05 * POLL_SECONDS + 1;
/** Of what is kept by time, each slot has keys of its own until it expires (docs/redis-keys.md). */
const BY_TIME = /^(?:\{r\d+\}:(?:seen|crowd|b5|bh)|\{pulse\}):/;

interface Sample {
  /** Since the start, in minutes. */
  readonly minute: number;
  readonly megabytes: Readonly<Record<string, number>>;
  readonly keys: number;
  readonly keysByTime: number;
  /** Keys by what they are for, without shard, category and number. */
  readonly families: ReadonlyMap<string, number>;
  readonly polls: number;
  readonly views: number;
}

/** Minute and megabytes. */
type Point = readonly [number, number];

const lowest = (points: readonly Point[]) => Math.min(...points.map(([, value]) => value));
const highest = (points: readonly Point[]) => Math.max(...points.map(([, value]) => value));

const folder = mkdtempSync(join(tmpdir(), 'newsrank-soak-'));
chmodSync(folder, 0o711);
const world = await openWorld({
  folder,
  crew: ['api', 'counter', 'scheduler', 'poller', 'ranker'],
  origin: { feeds: Math.ceil(Number(values.polls) * BETWEEN_POLLS), perSecond: 2, entries: 2 },
  settings: { POLL_CONCURRENCY: '64', RANK_INTERVAL: '5s', ARCHIVE_INTERVAL: '5s' },
});
world.readers.setPace(Number(values.views));
const startedAt = Date.now();
const samples: Sample[] = [];
const minutes = Number(values.minutes) + Number(values['warm-up']);
while (Date.now() - startedAt < minutes * 60_000) {
  await sleep(SAMPLE_MS);
  samples.push(await look(world));
  if (samples.length % 6 === 1) tell(samples);
}

const checks = openChecks();
const steady = samples.filter(({ minute }) => minute >= Number(values['warm-up']));
for (const role of Object.keys(steady[0]?.megabytes ?? {})) {
  const points = steady.map(({ minute, megabytes }): Point => [minute, megabytes[role] ?? 0]);
  checks.atMost(`${role}: % in ten minutes`, slopeOf(lowestOf(points)), MOST_PERCENT);
  checks.note(`${role}: MB`, `${Math.round(lowest(points))} to ${Math.round(highest(points))}`);
}
const [first, last] = [steady[0], steady.at(-1)];
checks.note('keys', `${first?.keys} → ${last?.keys}, by time ${first?.keysByTime} → ${last?.keysByTime}`);
// Some keys come and go with each round of work, so that the lowest of some minutes counts here, too.
const keys = lowestOf(steady.map((sample): Point => [sample.minute, sample.keys]));
const [[, fewest], [, fewestAtLast]] = [keys.at(0) ?? [0, 0], keys.at(-1) ?? [0, 0]];
checks.atMost('keys more', fewestAtLast - fewest, 0.01 * fewest);
for (const [family, count] of last?.families ?? []) {
  const before = first?.families.get(family) ?? 0;
  if (count > before) checks.note(`keys ${family}`, `${before} → ${count}`);
}
const seconds = (steady.length - 1) * (SAMPLE_MS / 1000);
checks.note('polls a second', ((last?.polls ?? 0) - (first?.polls ?? 0)) / seconds);
checks.note('views a second', ((last?.views ?? 0) - (first?.views ?? 0)) / seconds);
await settle(world, checks);
await world.close();
console.log(`${checks.failures.length === 0 ? 'pass' : 'FAIL'}: ${checks.figures.join(' · ')}`);
for (const failure of checks.failures) console.log(`✗ ${failure}`);
rmSync(folder, { recursive: true, force: true });
process.exit(checks.failures.length === 0 ? 0 : 1);

async function look({ crew, redis, origin, readers }: World): Promise<Sample> {
  const keys = 'keys' in redis ? await redis.keys('*') : [];
  const byTime = keys.filter((key) => BY_TIME.test(key)).length;
  return {
    minute: (Date.now() - startedAt) / 60_000,
    megabytes: Object.fromEntries(crew.members().map(({ roles, pid }) => [roles, residentMb(pid)])),
    keys: keys.length - byTime,
    keysByTime: byTime,
    families: countBy(keys.filter((key) => !BY_TIME.test(key)).map(familyOf)),
    polls: origin.feeds.reduce((sum, { asked }) => sum + asked.length, 0),
    views: readers.acknowledgedTotal(),
  };
}

function familyOf(key: string): string {
  return key.replace(/^\{r\d+\}/, '{rN}').replace(/\d+/g, 'n');
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function residentMb(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

function tell(all: readonly Sample[]): void {
  const now = all.at(-1);
  if (now === undefined) return;
  const memory = Object.entries(now.megabytes).map(([role, megabytes]) => `${role} ${Math.round(megabytes)} MB`);
  console.log(
    `${now.minute.toFixed(0).padStart(3)} min  ${memory.join(' ')}  keys ${now.keys} + ${now.keysByTime}  polls ${now.polls}  views ${now.views}`,
  );
}

/** The lowest point of each five minutes. */
function lowestOf(points: readonly Point[]): Point[] {
  const slots = new Map<number, Point>();
  const from = points[0]?.[0] ?? 0;
  const whole = Math.max(1, Math.floor(Number(values.minutes) / LOWEST_OF_MINUTES));
  for (const point of points) {
    // The last sample may come after the last whole slot, and say nothing by itself.
    const slot = Math.min(Math.floor((point[0] - from) / LOWEST_OF_MINUTES), whole - 1);
    const known = slots.get(slot);
    if (known === undefined || point[1] < known[1]) slots.set(slot, point);
  }
  return [...slots.values()];
}

/** By least squares: how many percent of its mean a value rises in ten minutes. */
function slopeOf(points: readonly Point[]): number {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0);
  const under = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return ((over / under) * 10 * 100) / y;
}
