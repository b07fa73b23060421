import { readFileSync } from 'node:fs';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId, FeedId } from '../ids.ts';
import type { CarryingFeed } from './draft.ts';
import type { Candidate } from './identify.ts';
import type { AliasKey } from './keys.ts';

const FIND_MATCHES = readFileSync(new URL('./find-matches.sql', import.meta.url), 'utf8');

/** A candidate whose article is stored. */
export interface Match {
  readonly candidate: Candidate;
  readonly id: ArticleId;
  readonly contentHash: string;
  /** The feed whose words the article has; null where no feed is left that carried it. */
  readonly owner: FeedId | null;
  /** When this feed was last noted as a source; null where it never was. */
  readonly lastSeenAt: Date | null;
  readonly isFiled: boolean;
  readonly missingAliases: readonly AliasKey[];
}

interface Row {
  readonly key: AliasKey;
  readonly id: ArticleId;
  readonly content_hash: string;
  readonly owner: FeedId | null;
  readonly last_seen_at: Date | null;
  readonly filed_under: number;
}

/** Looks all candidates up at once: those that are stored, by their strongest key, and those that are new. */
export async function matchCandidates(
  sql: Sql,
  feed: CarryingFeed,
  candidates: readonly Candidate[],
): Promise<{ matches: Match[]; fresh: Candidate[] }> {
  const keys = candidates.flatMap((candidate) => candidate.keys);
  const { rows } = await sql.query<Row>(FIND_MATCHES, [keys, feed.id, feed.categories]);
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const matches: Match[] = [];
  const fresh: Candidate[] = [];
  for (const candidate of candidates) {
    const row = candidate.keys.map((key) => byKey.get(key)).find((found) => found !== undefined);
    if (row === undefined) {
      fresh.push(candidate);
      continue;
    }
    matches.push({
      candidate,
      id: row.id,
      contentHash: row.content_hash,
      owner: row.owner,
      lastSeenAt: byKey.get(candidate.sourceKey)?.last_seen_at ?? null,
      isFiled: row.filed_under === new Set(feed.categories).size,
      missingAliases: candidate.aliases.filter((key) => !byKey.has(key)),
    });
  }
  return { matches, fresh };
}
