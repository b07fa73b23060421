import type { Candidate } from './identify.ts';
import type { AliasKey } from './keys.ts';
import type { Known, Lookup } from './match.ts';

/** The keys to store of an article. */
export interface Aliases {
  readonly strong: readonly AliasKey[];
  readonly weak: readonly AliasKey[];
}

/** All keys of which something may be known. */
export function lookUpKeys({ draft, entries, guids, urls, shared, weak }: Candidate): AliasKey[] {
  return [...entries, draft.placeKey, ...guids, ...urls, ...shared, ...weak];
}

/** Whether guids of this feed tell which article it is. What stands in for a missing guid always does. */
export function hasTrustedGuid({ draft }: Candidate, { trust }: Lookup): boolean {
  return trust === 'trusted' || !draft.hasGuid;
}

/** Under which keys the article of a candidate is to be known, and under which of them the feed is noted as its source. */
export function aliasesOf(
  candidate: Candidate,
  known: Known | undefined,
  lookup: Lookup,
): { aliases: Aliases; sourceKey: AliasKey } {
  const { draft, entries, shared, weak } = candidate;
  const isFree = (key: AliasKey) => {
    const other = lookup.articles.get(key);
    return !lookup.shared.has(key) && (other === undefined || other === known);
  };
  const isTrusted = hasTrustedGuid(candidate, lookup);
  const guids = isTrusted ? candidate.guids.filter(isFree) : [];
  const urls = candidate.urls.filter(isFree);
  const isTold = guids.length > 0 && guids.length === candidate.guids.length && shared.length === 0;
  // A guid that is new each time would make a new key each time.
  const together = lookup.trust === 'changing' && draft.hasGuid && urls.length > 0 ? [draft.placeKey] : entries;
  // Trust may have ended with this very document: taken in again, it must not bring more keys than the first time.
  const isKnown = known !== undefined && !isTrusted && urls.some((key) => lookup.articles.get(key) === known);
  const strong = [...new Set([...guids, ...urls, ...(isTold || isKnown ? [] : together)])];
  return {
    aliases: { strong, weak },
    sourceKey: sourceKeyOf(isTrusted, guids[0] ?? together[0] ?? draft.entryKey, known, lookup),
  };
}

function sourceKeyOf(isTrusted: boolean, own: AliasKey, known: Known | undefined, { seen }: Lookup): AliasKey {
  if (known === undefined || seen.has(own) || known.carriedKey === null) return own;
  // The feed is noted as a source already, under a guid that means nothing now.
  return isTrusted ? own : known.carriedKey;
}
