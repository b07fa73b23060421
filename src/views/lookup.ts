import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import { withDeadline } from './deadline.ts';

/** Where a look-up ends, and how long its answers are believed. */
export interface LookupLimits {
  readonly maxEntries: number;
  readonly hitMs: number;
  readonly missMs: number;
  /** After a failure, how long nothing is asked: old answers are given, and what was never found fails at once. */
  readonly restMs: number;
  /** One query may take so long. */
  readonly loadMs: number;
}

export interface Lookup<Key, Value> {
  /** The values of the keys that have one. */
  get(keys: readonly Key[]): Promise<Map<Key, Value>>;
  /** What is believed at that time without asking: the value, null where there is none, undefined where it must be asked for. */
  peek(key: Key, now: number): Value | null | undefined;
}

interface Remembered<Value> {
  readonly value: Value;
  readonly freshUntil: number;
}

const MAX_KEYS = 500;

/** Not for longer than it was meant to be, where the clock was ahead when it was set. */
const isWithin = (until: number, now: number, ms: number): boolean => now < until && until <= now + ms;

/**
 * A bounded memory before `load`. Keys that are unknown, or known for too long, are asked for together, one query at a
 * time: a flood of keys that do not exist becomes a few large queries, and its misses never push out a hit.
 *
 * When `load` fails, what is remembered is given for as long as it lasts; keys that were never found fail with it, and so
 * do all others, at once, until a query goes well again: every `restMs` the keys of one moment try. Were each to wait for
 * a silent database, those who ask would soon all be waiting, and whoever is known would find no connection.
 */
export function openLookup<Key extends string, Value extends object>(
  load: (keys: Key[]) => Promise<ReadonlyMap<Key, Value>>,
  clock: Clock,
  limits: LookupLimits,
): Lookup<Key, Value> {
  const hits = new LRUCache<Key, Remembered<Value>>({ max: limits.maxEntries });
  const misses = new LRUCache<Key, { readonly freshUntil: number }>({ max: limits.maxEntries });
  const asked = new Map<Key, { readonly answer: Promise<void>; settle(failure?: unknown): void }>();
  let isLoading = false;
  /** Its keys are still being gathered. */
  let isGathering = false;
  let restUntil = 0;
  /** What the last query failed with; undefined when it went well. */
  let failure: unknown;

  const remember = (keys: readonly Key[], found: ReadonlyMap<Key, Value>) => {
    const now = clock().getTime();
    for (const key of keys) {
      const value = found.get(key);
      if (value === undefined) {
        hits.delete(key);
        misses.set(key, { freshUntil: now + limits.missMs });
      } else {
        misses.delete(key);
        hits.set(key, { value, freshUntil: now + limits.hitMs });
      }
    }
  };

  const loadAsked = async (): Promise<void> => {
    isLoading = true;
    isGathering = true;
    // One turn of the event loop gathers the keys of all requests that have arrived.
    await new Promise((resolve) => setImmediate(resolve));
    isGathering = false;
    while (asked.size > 0) {
      const batch = [...asked].slice(0, MAX_KEYS);
      const keys = batch.map(([key]) => key);
      try {
        remember(keys, await withDeadline(load(keys), limits.loadMs, 'The database'));
        failure = undefined;
      } catch (error) {
        failure = error;
        restUntil = clock().getTime() + limits.restMs;
      }
      // Those behind would only wait for the same silence.
      for (const [key, { settle }] of failure === undefined ? batch : [...asked]) {
        asked.delete(key);
        settle(failure);
      }
    }
    isLoading = false;
  };

  /** Whether there is no use in asking: the last query failed, and it is too early for the next, or that one is under way. */
  const isInVain = (now: number): boolean =>
    failure !== undefined && (isLoading ? !isGathering : isWithin(restUntil, now, limits.restMs));

  const ask = (key: Key, now: number): Promise<void> => {
    if (isInVain(now)) return Promise.reject(failure);
    const known = asked.get(key);
    if (known !== undefined) return known.answer;
    let settle: (failure?: unknown) => void = () => {};
    const answer = new Promise<void>((resolve, reject) => {
      settle = (failure) => (failure === undefined ? resolve() : reject(failure));
    });
    asked.set(key, { answer, settle });
    if (!isLoading) void loadAsked();
    return answer;
  };

  const peek = (key: Key, now: number): Value | null | undefined => {
    // Without moving it to the front, which costs more than the rest: what is asked for is loaded again each `hitMs`, and
    // is at the front by that.
    const hit = hits.peek(key);
    if (hit !== undefined) {
      const isBelieved = isWithin(hit.freshUntil, now, limits.hitMs) || isWithin(restUntil, now, limits.restMs);
      return isBelieved ? hit.value : undefined;
    }
    return isWithin(misses.get(key)?.freshUntil ?? 0, now, limits.missMs) ? null : undefined;
  };

  const refresh = async (key: Key, now: number): Promise<void> => {
    if (peek(key, now) !== undefined) return;
    try {
      await ask(key, now);
    } catch (error) {
      if (!hits.has(key)) throw error;
    }
  };

  return {
    async get(keys) {
      const now = clock().getTime();
      await Promise.all([...new Set(keys)].map((key) => refresh(key, now)));
      const found = new Map<Key, Value>();
      for (const key of keys) {
        const hit = hits.get(key);
        if (hit !== undefined) found.set(key, hit.value);
      }
      return found;
    },
    peek,
  };
}
