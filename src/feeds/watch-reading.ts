import { steadyNow, type ThreadTime } from './thread-time.ts';

/** What a thread may take for one body. */
export interface Allowance {
  readonly cpuMs: number;
  readonly patienceMs: number;
  readonly threadTime: ThreadTime;
}

/** One body being read. */
export interface Reading {
  /** When the thread began on it, by steadyNow (0 before: waiting for a thread is not counted), and which thread that is. */
  readonly start: Float64Array;
  /** Aborted once the body has taken more than it may. */
  readonly signal: AbortSignal;
  /** Whether it was aborted only because the thread did not get the CPU time that it might have had. */
  isStarved(): boolean;
  stop(): void;
}

/** Of the CPU time: until then no thread's time is asked for, and all that passes counts, which nearly all bodies need. */
const UNMEASURED = 0.1;
const LEAST_WAIT_MS = 5;

/** Watches a reading: the first look finds out where the thread's time stands, the next ones how much it has had since. */
export function watchReading({ cpuMs, patienceMs, threadTime }: Allowance): Reading {
  const start = new Float64Array(new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT));
  const controller = new AbortController();
  let isStarved = false;
  let timer: NodeJS.Timeout;
  /** What the thread's time would have been when it began, had it never waited until the first look was due. */
  let beginning: number | undefined;

  const look = () => {
    const [startedAt = 0, thread = 0] = start;
    const passed = startedAt === 0 ? 0 : steadyNow() - startedAt;
    if (passed < cpuMs * UNMEASURED) return lookAgain(cpuMs * UNMEASURED - passed);
    const time = threadTime(thread);
    // No more of it counts than was meant to: a process that stood still looks late, through no fault of the body's.
    beginning ??= time - cpuMs * UNMEASURED;
    const used = time - beginning;
    isStarved = passed >= patienceMs && used < cpuMs;
    if (isStarved || used >= cpuMs) controller.abort();
    else lookAgain(Math.min(cpuMs - used, patienceMs - passed));
  };
  const lookAgain = (waitMs: number) => {
    timer = setTimeout(look, Math.max(LEAST_WAIT_MS, waitMs));
  };
  lookAgain(cpuMs * UNMEASURED);
  return { start, signal: controller.signal, isStarved: () => isStarved, stop: () => clearTimeout(timer) };
}
