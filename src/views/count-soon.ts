import { SECOND } from '../clock.ts';
import type { RedisClient } from '../engines/redis.ts';
import { countPending } from './pending.ts';

/**
 * Has reads counted about a second after they were noted as pending, so that a ranker finds most of the counting done: where
 * little is read they would all be left to its tick, which takes half a millisecond longer for ten of them.
 */
export interface CountSoon {
  /** Something may be pending in this shard now. */
  note(shard: number): void;
  /** Leaves what is pending to who looks next. */
  close(): void;
}

export function openCountSoon(redis: RedisClient, delay = SECOND): CountSoon {
  const noted = new Set<number>();
  let timer: NodeJS.Timeout | undefined;

  const count = (): void => {
    timer = undefined;
    const shards = [...noted];
    noted.clear();
    // What fails stays pending, and who looks next counts it or says why not.
    countPending(redis, shards).catch(() => {});
  };

  return {
    note(shard) {
      noted.add(shard);
      timer ??= setTimeout(count, delay).unref();
    },
    close() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
