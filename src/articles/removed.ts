import { HOUR } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { CarryingFeed } from './draft.ts';
import type { AliasKey } from './keys.ts';
import type { Fresh } from './match.ts';

/** How old `removed_keys.seen_at` may get before it is written again. */
const SEEN_GRANULARITY = HOUR;

interface RemovedKey {
  readonly key: AliasKey;
  readonly removed_at: Date;
  readonly seen_at: Date;
}

/**
 * The articles that are new, and how many are none: they were removed, and a feed has brought them back. Where the feed
 * dates an entry after the removal, its guid or link may have been given to another article: then all its keys must
 * have been the removed one's.
 */
export async function leaveOutRemoved(
  sql: Sql,
  feed: CarryingFeed,
  fresh: readonly Fresh[],
  now: Date,
): Promise<{ fresh: readonly Fresh[]; removed: number }> {
  if (fresh.length === 0) return { fresh, removed: 0 };
  const keys = fresh.flatMap(({ aliases }) => aliases.strong);
  const { rows } = await sql.query<RemovedKey>(
    `select encode(key, 'hex') as key, removed_at, seen_at from removed_keys
     where key in (select decode(wanted, 'hex') from unnest($1::text[]) wanted)`,
    [keys],
  );
  if (rows.length === 0) return { fresh, removed: 0 };
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const removed = fresh.filter((one) => isRemoved(one, byKey));
  const stale = now.getTime() - SEEN_GRANULARITY;
  const seen = removed
    .flatMap(({ aliases }) => aliases.strong)
    .filter((key) => (byKey.get(key)?.seen_at.getTime() ?? stale) < stale);
  if (seen.length > 0) {
    await sql.query(
      `update removed_keys removed set feed_id = $2, seen_at = $3
       from (
         select key from removed_keys
         where key in (select decode(wanted, 'hex') from unnest($1::text[]) wanted)
         order by key for update
       ) seen where removed.key = seen.key`,
      [seen, feed.id, now],
    );
  }
  const isLeftOut = new Set(removed);
  return { fresh: fresh.filter((one) => !isLeftOut.has(one)), removed: removed.length };
}

function isRemoved({ aliases, candidate }: Fresh, byKey: ReadonlyMap<AliasKey, RemovedKey>): boolean {
  const found = aliases.strong.map((key) => byKey.get(key));
  const known = found.filter((row) => row !== undefined);
  if (known.length === 0) return false;
  const { publishedFrom, publishedAt } = candidate.draft;
  const isOld = publishedFrom !== 'first-seen' && known.some(({ removed_at }) => publishedAt < removed_at);
  return isOld || known.length === found.length;
}
