import { LRUCache } from 'lru-cache';

/** Callers remembered at once; whoever was quiet longest is forgotten first, which is to his advantage only. */
const MAX_CALLERS = 50_000;

/**
 * A token bucket for each caller, in this process: `burst` at once, refilled within a minute. It guards one process
 * from one address; what many addresses do together is for the collector to bear and for `overload` to say.
 */
export interface Limiter {
  /** Takes as many of the wanted tokens as there are, and says how many that was. */
  take(caller: string, wanted: number, now: Date): number;
}

export function openLimiter(perMinute: number): Limiter {
  const buckets = new LRUCache<string, { tokens: number; at: number }>({ max: MAX_CALLERS });
  return {
    take(caller, wanted, now) {
      const at = now.getTime();
      const last = buckets.get(caller) ?? { tokens: perMinute, at };
      const refill = (Math.max(0, at - last.at) / 60_000) * perMinute;
      const tokens = Math.min(perMinute, last.tokens + refill);
      const taken = Math.min(wanted, Math.floor(tokens));
      buckets.set(caller, { tokens: tokens - taken, at });
      return taken;
    },
  };
}
