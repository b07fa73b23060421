import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';
import { ALL_SHARDS, keysOf, WINDOWS, windowStarts } from './keys.ts';

/** Members that one call may subtract: below 2 ms of Redis' time. */
const MAX_MEMBERS = 1000;

const rollScript = readScript(new URL('./roll.lua', import.meta.url));
const trimScript = readScript(new URL('./trim.lua', import.meta.url));

/** Each decayed score: half-life in minutes, and what stands around the category in its key. */
const DECAYED = [
  { halfLife: 15, before: ':f15:', after: '', total: 't15' },
  { halfLife: 60, before: ':f60:', after: '', total: 't60' },
  { halfLife: 180, before: ':pop:', after: ':3', total: '' },
  { halfLife: 360, before: ':pop:', after: ':6', total: '' },
  { halfLife: 720, before: ':pop:', after: ':12', total: '' },
  { halfLife: 1440, before: ':pop:', after: ':24', total: '' },
] as const;

/**
 * Brings the windows of all shards to `now`: subtracts what has left them, after hours of pause too, and keeps decayed
 * scores small. Safe to run by several at once and to be cut off anywhere. Gives how many counts were subtracted.
 */
export async function rollWindows(redis: RedisClient, now: Date): Promise<number> {
  const subtracted = await Promise.all(ALL_SHARDS.map((shard) => rollShard(redis, shard, now)));
  return subtracted.reduce((sum, members) => sum + members, 0);
}

async function rollShard(redis: RedisClient, shard: number, now: Date): Promise<number> {
  const { scripted } = keysOf(shard);
  const starts = windowStarts(now);
  let subtracted = 0;
  // In this order: a longer window waits for the shorter one that needs the same buckets.
  for (const window of WINDOWS) {
    for (let hasMore = true; hasMore; ) {
      const reply = await runScript(redis, rollScript, scripted, [window, starts[window], MAX_MEMBERS]);
      const [members, more] = reply as [number, number];
      subtracted += members;
      hasMore = more === 1;
    }
  }
  const seconds = Math.floor(now.getTime() / 1000);
  for (const { halfLife, before, after, total } of DECAYED) {
    await runScript(redis, trimScript, scripted, [seconds, halfLife, before, after, total]);
  }
  return subtracted;
}
