import { LRUCache } from 'lru-cache';

/**
 * What `load` gives, read anew at most every `freshMs` by name, however many ask; who asks together waits together. When
 * it fails the last value stays: an old answer is better than none.
 */
export function openKept<Value extends object, Key>(
  freshMs: number,
  max: number,
  load: (key: Key) => Promise<Value>,
): (name: string, key: Key) => Promise<Value> {
  const cache = new LRUCache<string, Value, { readonly key: Key }>({
    max,
    ttl: freshMs,
    allowStaleOnFetchRejection: true,
    noDeleteOnFetchRejection: true,
    fetchMethod: (_name, _stale, { context }) => load(context.key),
  });
  return (name, key) => cache.forceFetch(name, { context: { key } });
}
