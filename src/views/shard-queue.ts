import { shardOf } from '../ids.ts';
import type { Done } from './done.ts';
import type { Read, Recorded } from './record.ts';

/** The reads of one call of `add`. */
export interface Group {
  /** When their request came. */
  readonly since: number;
  readonly recorded: Recorded[];
  readonly size: number;
  left: number;
  failure: { readonly reason: unknown } | undefined;
  readonly done: Done<readonly Recorded[]>;
}

/** The reads that wait, with the group of each and its place there: three lists, so that none needs an object. */
interface Queue {
  readonly reads: Read[];
  readonly groups: Group[];
  readonly places: number[];
}

export interface Shard {
  readonly queue: Queue;
  isBusy: boolean;
}

/** By number; one that never had a read is missing. */
export type Shards = Map<number, Shard>;

/** Has the read wait in the queue of its article's shard. `place` is that of the read in its group. */
export function put(shards: Shards, read: Read, group: Group, place: number): void {
  const number = shardOf(read.article);
  let shard = shards.get(number);
  if (shard === undefined) {
    shard = { queue: { reads: [], groups: [], places: [] }, isBusy: false };
    shards.set(number, shard);
  }
  shard.queue.reads.push(read);
  shard.queue.groups.push(group);
  shard.queue.places.push(place);
}

/** Whether something waits that could be sent. */
export const isReady = (shard: Shard): boolean => !shard.isBusy && lengthOf(shard) > 0;

/** Tells a group, of which nothing is under way any more, what became of it. */
export function settle({ done, recorded, failure }: Group): void {
  try {
    if (failure === undefined) done(recorded);
    else done(undefined, failure.reason);
  } catch (mistake) {
    // The process must hear of it, and the other requests of the batch must not.
    queueMicrotask(() => {
      throw mistake;
    });
  }
}

export const lengthOf = ({ queue }: Shard): number => queue.reads.length;

/** When the first of these came: not the first of the list, where something had to be asked before it could wait. */
export function firstOf(groups: readonly Group[]): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { since } of groups) if (since < first) first = since;
  return first;
}

/** Takes the first so many out of the queue. */
export function takeFrom({ reads, groups, places }: Queue, count: number): Queue {
  return { reads: reads.splice(0, count), groups: groups.splice(0, count), places: places.splice(0, count) };
}
