import { readFileSync } from 'node:fs';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId, FeedId } from '../ids.ts';
import { type Aliases, aliasesOf, lookUpKeys } from './aliases.ts';
import { type CarryingFeed, type Draft, hashOfWords } from './draft.ts';
import type { GuidRecord, GuidSight, GuidTrust } from './guid-trust.ts';
import type { Candidate } from './identify.ts';
import type { AliasKey } from './keys.ts';
import { type Resolved, resolveCandidates } from './resolve.ts';
import type { Stored } from './same-article.ts';

const FIND_MATCHES = readFileSync(new URL('./find-matches.sql', import.meta.url), 'utf8');

/** A stored article, as far as a poll needs to know it. */
export interface Known extends Stored {
  readonly id: ArticleId;
  readonly contentHash: string;
  readonly isFiled: boolean;
  /** The source under which this feed carried it last, and when that was noted; null where it never did. */
  readonly carriedKey: AliasKey | null;
  readonly carriedAt: Date | null;
}

/** What the keys of a document lead to. */
export interface Lookup {
  readonly trust: GuidTrust;
  readonly articles: ReadonlyMap<AliasKey, Known>;
  /** Keys under which this feed is noted as a source of the article that they lead to, and when. */
  readonly seen: ReadonlyMap<AliasKey, Date>;
  /** Keys that the feed is known to have given to several articles at a time. */
  readonly shared: ReadonlySet<AliasKey>;
}

/** A candidate whose article is stored. */
export interface Match {
  readonly candidate: Candidate;
  readonly id: ArticleId;
  readonly known: Known;
  readonly draft: Draft;
  /** Those of its keys that are not stored yet. */
  readonly missing: Aliases;
  readonly sourceKey: AliasKey;
  /** When the feed was last noted as a source under that key; null where it never was. */
  readonly lastSeenAt: Date | null;
  readonly sight: GuidSight | null;
}

/** A candidate whose article is new. */
export interface Fresh {
  readonly candidate: Candidate;
  readonly aliases: Aliases;
  readonly sourceKey: AliasKey;
  readonly isReuse: boolean;
}

export interface Matched {
  readonly matches: Match[];
  readonly fresh: Fresh[];
  readonly guids: GuidRecord;
  /** Keys that this document is the first to give to several articles. */
  readonly newlyShared: AliasKey[];
}

interface Row {
  readonly guid_trust: GuidTrust;
  readonly guid_evidence: GuidRecord['evidence'];
  readonly key: AliasKey | null;
  readonly id: ArticleId | null;
  readonly content_hash: string;
  readonly title: string;
  readonly url: string | null;
  readonly published_at: Date;
  readonly published_from: string;
  readonly first_seen_at: Date;
  readonly owner: FeedId | null;
  readonly is_filed: boolean;
  readonly carried_key: AliasKey | null;
  readonly carried_url: string | null;
  readonly carried_at: Date | null;
  readonly last_seen_at: Date | null;
}

/**
 * Looks all candidates up at once: those that are stored and those that are new. Undefined where the feed is gone; where it is
 * not, it stays until the transaction ends, behind the gate.
 */
export async function matchCandidates(
  sql: Sql,
  feed: CarryingFeed,
  candidates: readonly Candidate[],
): Promise<Matched | undefined> {
  const keys = new Set(candidates.flatMap((candidate) => lookUpKeys(candidate)));
  const { rows } = await sql.query<Row>(FIND_MATCHES, [[...keys], feed.id]);
  const [first] = rows;
  if (first === undefined) return undefined;
  const guids = { trust: first.guid_trust, evidence: first.guid_evidence };
  const lookup = lookupOf(rows, guids.trust);
  const resolved = await resolveCandidates(sql, feed, candidates, lookup);
  const matches: Match[] = [];
  const fresh: Fresh[] = [];
  for (const { candidate, known, isReuse, isWeak } of resolved) {
    const { aliases, sourceKey } = aliasesOf(candidate, known, lookup);
    if (known === undefined) fresh.push({ candidate, aliases, sourceKey, isReuse });
    else matches.push(matchOf({ candidate, known, isReuse, isWeak }, aliases, sourceKey, lookup));
  }
  const newlyShared = new Set(candidates.flatMap(({ shared }) => shared).filter((key) => !lookup.shared.has(key)));
  return { matches, fresh, guids, newlyShared: [...newlyShared] };
}

function lookupOf(rows: readonly Row[], trust: GuidTrust): Lookup {
  const byId = new Map<ArticleId, Known>();
  const articles = new Map<AliasKey, Known>();
  const seen = new Map<AliasKey, Date>();
  const shared = new Set<AliasKey>();
  for (const row of rows) {
    if (row.key === null) continue;
    if (row.id === null) {
      shared.add(row.key);
      continue;
    }
    const known = byId.get(row.id) ?? knownOf(row, row.id);
    byId.set(row.id, known);
    articles.set(row.key, known);
    if (row.last_seen_at !== null) seen.set(row.key, row.last_seen_at);
  }
  return { trust, articles, seen, shared };
}

function knownOf(row: Row, id: ArticleId): Known {
  return {
    id,
    contentHash: row.content_hash,
    title: row.title,
    url: row.url,
    publishedAt: row.published_at,
    publishedFrom: row.published_from,
    firstSeenAt: row.first_seen_at,
    owner: row.owner,
    isFiled: row.is_filed,
    carriedKey: row.carried_key,
    carriedUrl: row.carried_url,
    carriedAt: row.carried_at,
  };
}

function matchOf(
  { candidate, known, isReuse, isWeak }: Resolved & { readonly known: Known },
  { strong, weak }: Aliases,
  sourceKey: AliasKey,
  lookup: Lookup,
): Match {
  const isMissing = (key: AliasKey) => !lookup.articles.has(key);
  const lastSeenAt = sourceKey === known.carriedKey ? known.carriedAt : (lookup.seen.get(sourceKey) ?? null);
  // Of an article whose guid and link are new on each poll, none is worth keeping.
  const isFleeting = isWeak && lookup.trust === 'changing';
  return {
    candidate,
    id: known.id,
    known,
    draft: withKeptUrl(candidate.draft, known),
    missing: { strong: isFleeting ? [] : strong.filter(isMissing), weak: weak.filter(isMissing) },
    sourceKey,
    lastSeenAt,
    sight: sightOf(candidate, known, isReuse, lookup),
  };
}

/** A link that differs in its query alone is kept as it was: else a session's name in it would be a change at each poll. */
function withKeptUrl(draft: Draft, known: Known): Draft {
  if (draft.url === known.url || draft.url === null || known.url === null) return draft;
  if (draft.title !== known.title || withoutQuery(draft.url) !== withoutQuery(known.url)) return draft;
  const kept = { ...draft, url: known.url };
  return { ...kept, contentHash: hashOfWords(kept) };
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

function sightOf(candidate: Candidate, known: Known, isReuse: boolean, lookup: Lookup): GuidSight | null {
  const { draft, guids } = candidate;
  if (!draft.hasGuid || guids.length === 0) return null;
  const sight = { article: known.id, guid: draft.guidKey };
  if (isReuse) return { ...sight, was: 'reused' };
  if (guids.some((guid) => lookup.articles.get(guid)?.id === known.id)) return { ...sight, was: 'kept' };
  return { ...sight, was: known.carriedKey === null ? 'new' : 'changed' };
}
