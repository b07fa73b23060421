import type { RedisClient } from './redis.ts';

/**
 * Has all commands that `send` begins go out in one packet and come in in one: a system call each way, not one a command.
 * On a cluster, where they go to several servers, they are sent as always.
 */
export function sendTogether(redis: RedisClient, send: () => void): void {
  const stream = 'stream' in redis ? redis.stream : undefined;
  stream?.cork();
  try {
    send();
  } finally {
    stream?.uncork();
  }
}
