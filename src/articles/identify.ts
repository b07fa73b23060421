/**
 * Which entries of one document are the same article. A guid or a URL that several different entries share does not
 * identify any of them: feeds give all entries one guid, or link all of them to one page. Then what remains tells them
 * apart, and the key of guid and URL together is stored beside, so that an entry is known again when, in a later
 * document, it stands alone and its guid or URL seems to be its own.
 */
import type { Draft } from './draft.ts';
import type { AliasKey } from './keys.ts';
import { isSameTitle } from './same-title.ts';

/** One article as one document carries it: its newest words, and the keys of all entries that said it. */
export interface Candidate {
  readonly draft: Draft;
  /** Of guid and link together: the strongest, where they were stored. */
  readonly entries: readonly AliasKey[];
  /** No two candidates of a document share a guid or URL; those that were shared are in `shared`. */
  readonly guids: readonly AliasKey[];
  readonly urls: readonly AliasKey[];
  readonly shared: readonly AliasKey[];
  /** Of content and path, where no other candidate of the document has them. */
  readonly weak: readonly AliasKey[];
}

/** The articles in a document, in its order. */
export function identify(drafts: readonly Draft[]): Candidate[] {
  const sharedGuids = sharedKeys(drafts, 'guidKey', 'urlKey');
  const sharedUrls = sharedKeys(drafts, 'urlKey', 'guidKey');
  const keyed = drafts.map((draft) => ({
    draft,
    guid: sharedGuids.has(draft.guidKey) ? null : draft.guidKey,
    url: draft.urlKey === null || sharedUrls.has(draft.urlKey) ? null : draft.urlKey,
  }));
  const groups = groupsByKey(keyed);
  const counts = new Map<AliasKey, number>();
  for (const group of groups) for (const key of weakKeys(group)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return groups.map((group) => candidateOf(group, (key) => counts.get(key) === 1));
}

interface Keyed {
  readonly draft: Draft;
  readonly guid: AliasKey | null;
  readonly url: AliasKey | null;
}

type KeyName = 'guidKey' | 'urlKey';

/** The keys under which stand entries that differ in their other key (or have none) and in what they say. */
function sharedKeys(drafts: readonly Draft[], name: KeyName, other: KeyName): Set<AliasKey> {
  const shared = new Set<AliasKey>();
  const firsts = new Map<AliasKey, Draft>();
  for (const draft of drafts) {
    const key = draft[name];
    if (key === null || shared.has(key)) continue;
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, draft);
    else if (isOther(first[other], draft[other]) && isAnother(first, draft)) shared.add(key);
  }
  return shared;
}

/** Different titles, or different places of one page (a weblog's day, a list of newsletters under one title). */
function isAnother(a: Draft, b: Draft): boolean {
  const areFragments = a.fragment !== '' && b.fragment !== '' && a.fragment !== b.fragment;
  return areFragments || !isSameTitle(a.title, b.title);
}

function isOther(a: AliasKey | null, b: AliasKey | null): boolean {
  return a !== b || a === null;
}

/** Entries that are joined by keys in common, however many steps lie between them, in the document's order. */
function groupsByKey(keyed: readonly Keyed[]): Keyed[][] {
  const parents = keyed.map((_, index) => index);
  const rootOf = (index: number): number => {
    const parent = parents[index] ?? index;
    return parent === index ? index : rootOf(parent);
  };
  const firsts = new Map<AliasKey, number>();
  for (const [index, one] of keyed.entries()) {
    for (const key of keysOf(one)) {
      const first = rootOf(firsts.get(key) ?? index);
      const own = rootOf(index);
      parents[Math.max(first, own)] = Math.min(first, own);
      firsts.set(key, Math.min(first, own));
    }
  }
  const groups = new Map<number, Keyed[]>();
  for (const [index, one] of keyed.entries()) {
    const group = groups.get(rootOf(index));
    if (group === undefined) groups.set(index, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}

function keysOf({ draft, guid, url }: Keyed): AliasKey[] {
  return [draft.entryKey, guid, url].filter((key) => key !== null);
}

function weakKeys(group: readonly Keyed[]): Set<AliasKey> {
  return new Set(group.flatMap(({ draft }) => [draft.contentKey, draft.pathKey]));
}

function candidateOf(group: readonly Keyed[], isOwn: (key: AliasKey) => boolean): Candidate {
  const newest = group.reduce((best, one) => (one.draft.datedAt > best.draft.datedAt ? one : best));
  const guids = given(group.map(({ guid }) => guid));
  const urls = given(group.map(({ url }) => url));
  const all = given(group.flatMap(({ draft }) => [draft.guidKey, draft.urlKey]));
  return {
    draft: newest.draft,
    entries: given(group.map(({ draft }) => draft.entryKey)),
    // The newest entry's own keys first: under them the feed is noted as the article's source.
    guids: given([newest.guid, ...guids]),
    urls: given([newest.url, ...urls]),
    shared: all.filter((key) => !guids.includes(key) && !urls.includes(key)),
    weak: [...weakKeys(group)].filter(isOwn),
  };
}

function given(keys: readonly (AliasKey | null)[]): AliasKey[] {
  return [...new Set(keys)].filter((key) => key !== null);
}
