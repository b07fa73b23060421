import { LRUCache } from 'lru-cache';

export interface Kept<Value, Key> {
  (name: string, key: Key): Promise<Value>;
  /** What need not be read anew; never waits. */
  fresh(name: string): Value | undefined;
}

/**
 * What `load` gives, read anew at most every `freshMs` by name, however many ask; who asks together waits together. When
 * it fails the last value stays, for as long again: an old answer is better than none. Where there is none, the failure
 * is the caller's as it is.
 */
export function openKept<Value extends object, Key>(
  freshMs: number,
  max: number,
  load: (key: Key) => Promise<Value>,
): Kept<Value, Key> {
  const cache = new LRUCache<string, Value, { readonly key: Key }>({
    max,
    ttl: freshMs,
    noDeleteOnStaleGet: true,
    // Its own allowStaleOnFetchRejection makes of a failure without a stale value an answer of undefined.
    async fetchMethod(_name, stale, { context }) {
      try {
        return await load(context.key);
      } catch (error) {
        if (stale === undefined) throw error;
        return stale;
      }
    },
  });
  // Nearly always it is fresh: a plain look-up costs a third of a fetch.
  const get = async (name: string, key: Key): Promise<Value> =>
    cache.get(name) ?? (await cache.forceFetch(name, { context: { key } }));
  return Object.assign(get, { fresh: (name: string) => cache.get(name) });
}

/** The same of a value of which there is one. */
export function openKeptOne<Value extends object>(freshMs: number, load: () => Promise<Value>): () => Promise<Value> {
  const kept = openKept(freshMs, 1, load);
  return () => kept('one', undefined);
}
