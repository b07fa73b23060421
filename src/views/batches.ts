import type { Done } from './done.ts';
import { MAX_BATCH, type Read, type Recorded } from './record.ts';
import {
  firstOf,
  type Group,
  isReady,
  lengthOf,
  put,
  type Shard,
  type Shards,
  settle,
  takeFrom,
} from './shard-queue.ts';

/**
 * Parts of `gatherMs`, in each of which an eighth of the shards has its turn. So Redis works on some while requests of
 * others come and are answered, a few at a time: with all shards in one turn, one always waited for the other. Measured
 * at 512 connections: a quarter more views a second, at less CPU for each, and answers come a third sooner.
 */
const TURNS = 8;

/**
 * Gathers reads of many requests into few script calls: one for each shard in which something came, every `gatherMs`, each
 * shard in its turn. A shard has one call under way at a time; when more gathers meanwhile than a call takes, the next
 * follows at once. So batches become as large as the load asks for. What a call costs Redis beside its reads is as much as
 * four or five of them (docs/reads.md).
 */
export interface Batches {
  /**
   * Tells `done` what became of the reads (in the same order), when Redis has answered for all of them; and only then that
   * they failed, where one could not be recorded: nothing of a request is under way once it is answered. `since` is when
   * the request came (performance.now()). A promise for each request would cost it as much as its checks.
   */
  add(reads: readonly Read[], since: number, done: Done<readonly Recorded[]>): void;
  /** Reads that were added and have not settled. */
  waiting(): number;
  /** Settles when everything that was added has. */
  flush(): Promise<void>;
}

export function openBatches(
  record: (shard: number, reads: readonly Read[], since: number) => Promise<readonly Recorded[]>,
  gatherMs: number,
  together: (send: () => void) => void = (send) => send(),
): Batches {
  const shards: Shards = new Map();
  let timer: NodeJS.Timeout | undefined;
  let waiting = 0;
  let turn = 0;
  const onEmpty: (() => void)[] = [];

  const leave = (group: Group): void => {
    group.left--;
    if (group.left > 0) return;
    waiting -= group.size;
    settle(group);
    if (waiting === 0) for (const resolve of onEmpty.splice(0)) resolve();
  };

  const sendSoon = (): void => {
    if (timer === undefined) timer = setTimeout(sendTurn, gatherMs / TURNS);
  };

  const sendTurn = (): void => {
    timer = undefined;
    turn = (turn + 1) % TURNS;
    const due = [...shards].filter(([, shard]) => isReady(shard));
    together(() => {
      for (const [number, shard] of due) if (number % TURNS === turn) void send(number, shard);
    });
    if (due.some(([, shard]) => isReady(shard))) sendSoon();
  };

  const send = async (number: number, shard: Shard): Promise<void> => {
    const { reads, groups, places } = takeFrom(shard.queue, MAX_BATCH);
    shard.isBusy = true;
    try {
      const recorded = await record(number, reads, firstOf(groups));
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

  return {
    add(reads, since, done) {
      if (reads.length === 0) {
        done([]);
        return;
      }
      waiting += reads.length;
      sendSoon();
      const group: Group = { since, recorded: [], size: reads.length, left: reads.length, failure: undefined, done };
      for (let i = 0; i < reads.length; i++) put(shards, reads[i] as Read, group, i);
    },
    waiting: () => waiting,
    async flush() {
      if (waiting > 0) await new Promise<void>((resolve) => onEmpty.push(resolve));
    },
  };
}
