import { readFileSync, readlinkSync } from 'node:fs';

/** Milliseconds of CPU that a thread of this process has had; what counts is how much they grow. */
export type ThreadTime = (thread: number) => number;

/** Milliseconds by a clock that all threads have in common, and that nobody sets. */
export function steadyNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The number by which `threadTime` finds the thread that asks, 0 where the system has none. */
export function ownThread(): number {
  try {
    return Number(/\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/**
 * From Linux's /proc. Node can tell a thread its own time (`process.threadCpuUsage`, from 23.9 on), but a thread that
 * hangs answers nobody. Elsewhere it is the time of the whole process, which is never less than that of one thread: so a
 * thread may get more than its due, but none is taken for busy that did not run.
 */
export const threadTime: ThreadTime = (thread) => {
  try {
    return Number.parseInt(readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1'), 10) / 1e6;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }
};
