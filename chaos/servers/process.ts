import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { leaveNoOrphan } from './orphans.ts';

/** A server in a process of its own, its output appended to a file. */
export interface ServerProcess {
  readonly pid: number;
  isRunning(): boolean;
  /** Sends the signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export function startServer(
  command: string,
  args: readonly string[],
  log: string,
  options: SpawnOptions = {},
): ServerProcess {
  const output = openSync(log, 'a');
  const child: ChildProcess = spawn(command, args, { cwd: '/', ...options, stdio: ['ignore', output, output] });
  leaveNoOrphan(child);
  const ended = once(child, 'exit');
  // Whoever waits for the server to answer hears of it there.
  ended.catch(() => {});
  const isRunning = () => child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  return {
    pid: child.pid ?? 0,
    isRunning,
    async end(signal) {
      if (!isRunning()) return;
      child.kill(signal);
      await ended;
    },
  };
}

/** Asks again and again until the answer is yes; false where it never is. */
export async function becomes(isSo: () => Promise<boolean>, seconds: number, everyMs = 50): Promise<boolean> {
  const until = performance.now() + seconds * 1000;
  for (;;) {
    if (await isSo().catch(() => false)) return true;
    if (performance.now() >= until) return false;
    await sleep(everyMs);
  }
}

/** As `becomes`, for what must come about, or nothing that follows makes sense. */
export async function mustBecome(what: string, isSo: () => Promise<boolean>, seconds: number): Promise<void> {
  if (!(await becomes(isSo, seconds))) throw new Error(`not within ${seconds} s: ${what}`);
}
