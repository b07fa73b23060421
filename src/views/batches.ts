import { shardOf } from '../ids.ts';
import { MAX_BATCH, type Read, type Recorded } from './record.ts';

/**
 * Gathers reads of many requests into few script calls: every `gatherMs` in which something came, one for each shard. A
 * shard has one call under way at a time; when more gathers meanwhile than a call takes, the next follows at once. So
 * batches become as large as the load asks for. Measured CPU of Redis a read, in calls of 1, 3, 10, 100 and 200 reads: 81, 52,
 * 37, 10 and 8 µs (docs/reads.md).
 */
export interface Batches {
  /**
   * What became of each read, in the same order. Settles when Redis has answered for all of them, and only then fails
   * where one could not be recorded: nothing of a request is under way once it is answered.
   */
  add(reads: readonly Read[]): Promise<readonly Recorded[]>;
  /** Settles when everything that was added has. */
  flush(): Promise<void>;
}

/** The reads of one call of `add`. */
interface Group {
  readonly recorded: Recorded[];
  left: number;
  failure: { readonly reason: unknown } | undefined;
  resolve(recorded: readonly Recorded[]): void;
  reject(reason: unknown): void;
}

interface Waiting {
  readonly read: Read;
  readonly group: Group;
  readonly index: number;
}

interface Shard {
  readonly queue: Waiting[];
  isBusy: boolean;
}

export function openBatches(
  record: (shard: number, reads: readonly Read[]) => Promise<readonly Recorded[]>,
  gatherMs: number,
  together: (send: () => void) => void = (send) => send(),
): Batches {
  const shards = new Map<number, Shard>();
  let timer: NodeJS.Timeout | undefined;
  let open = 0;
  const onEmpty: (() => void)[] = [];

  const leave = (group: Group): void => {
    group.left--;
    if (group.left > 0) return;
    if (group.failure === undefined) group.resolve(group.recorded);
    else group.reject(group.failure.reason);
    open--;
    if (open === 0) for (const resolve of onEmpty.splice(0)) resolve();
  };

  const sendSoon = (): void => {
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      together(() => {
        for (const [number, shard] of shards) if (!shard.isBusy && shard.queue.length > 0) void send(number, shard);
      });
    }, gatherMs);
  };

  const send = async (number: number, shard: Shard): Promise<void> => {
    const batch = shard.queue.splice(0, MAX_BATCH);
    shard.isBusy = true;
    try {
      const recorded = await record(
        number,
        batch.map(({ read }) => read),
      );
      for (const [i, { group, index }] of batch.entries()) {
        group.recorded[index] = recorded[i] ?? false;
        leave(group);
      }
    } catch (reason) {
      // Those behind it would only wait for the same silence.
      for (const { group } of [...batch, ...shard.queue.splice(0)]) {
        group.failure = { reason };
        leave(group);
      }
    }
    shard.isBusy = false;
    if (shard.queue.length >= MAX_BATCH) void send(number, shard);
    else if (shard.queue.length > 0) sendSoon();
  };

  const put = (waiting: Waiting): void => {
    const number = shardOf(waiting.read.article);
    const shard = shards.get(number) ?? { queue: [], isBusy: false };
    shards.set(number, shard);
    shard.queue.push(waiting);
  };

  return {
    add(reads) {
      if (reads.length === 0) return Promise.resolve([]);
      open++;
      sendSoon();
      return new Promise((resolve, reject) => {
        const group: Group = { recorded: [], left: reads.length, failure: undefined, resolve, reject };
        for (const [index, read] of reads.entries()) put({ read, group, index });
      });
    },
    async flush() {
      if (open > 0) await new Promise<void>((resolve) => onEmpty.push(resolve));
    },
  };
}
