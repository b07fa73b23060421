import { mastersOf, type RedisClient } from './redis.ts';

/** What a Redis server is set to lose, and how to set it otherwise. */
export interface RedisLosses {
  /** It evicts keys when its memory is full: counts go in silence. */
  readonly evicts: string | undefined;
  /** It keeps no append-only file: counts go when it restarts. */
  readonly forgets: string | undefined;
  /** Every server said how it is set: what is not named above is not lost. */
  readonly isTold: boolean;
}

/** Asks all masters. From INFO, because providers of managed servers forbid CONFIG. */
export async function findLosses(redis: RedisClient): Promise<RedisLosses> {
  const infos = mastersOf(redis).flatMap((master) => [master.info('memory'), master.info('persistence')]);
  const told = (await Promise.allSettled(infos)).map((one) => (one.status === 'fulfilled' ? one.value : ''));
  const info = told.join('');
  const policy = /^maxmemory_policy:(?!noeviction)(\S+)/m.exec(info)?.[1];
  return {
    evicts: policy && `Redis evicts keys when its memory is full (${policy}): set maxmemory-policy to noeviction`,
    forgets: /^aof_enabled:0/m.test(info)
      ? 'Redis keeps no append-only file: a restart loses what it counted since its last snapshot. Set appendonly yes'
      : undefined,
    isTold: told.every((one) => /^(?:maxmemory_policy|aof_enabled):/m.test(one)),
  };
}
