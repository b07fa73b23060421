import { isOutage } from '../engines/outage.ts';
import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';
import { ALL_SHARDS, keysOf } from './keys.ts';

/**
 * A read is answered for when it is known to dedupe and noted as pending. It is counted a little later, together with
 * others: when so many are noted that it takes 2 ms, a second later (count-soon.ts), and before anyone looks at the counts of
 * its shard or moves them.
 * Scripts that do begin with these parts and call `countPending(tag)`; who reads without a script calls the function.
 */
export const COUNT_PENDING: readonly URL[] = ['count.lua', 'count-pending.lua'].map(
  (part) => new URL(part, import.meta.url),
);

const script = readScript(...COUNT_PENDING, new URL('pending.lua', import.meta.url));

/** Counts what is pending in these shards. */
export async function countPending(redis: RedisClient, shards: readonly number[] = ALL_SHARDS): Promise<void> {
  await Promise.all(shards.map((shard) => runScript(redis, script, keysOf(shard).scripted, [])));
}

/**
 * The same for who only tells what is counted: a Redis that takes no writes (its disk is full, or a replica is to take over)
 * still does, without the reads of the last moments. Where Redis is away, the look that follows says so. Any other failure
 * is a mistake, and thrown.
 */
export async function countPendingIfPossible(redis: RedisClient): Promise<void> {
  try {
    await countPending(redis);
  } catch (error) {
    if (!isOutage(error)) throw error;
  }
}
