import type { Sql } from '../engines/sql.ts';
import type { ArticleId, FeedId } from '../ids.ts';
import { type AliasKey, hashOf } from './keys.ts';

/** Whether a feed's guids tell its articles apart: 'changing' ones are new on each poll, 'reused' ones stand for many. */
export type GuidTrust = 'trusted' | 'changing' | 'reused';

/** What is known of a feed's guids; the evidence is null as long as nothing speaks against them. */
export interface GuidRecord {
  readonly trust: GuidTrust;
  readonly evidence: GuidEvidence | null;
}

interface GuidEvidence {
  /** Of the last document's articles and guids: the same document again is no new evidence. */
  readonly digest: string;
  /** Documents in a row in which most known articles had new guids. */
  readonly changes: number;
  /** Documents in a row that gave no reason for distrust. */
  readonly steady: number;
  /** Guids by article, of the last document: an untrusted guid is not stored as a key. */
  readonly sample: Readonly<Record<string, AliasKey>>;
}

/** One article of a document with its guid, and what that was before: known for it, new to it, or another article's. */
export interface GuidSight {
  readonly article: ArticleId;
  readonly guid: AliasKey;
  readonly was: 'kept' | 'changed' | 'reused' | 'new';
}

/** A publisher may change all guids once, with a new system: the second time it is a habit. */
const MAX_CHANGES = 2;
/** After so many documents without a fault guids are trusted again. */
const STEADY_AFTER = { trusted: 1, changing: 3, reused: 10 };
const SAMPLE = 20;

/** What is known of the guids after a document; the same record where it taught nothing. */
export function learnGuids(record: GuidRecord, sights: readonly GuidSight[]): GuidRecord {
  if (sights.length === 0) return record;
  const pairs = sights.map(({ article, guid }) => `${article} ${guid}`).sort();
  const digest = hashOf(pairs.join('\n'));
  if (record.evidence?.digest === digest) return record;
  const counts = countSights(sights, record.evidence?.sample ?? {});
  const isChange = counts.changed > counts.kept;
  if (!isChange && counts.reused === 0) return learnFaultless(record, counts.kept > 0, digest, sights);
  const changes = isChange ? (record.evidence?.changes ?? 0) + 1 : 0;
  const evidence = { digest, changes, steady: 0, sample: sampleOf(sights) };
  return { trust: nextTrust(record.trust, counts.reused, changes), evidence };
}

/** After a document without a fault. New entries alone say nothing of what came before them. */
function learnFaultless(
  record: GuidRecord,
  hasKept: boolean,
  digest: string,
  sights: readonly GuidSight[],
): GuidRecord {
  const { trust, evidence } = record;
  if (trust === 'trusted' && (evidence === null || !hasKept)) return record;
  const steady = (evidence?.steady ?? 0) + Number(hasKept);
  if (steady >= STEADY_AFTER[trust]) return { trust: 'trusted', evidence: null };
  return { trust, evidence: { digest, changes: 0, steady, sample: sampleOf(sights) } };
}

function sampleOf(sights: readonly GuidSight[]): GuidEvidence['sample'] {
  return Object.fromEntries(sights.slice(0, SAMPLE).map(({ article, guid }) => [article, guid]));
}

function nextTrust(trust: GuidTrust, reused: number, changes: number): GuidTrust {
  if (reused > 0) return 'reused';
  return changes >= MAX_CHANGES ? 'changing' : trust;
}

function countSights(sights: readonly GuidSight[], sample: GuidEvidence['sample']) {
  const counts = { kept: 0, changed: 0, reused: 0, new: 0 };
  const owners = new Map(Object.entries(sample).map(([article, guid]) => [guid, article]));
  for (const { article, guid, was } of sights) {
    const before = sample[article];
    const owner = owners.get(guid);
    if (owner !== undefined && owner !== article) counts.reused += 1;
    else if (before !== undefined) counts[before === guid ? 'kept' : 'changed'] += 1;
    else counts[was] += 1;
  }
  return counts;
}

/** Writes down what a document taught of the feed's guids. */
export async function saveGuidRecord(
  sql: Sql,
  feed: FeedId,
  before: GuidRecord,
  after: GuidRecord,
  now: Date,
): Promise<void> {
  if (after === before) return;
  await sql.query(
    `update feeds set
       guid_trust = $2, guid_evidence = $3,
       guid_trust_since = case when guid_trust = $2 then guid_trust_since else $4::timestamptz end
     where id = $1`,
    [feed, after.trust, after.evidence, now],
    { isUnasked: true },
  );
}
