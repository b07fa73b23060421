/**
 * A poller on a machine of its own, as far as its network knows: runs in a network namespace without any way out, makes
 * another one, and joins the two by a pair of virtual interfaces, whose cable can be pulled. Prints what came of it as JSON.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Origin, openOrigin } from '../../chaos/load/origin.ts';
import { leaveNoOrphan } from '../../chaos/servers/orphans.ts';
import { openPostgres } from '../../chaos/servers/postgres.ts';
import { becomes, mustBecome } from '../../chaos/servers/process.ts';
import { openRedis } from '../../chaos/servers/redis.ts';
import { openWire } from '../../chaos/servers/wire.ts';

const [, , folder = ''] = process.argv;
const FEEDS = 60;
const [NEAR, FAR] = ['10.77.0.1', '10.77.0.2'];

const run = (command: string, ...args: readonly string[]) => execFileSync(command, args, { stdio: 'inherit' });

/** A namespace lives as long as a process in it. */
async function joinMachines(): Promise<readonly string[]> {
  run('ip', 'link', 'set', 'lo', 'up');
  const holder = spawn('unshare', ['--net', 'sleep', '1000'], { stdio: 'ignore' });
  leaveNoOrphan(holder);
  const there = ['nsenter', `--target=${holder.pid}`, '--net'] as const;
  const isApart = async () => /^\s*1: lo/m.test(execFileSync(there[0], [...there.slice(1), 'ip', 'link']).toString());
  await mustBecome('the other machine', isApart, 10);
  await sleep(200);
  run('ip', 'link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far', 'netns', String(holder.pid));
  run('ip', 'addr', 'add', `${NEAR}/24`, 'dev', 'near');
  run('ip', 'link', 'set', 'near', 'up');
  const [enter, ...inside] = there;
  for (const words of [`addr add ${FAR}/24 dev far`, 'link set far up', 'link set lo up'])
    run(enter, ...inside, 'ip', ...words.split(' '));
  return there;
}

/** Starts a process of the product; gives its URL once it is ready. */
async function start(
  before: readonly string[],
  roles: string,
  env: Record<string, string>,
): Promise<{ url: string; child: ChildProcess }> {
  const [command = '', ...args] = [...before, process.execPath, 'bin/newsrank.js', 'start', '--roles', roles];
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  leaveNoOrphan(child);
  const url = await new Promise<string>((resolve, reject) => {
    const lines = createInterface(child.stdout);
    lines.on('line', (line) => {
      const [, ready] = /is ready: (http\S+?)"/.exec(line) ?? [];
      if (ready !== undefined) resolve(ready);
    });
    lines.on('close', () => reject(new Error(`${roles} ended`)));
  });
  return { url, child };
}

async function pollsOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(3000) })).text();
  return [...text.matchAll(/^newsrank_polls_total{[^}]*} (\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Whether every feed is polled within so many seconds from now on. */
function allPolled({ feeds }: Origin, seconds: number): Promise<boolean> {
  const since = Date.now();
  return becomes(async () => feeds.every(({ asked }) => (asked.at(-1) ?? 0) >= since), seconds);
}

const there = await joinMachines();
// PostgreSQL runs as somebody else, who must get there.
chmodSync(folder, 0o711);
const log = join(folder, 'servers.log');
const [postgres, redis] = [await openPostgres(folder, log), await openRedis(folder, log)];
const origin = await openOrigin({ feeds: FEEDS, perSecond: 2, entries: 1 });
const ways = await Promise.all(
  [postgres.port, redis.port, Number(new URL(origin.url).port)].map((port) => openWire(port, NEAR)),
);
const [toPostgres = 0, toRedis = 0, toOrigin = 0] = ways.map(({ port }) => port);
const feedsFile = join(folder, 'feeds.opml');
writeFileSync(feedsFile, origin.opml.replaceAll(origin.url, `http://${NEAR}:${toOrigin}`));
const common = {
  ...{ FEEDS_FILE: feedsFile, FETCH_ALLOW_CIDRS: `${NEAR}/32`, PORT: '0', LOG_LEVEL: 'info' },
  ...{ POLL_MIN_INTERVAL: '3s', POLL_MAX_INTERVAL: '3s', SCHEDULE_INTERVAL: '1s', HOST_REQUESTS_PER_MINUTE: '100000' },
};
const near = { ...common, DATABASE_URL: postgres.url(), REDIS_URL: redis.url() };
const far = {
  ...{ ...common, HOST: FAR, DATABASE_URL: `postgres://newsrank@${NEAR}:${toPostgres}/newsrank` },
  REDIS_URL: `redis://${NEAR}:${toRedis}`,
};

const here = await start([], 'scheduler,poller,counter,ranker', near);
const distant = await start(there, 'poller', far);
const isShared = await becomes(async () => (await pollsOf(distant.url)) > 30 && (await pollsOf(here.url)) > 30, 60);

run('ip', 'link', 'set', 'near', 'down');
const isCutOff = !(await becomes(async () => (await pollsOf(distant.url)) >= 0, 2));
// What it had begun is due again when its leases end, a minute later.
const isCarriedOn = await allPolled(origin, 90);
run('ip', 'link', 'set', 'near', 'up');
const before = await becomes(async () => (await pollsOf(distant.url)) >= 0, 20).then(() => pollsOf(distant.url));
const isBack = await becomes(async () => (await pollsOf(distant.url)) > before + 10, 60);
distant.child.kill('SIGTERM');
const code = await new Promise((resolve) => distant.child.once('exit', resolve));
process.stdout.write(`${JSON.stringify({ isShared, isCutOff, isCarriedOn, isBack, code })}\n`);
process.exit();
