import { SECOND } from '../clock.ts';
import type { RedisClient } from '../engines/redis.ts';
import { ALL_SHARDS } from './keys.ts';
import { countPending } from './pending.ts';

/**
 * Has reads counted within a second after they were noted as pending, so that a ranker finds most of the counting done: where
 * little is read they would all be left to its tick, which takes half a millisecond longer for ten of them. One shard at a
 * time, each in its turn of the second: at 20,000 reads a second all sixteen together would have everybody wait for Redis
 * for 25 ms.
 */
export interface CountSoon {
  /** Something may be pending in this shard now. */
  note(shard: number): void;
  /** Leaves what is pending to who looks next. */
  close(): void;
}

export function openCountSoon(redis: RedisClient, within = SECOND): CountSoon {
  const noted = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  let turn = 0;

  const countNext = (): void => {
    turn = (turn + 1) % ALL_SHARDS.length;
    const shard = ALL_SHARDS[turn] ?? 0;
    // What fails stays pending, and who looks next counts it or says why not.
    if (noted.delete(shard)) countPending(redis, [shard]).catch(() => {});
    timer = noted.size === 0 ? undefined : startTurn();
  };
  const startTurn = () => setTimeout(countNext, within / ALL_SHARDS.length).unref();

  return {
    note(shard) {
      noted.add(shard);
      timer ??= startTurn();
    },
    close() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
