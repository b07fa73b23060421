import { createHash } from 'node:crypto';
import type { FeedId } from '../ids.ts';

/** An article's key in the alias table, in hexadecimal: hashes are indexed, never raw values of any length. */
export type AliasKey = string & { readonly __brand: 'AliasKey' };

/** 128 bits: a billion keys collide by chance once in 10²⁰ times. */
const KEY_BYTES = 16;

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, KEY_BYTES).toString('hex');
}

/** The key of what a feed calls one of its entries. */
export function guidKey(feed: FeedId, guid: string): AliasKey {
  return hashOf(`guid:${feed}:${guid}`) as AliasKey;
}

/** The key of an entry whose guid or URL alone does not tell it from another entry of its document. */
export function entryKey(feed: FeedId, guid: string, rest: string): AliasKey {
  return hashOf(`entry:${feed}:${JSON.stringify([guid, rest])}`) as AliasKey;
}

/** The key of a canonical URL, the same for all feeds. */
export function urlKey(canonical: string): AliasKey {
  return hashOf(`url:${canonical}`) as AliasKey;
}

/** The key of what an entry says, whatever its guid and URL are. A weak one: it only proposes. */
export function contentKey(feed: FeedId, words: readonly string[]): AliasKey {
  return hashOf(`content:${feed}:${JSON.stringify(words)}`) as AliasKey;
}

/** The key of an entry's path (or title), whatever its host and query are. A weak one: it only proposes. */
export function pathKey(feed: FeedId, path: string): AliasKey {
  return hashOf(`path:${feed}:${path}`) as AliasKey;
}
