/**
 * Which entries of one document are the same article. A guid or a URL that several different entries share does not
 * identify any of them: feeds give all entries one guid, or link all of them to one page. Then what remains tells them
 * apart, and the key of guid and URL together is stored beside, so that an entry is known again when, in a later
 * document, it stands alone and its guid or URL seems to be its own.
 */
import type { Draft } from './draft.ts';
import type { AliasKey } from './keys.ts';

/** One article as one document carries it: its newest words, under all keys of the entries that said it. */
export interface Candidate {
  readonly draft: Draft;
  /** Keys to look for, the strongest first. No two candidates of a document share one. */
  readonly keys: readonly AliasKey[];
  /** Those of them that are stored. */
  readonly aliases: readonly AliasKey[];
  /** The key under which the feed is noted as its source; one of `aliases`. */
  readonly sourceKey: AliasKey;
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
  return groupsByKey(keyed).map(candidateOf);
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

const MIN_CORRECTED = 20;
const MAX_CORRECTION = 0.1;

/**
 * Whether two titles are one, or one a correction of the other ("one Million", "one Millions"): publishers leave the old
 * entry beside the new one. Other digits are another article ("Results of day 3", "Results of day 4").
 */
export function isSameTitle(a: string, b: string): boolean {
  if (a === b) return true;
  const [short, long] = [plain(unmarked(a)), plain(unmarked(b))].sort((x, y) => x.length - y.length) as [
    string,
    string,
  ];
  if (short === long) return true;
  if (long.length < MIN_CORRECTED || digits(short) !== digits(long)) return false;
  let prefix = 0;
  while (prefix < short.length && short[prefix] === long[prefix]) prefix += 1;
  let suffix = 0;
  while (suffix < short.length - prefix && short.at(-1 - suffix) === long.at(-1 - suffix)) suffix += 1;
  return long.length - prefix - suffix <= long.length * MAX_CORRECTION;
}

/** What agencies add to the title of a revision. */
const WIRE_MARK = /\((?:update|refile|correct|video)[^)]*\)|^(?:update|refile|correct\w*)(?: \d+)? ?[-:]/giu;

function unmarked(title: string): string {
  return title.normalize('NFKC').replace(WIRE_MARK, '');
}

function plain(title: string): string {
  return title.toLowerCase().replace(/[^\p{L}\p{N}\p{M}]+/gu, '');
}

function digits(title: string): string {
  return title.replace(/\P{N}+/gu, ' ').trim();
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

function candidateOf(group: readonly Keyed[]): Candidate {
  const newest = group.reduce((best, one) => (one.draft.datedAt > best.draft.datedAt ? one : best));
  const entries = group.map(({ draft }) => draft.entryKey);
  const guids = group.map(({ guid }) => guid).filter((key) => key !== null);
  const urls = group.map(({ url }) => url).filter((key) => key !== null);
  const isTold = group.every(({ draft, guid, url }) => guid !== null && url === draft.urlKey);
  return {
    draft: newest.draft,
    keys: [...new Set([...entries, ...guids, ...urls])],
    aliases: [...new Set([...(isTold ? [] : entries), ...guids, ...urls])],
    sourceKey: newest.guid ?? newest.draft.entryKey,
  };
}
