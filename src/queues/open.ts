import { type Job, Queue, type Telemetry, Worker } from 'bullmq';
import { SECOND } from '../clock.ts';
import type { Closers } from '../closers.ts';
import type { RedisClient } from '../engines/redis.ts';
import type { Log } from '../log.ts';
import { withoutEchoes } from '../without-echoes.ts';
import { type Jobs, QUEUE_NAMES, type QueueName } from './jobs.ts';

/** A hash tag, so that all keys of the queues lie in one slot of a cluster. */
const PREFIX = '{newsrank}';

/** Finished jobs are kept only as long as an operator needs to see what happened. */
const KEEP = { removeOnComplete: { count: 20 }, removeOnFail: { count: 200 } };

/** A Redis that takes no writes fails each worker ten times a second, and one that is away all queues, again and again. */
const ECHO = 10 * SECOND;

export type JobQueue<Name extends QueueName> = Queue<Jobs[Name], object, string, Jobs[Name], object, string>;

export function openQueue<Name extends QueueName>(
  name: Name,
  connection: RedisClient,
  onError: (message: string) => void,
  telemetry?: Telemetry,
): JobQueue<Name> {
  const queue: JobQueue<Name> = new Queue(name, {
    ...{ connection, prefix: PREFIX, defaultJobOptions: KEEP },
    ...(telemetry && { telemetry }),
  });
  const tell = withoutEchoes(ECHO, onError);
  queue.on('error', (error: Error) => tell(error.message));
  return queue;
}

/** All queues, for who looks at them; on a connection of their own. */
export async function watchQueues(connect: () => Promise<RedisClient>, log: Log, closers: Closers): Promise<Queue[]> {
  const connection = await connect();
  return QUEUE_NAMES.map((name) => {
    const queue = openQueue(name, connection, (error) => log.debug({ queue: name, error }, 'queue'));
    closers.add(`view of queue ${name}`, () => queue.close());
    return queue as unknown as Queue;
  });
}

/** What a worker reports about its jobs, beside their result. */
export interface JobEvents {
  onError(message: string): void;
  onStalled(): void;
}

/** A worker of the queue, taking jobs once `run()` is called; `handle` must be safe to run twice with the same job. */
export function openWorker<Name extends QueueName>(
  name: Name,
  connection: RedisClient,
  concurrency: number,
  handle: (payload: Jobs[Name]) => Promise<object>,
  events: JobEvents,
  telemetry?: Telemetry,
): Worker<Jobs[Name]> {
  const worker = new Worker<Jobs[Name]>(name, async (job: Job<Jobs[Name]>) => handle(job.data), {
    connection,
    prefix: PREFIX,
    concurrency,
    autorun: false,
    ...KEEP,
    ...(telemetry && { telemetry }),
  });
  const tell = withoutEchoes(ECHO, events.onError);
  worker.on('error', (error: Error) => tell(error.message));
  worker.on('stalled', () => events.onStalled());
  return worker;
}

/** How long the next job of a ticker may be overdue, with no job in the queue, before the chain counts as broken. */
const BROKEN_AFTER_MS = 2 * SECOND;

/** Each tick begins a trace of its own: BullMQ would hang it under the one before, which orders it, for ever. */
const TICK = { ...KEEP, telemetry: { omitContext: true } };

/**
 * Sees to it that the queue has a job every `everyMs`. An existing ticker with the same interval is left alone: to
 * replace it would postpone its next job. Unless its chain is broken: each job orders the next one just after it was
 * taken, and a worker that is killed in between leaves none (until BullMQ finds the job stalled, up to a minute later).
 */
export async function keepTicking<Name extends QueueName>(
  queue: JobQueue<Name>,
  everyMs: number,
  now: Date,
): Promise<void> {
  const ticker = await queue.getJobScheduler(queue.name);
  const late = now.getTime() - (ticker?.next ?? 0);
  const isOverdue = late > BROKEN_AFTER_MS;
  // It would come when the clock shows again what it showed when it was ahead.
  const isFarOff = -late > everyMs + BROKEN_AFTER_MS;
  if (ticker?.every === everyMs && !isFarOff && !(isOverdue && (await isIdle(queue)))) return;
  // Replaced as it is, it would go on from the time that is far off.
  if (isFarOff) await queue.removeJobScheduler(queue.name);
  await queue.upsertJobScheduler(queue.name, { every: everyMs }, { opts: TICK });
}

async function isIdle(queue: Pick<Queue, 'getJobCountByTypes'>): Promise<boolean> {
  return (await queue.getJobCountByTypes('waiting', 'delayed', 'prioritized')) === 0;
}
