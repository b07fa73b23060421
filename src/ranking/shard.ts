import type { ChainableCommander } from 'ioredis';
import type { RedisClient } from '../engines/redis.ts';

/** Sends what `fill` adds as one pipeline, whose keys all lie behind one hash tag; gives the replies in order. */
export async function askShard(redis: RedisClient, fill: (pipeline: ChainableCommander) => void): Promise<unknown[]> {
  const pipeline = redis.pipeline();
  fill(pipeline);
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
}
