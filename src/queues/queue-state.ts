import type { Job, Queue } from 'bullmq';
import { SECOND } from '../clock.ts';

export const JOB_STATES = ['waiting', 'active', 'delayed', 'failed'] as const;

/** What a queue holds at the moment. */
export interface QueueState {
  readonly name: string;
  readonly counts: Readonly<Record<(typeof JOB_STATES)[number], number>>;
  /** Seconds that the first of the waiting jobs has waited. */
  readonly oldest: number;
}

export async function readQueueState(
  queue: Pick<Queue, 'name' | 'getJobCounts' | 'getJobs'>,
  now: Date,
): Promise<QueueState> {
  const [counts, [first]] = await Promise.all([
    queue.getJobCounts(...JOB_STATES),
    queue.getJobs(['waiting'], 0, 0, true),
  ]);
  const known = Object.fromEntries(JOB_STATES.map((state) => [state, counts[state] ?? 0]));
  const waited = first === undefined ? 0 : now.getTime() - waitsSince(first);
  return { name: queue.name, counts: known as QueueState['counts'], oldest: Math.max(0, waited) / SECOND };
}

/** When the job's turn came (ms): a tick is made an interval before. */
const waitsSince = ({ timestamp, opts }: Pick<Job, 'timestamp' | 'opts'>) => timestamp + (opts.delay ?? 0);
