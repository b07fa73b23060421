import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { QUEUE_NAMES } from '../../src/queues/jobs.ts';

const PREFIX = '{newsrank}';

/** Adds each job of all queues a second time, the moment that it is taken, so that two workers have it at once. */
export async function openTwins(redisUrl: string): Promise<{ made(): number; close(): Promise<void> }> {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  // It ends with its world, whichever is closed first.
  const ignore = () => {};
  connection.on('error', ignore);
  let made = 0;
  const open = QUEUE_NAMES.map((name) => {
    const queue = new Queue(name, { connection, prefix: PREFIX });
    // What BullMQ is handed, it leaves open.
    const own = connection.duplicate();
    own.on('error', ignore);
    const events = new QueueEvents(name, { connection: own, prefix: PREFIX });
    queue.on('error', ignore);
    events.on('error', ignore);
    events.on('active', ({ jobId }) => {
      if (jobId.startsWith('twin-')) return;
      void queue.getJob(jobId).then(async (job) => {
        if (job === undefined) return;
        await queue.add(job.name, job.data, { jobId: `twin-${made++}`, lifo: true, removeOnComplete: true });
      });
    });
    return { queue, events, own };
  });
  await Promise.all(open.map(({ events }) => events.waitUntilReady()));
  return {
    made: () => made,
    async close() {
      await Promise.all(open.flatMap(({ queue, events }) => [events.close(), queue.close()]));
      for (const client of [connection, ...open.map(({ own }) => own)]) client.disconnect();
    },
  };
}
