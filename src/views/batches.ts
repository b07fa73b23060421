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
   * Settles with what `conclude` makes of what became of the reads (in the same order), when Redis has answered for all of
   * them; and only then fails where one could not be recorded: nothing of a request is under way once it is answered.
   * `since` is when the request came (performance.now()).
   */
  add<Result>(
    reads: readonly Read[],
    since: number,
    conclude: (recorded: readonly Recorded[]) => Result,
  ): Promise<Result>;
  /** Reads that were added and have not settled. */
  waiting(): number;
  /** Settles when everything that was added has. */
  flush(): Promise<void>;
}

/** The reads of one call of `add`. */
interface Group {
  readonly recorded: Recorded[];
  readonly size: number;
  left: number;
  failure: { readonly reason: unknown } | undefined;
  settle(group: Group): void;
}

/** The reads that wait, with the group of each and its place there: three lists, so that none needs an object. */
interface Queue {
  readonly reads: Read[];
  readonly groups: Group[];
  readonly places: number[];
}

interface Shard {
  readonly queue: Queue;
  /** When the first of those that wait came. */
  since: number;
  isBusy: boolean;
}

export function openBatches(
  record: (shard: number, reads: readonly Read[], since: number) => Promise<readonly Recorded[]>,
  gatherMs: number,
  together: (send: () => void) => void = (send) => send(),
): Batches {
  const shards = new Map<number, Shard>();
  let timer: NodeJS.Timeout | undefined;
  let waiting = 0;
  const onEmpty: (() => void)[] = [];

  const leave = (group: Group): void => {
    group.left--;
    if (group.left > 0) return;
    group.settle(group);
    waiting -= group.size;
    if (waiting === 0) for (const resolve of onEmpty.splice(0)) resolve();
  };

  const sendSoon = (): void => {
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      together(() => {
        for (const [number, shard] of shards) if (!shard.isBusy && lengthOf(shard) > 0) void send(number, shard);
      });
    }, gatherMs);
  };

  const send = async (number: number, shard: Shard): Promise<void> => {
    const { reads, groups, places } = takeFrom(shard.queue, MAX_BATCH);
    shard.isBusy = true;
    try {
      const recorded = await record(number, reads, shard.since);
      for (let i = 0; i < groups.length; i++) {
        const group = groups[i] as Group;
        group.recorded[places[i] as number] = recorded[i] ?? false;
        leave(group);
      }
    } catch (reason) {
      // Those behind it would only wait for the same silence.
      for (const group of [...groups, ...takeFrom(shard.queue, lengthOf(shard)).groups]) {
        group.failure = { reason };
        leave(group);
      }
    }
    shard.isBusy = false;
    if (lengthOf(shard) >= MAX_BATCH) void send(number, shard);
    else if (lengthOf(shard) > 0) sendSoon();
  };

  const put = (read: Read, since: number, group: Group, place: number): void => {
    const number = shardOf(read.article);
    let shard = shards.get(number);
    if (shard === undefined) {
      shard = { queue: { reads: [], groups: [], places: [] }, since, isBusy: false };
      shards.set(number, shard);
    }
    if (lengthOf(shard) === 0 || since < shard.since) shard.since = since;
    shard.queue.reads.push(read);
    shard.queue.groups.push(group);
    shard.queue.places.push(place);
  };

  return {
    add(reads, since, conclude) {
      if (reads.length === 0) return Promise.resolve(conclude([]));
      waiting += reads.length;
      sendSoon();
      return new Promise((resolve, reject) => {
        const group: Group = {
          recorded: [],
          size: reads.length,
          left: reads.length,
          failure: undefined,
          settle({ failure, recorded }) {
            if (failure === undefined) resolve(conclude(recorded));
            else reject(failure.reason);
          },
        };
        for (let i = 0; i < reads.length; i++) put(reads[i] as Read, since, group, i);
      });
    },
    waiting: () => waiting,
    async flush() {
      if (waiting > 0) await new Promise<void>((resolve) => onEmpty.push(resolve));
    },
  };
}

const lengthOf = ({ queue }: Shard): number => queue.reads.length;

function takeFrom({ reads, groups, places }: Queue, count: number): Queue {
  return { reads: reads.splice(0, count), groups: groups.splice(0, count), places: places.splice(0, count) };
}
