import { LRUCache } from 'lru-cache';
import { MINUTE } from '../clock.ts';
import { fnv1a } from '../fnv1a.ts';

/** Callers remembered at once; whoever was quiet longest is forgotten first, which is to his advantage only. */
const MAX_CALLERS = 50_000;

/** A tenth of what is allowed is only counted, in counters that several callers may share. */
const COUNTED_SHARE = 10;
const COUNTERS = 2 ** 16;
/** In a counter: who has it also has a bucket. */
const HAS_BUCKET = 2 ** 16 - 1;

/**
 * A token bucket for each caller, in this process: `burst` at once, refilled within a minute. It guards one process
 * from one address; what many addresses do together is for the collector to bear and for `overload` to say.
 *
 * Nearly all callers stay far below: they cost a counter of two bytes, not a bucket. Who gets one pays for what was
 * counted for him in this minute and the last, or for somebody whose counter he shares: a tenth at most of each.
 */
export interface Limiter {
  /** Takes as many of the wanted tokens as there are, and says how many that was. */
  take(caller: string, wanted: number, now: Date): number;
}

interface Bucket {
  tokens: number;
  at: number;
}

export function openLimiter(perMinute: number): Limiter {
  const buckets = new LRUCache<string, Bucket>({ max: MAX_CALLERS });
  const counted = Math.floor(perMinute / COUNTED_SHARE);
  let [counters, before] = [new Uint16Array(COUNTERS), new Uint16Array(COUNTERS)];
  let minute = 0;

  const refill = (bucket: Bucket, at: number): number => {
    const since = (Math.max(0, at - bucket.at) / MINUTE) * perMinute;
    return Math.min(perMinute, bucket.tokens + since);
  };

  const turn = (at: number): void => {
    const isNext = Math.floor(at / MINUTE) === minute + 1;
    minute = Math.floor(at / MINUTE);
    [counters, before] = [before, counters];
    counters.fill(0);
    if (!isNext) before.fill(0);
    for (const [caller, bucket] of buckets) {
      const counter = counterOf(caller);
      if (refill(bucket, at) < perMinute) counters[counter] = HAS_BUCKET;
      else buckets.delete(caller);
      before[counter] = 0;
    }
  };

  return {
    take(caller, wanted, now) {
      const at = now.getTime();
      if (Math.floor(at / MINUTE) !== minute) turn(at);
      const counter = counterOf(caller);
      const seen = counters[counter] ?? 0;
      if (seen + wanted <= counted) {
        counters[counter] = seen + wanted;
        return wanted;
      }
      const paid = (seen === HAS_BUCKET ? 0 : seen) + (before[counter] ?? 0);
      const bucket = buckets.get(caller) ?? { tokens: Math.max(0, perMinute - paid), at };
      const tokens = refill(bucket, at);
      const taken = Math.min(wanted, Math.floor(tokens));
      counters[counter] = HAS_BUCKET;
      buckets.set(caller, { tokens: tokens - taken, at });
      return taken;
    },
  };
}

function counterOf(caller: string): number {
  return fnv1a(caller) % COUNTERS;
}
