import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'yaml';
import { leaveNoOrphan } from './servers/orphans.ts';

/** A process of the product. */
export interface Member {
  readonly roles: string;
  readonly pid: number;
  /** Where it answers. */
  readonly url: string;
  /** How long it took from its start to its readiness (ms). */
  readonly readyAfter: number;
  /** Kills it (-9). */
  kill(): Promise<void>;
  /** SIGTERM; resolves with its exit code and how long that took (ms). */
  stop(): Promise<{ code: number | null; ms: number }>;
}

/** The processes of the product, by their roles. */
export interface Crew {
  members(role?: string): readonly Member[];
  add(roles: string, environment?: Record<string, string>): Promise<Member>;
  /** Takes a process out by `kill` or `stop` and starts another in its place. */
  replace(member: Member, how: 'kill' | 'stop'): Promise<Member>;
  /** Processes that ended although nobody asked them to. */
  readonly deaths: readonly string[];
  /** Starts that came to nothing before the process was ready, and were repeated. */
  failedStarts(): number;
  /** Lines of all logs that match. */
  logged(pattern: RegExp): readonly string[];
  close(): Promise<void>;
}

const ROOT = new URL('..', import.meta.url);
const KEPT_LINES = 200_000;
const ATTEMPTS = 5;

export function openCrew(environment: () => Record<string, string>, folder: string): Crew {
  const members: Member[] = [];
  const deaths: string[] = [];
  let failedStarts = 0;
  const lines: string[] = [];
  const log = createWriteStream(join(folder, 'newsrank.log'));
  const keep = (line: string) => {
    log.write(`${line}\n`);
    if (lines.length < KEPT_LINES) lines.push(line);
  };

  /** Who does not come up is started again, as by any supervisor. */
  const start = async (roles: string, extra: Record<string, string>): Promise<Member> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const member = await tryStart(roles, extra);
      if (member !== undefined) return member;
      failedStarts++;
    }
    throw new Error(`${roles} does not come up: see ${folder}`);
  };

  const tryStart = async (roles: string, extra: Record<string, string>): Promise<Member | undefined> => {
    const { PATH = '', HOME = '' } = process.env;
    const startedAt = performance.now();
    const child = spawn(process.execPath, [...flagsOf(roles), 'bin/newsrank.js', 'start', '--roles', roles], {
      cwd: ROOT,
      env: { PATH, HOME, PORT: '0', ...environment(), ...extra },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    leaveNoOrphan(child);
    const ended = once(child, 'close');
    let isWanted = false;
    void ended.then(([code, signal]) => isWanted && deaths.push(`${roles} ended with ${code ?? signal}`));
    child.stderr.on('data', (chunk) => keep(`${roles} ${chunk}`));
    const url = await readyUrl(child, keep);
    if (url === undefined) return undefined;
    isWanted = true;
    const end = async (signal: NodeJS.Signals) => {
      isWanted = false;
      members.splice(members.indexOf(member) >>> 0, 1);
      const askedAt = performance.now();
      child.kill(signal);
      const [code] = await ended;
      return { code, ms: performance.now() - askedAt };
    };
    const member: Member = {
      ...{ roles, url, pid: child.pid ?? 0, readyAfter: performance.now() - startedAt },
      kill: async () => void (await end('SIGKILL')),
      stop: () => end('SIGTERM'),
    };
    members.push(member);
    return member;
  };

  return {
    members: (role) =>
      role === undefined ? [...members] : members.filter(({ roles }) => roles.split(',').includes(role)),
    add: (roles, extra = {}) => start(roles, extra),
    async replace(member, how) {
      await member[how]();
      return start(member.roles, {});
    },
    deaths,
    failedStarts: () => failedStarts,
    logged: (pattern) => lines.filter((line) => pattern.test(line)),
    async close() {
      await Promise.all([...members].map((member) => member.kill()));
      log.end();
    },
  };
}

/** Node's, as docker-compose.yml starts a process of one role, and the image one of several. */
function flagsOf(roles: string): string[] {
  const { services } = parse(readFileSync(new URL('docker-compose.yml', ROOT), 'utf8'), { merge: true });
  const [, image = '[]'] = /^CMD (.*)$/m.exec(readFileSync(new URL('Dockerfile', ROOT), 'utf8')) ?? [];
  const command: readonly string[] = services[roles]?.command ?? JSON.parse(image);
  return command.filter((word) => word.startsWith('--'));
}

/** Reads on after that, so that no full pipe ever stops the process. */
function readyUrl(child: ChildProcess, keep: (line: string) => void): Promise<string | undefined> {
  return new Promise((resolve) => {
    if (child.stdout === null) return resolve(undefined);
    createInterface(child.stdout)
      .on('line', (line) => {
        keep(line);
        const [, url] = /is ready: (http\S+?)"/.exec(line) ?? [];
        if (url !== undefined) resolve(url);
      })
      .on('close', () => resolve(undefined));
  });
}
