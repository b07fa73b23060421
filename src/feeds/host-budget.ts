import { MINUTE, SECOND } from '../clock.ts';
import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';

/** What all pollers together may ask of one host (registrable domain). */
export interface HostBudget {
  /** Takes one request; 0 where it may be made, otherwise the seconds until the next one comes free. */
  take(host: string, now: Date): Promise<number>;
  /** Lets no request to the host pass for `seconds`, as its 429 asked. */
  stop(host: string, seconds: number, now: Date): Promise<void>;
}

/** The budget itself, of which a batch of polls is served in one call. */
export interface SharedBudget extends HostBudget {
  /** Takes one request of each host, in this order; the same host may come more than once. */
  takeAll(hosts: readonly string[], now: Date): Promise<number[]>;
}

const SCRIPT = readScript(new URL('./host-budget.lua', import.meta.url));

/** Longer than this no poll waits for Redis. */
const PATIENCE_MS = 2 * SECOND;

/**
 * A budget of `perMinute` requests for each host, shared through Redis; unused, it is spent in one burst. Where Redis does
 * not answer every request may pass: politeness must not stop the news, and the schedule in PostgreSQL together with the
 * claim's limit per host keeps any host from being flooded meanwhile.
 */
export function openHostBudget(redis: RedisClient, perMinute: number): SharedBudget {
  const run = async (hosts: readonly string[], stopMs: number, now: Date): Promise<number[]> => {
    if (hosts.length === 0) return [];
    const args = [now.getTime(), MINUTE / perMinute, MINUTE, stopMs];
    try {
      const waits = (await inTime(runScript(redis, SCRIPT, hosts.map(keyOf), args))) as number[];
      return waits.map((ms) => ms / SECOND);
    } catch {
      return hosts.map(() => 0);
    }
  };
  return {
    take: async (host, now) => (await run([host], 0, now))[0] ?? 0,
    takeAll: (hosts, now) => run(hosts, 0, now),
    async stop(host, seconds, now) {
      await run([host], seconds * SECOND, now);
    },
  };
}

/** One tag for all hosts, so that the budgets of a batch of feeds are taken in one call on a cluster, too. */
const keyOf = (host: string): string => `{budget}:${host}`;

/** While Redis is away the client holds commands back and neither answers nor fails. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Redis does not answer.')), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
