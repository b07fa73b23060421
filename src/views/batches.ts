import { MAX_BATCH, type Read } from './record.ts';

/**
 * Gathers reads of many requests into one script call a shard. A shard at rest waits a moment for company; while its
 * call is under way the next batch grows, so that batches become as large as the load asks for and no larger.
 */
export interface Batches {
  /** True when the read counted, false for a duplicate; settles only after Redis has answered. */
  add(shard: number, read: Read): Promise<boolean>;
  /** Settles when everything that was added has. */
  flush(): Promise<void>;
}

interface Waiting {
  readonly read: Read;
  resolve(isCounted: boolean): void;
  reject(error: unknown): void;
}

export function openBatches(
  record: (shard: number, reads: readonly Read[]) => Promise<readonly boolean[]>,
  gatherMs: number,
): Batches {
  /** The reads that gather for each shard that has a run under way. */
  const queues = new Map<number, Waiting[]>();
  const runs = new Set<Promise<void>>();

  const run = async (shard: number, queue: Waiting[]): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, gatherMs));
    while (queue.length > 0) {
      const batch = queue.splice(0, MAX_BATCH);
      try {
        settle(batch, await record(shard, batch.map(readOf)));
      } catch (error) {
        // Those behind it would only wait for the same silence.
        for (const { reject } of [...batch, ...queue.splice(0)]) reject(error);
      }
    }
    // In the same turn as the last look at the queue, or a read added in between would lie there for ever.
    queues.delete(shard);
  };

  return {
    add(shard, read) {
      return new Promise((resolve, reject) => {
        const waiting = { read, resolve, reject };
        const gathering = queues.get(shard);
        if (gathering !== undefined) {
          gathering.push(waiting);
          return;
        }
        const queue = [waiting];
        queues.set(shard, queue);
        const started = run(shard, queue).finally(() => runs.delete(started));
        runs.add(started);
      });
    },
    async flush() {
      while (runs.size > 0) await Promise.all(runs);
    },
  };
}

const readOf = ({ read }: Waiting): Read => read;

function settle(batch: readonly Waiting[], counted: readonly boolean[]): void {
  for (const [i, { resolve }] of batch.entries()) resolve(counted[i] ?? false);
}
