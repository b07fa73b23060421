import { readFileSync } from 'node:fs';
import { DAY } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';
import { noteCountChanges } from './count-changes.ts';
import { closeGate } from './gate.ts';
import { SEEN_GRANULARITY } from './save.ts';

const [REMOVE_OLD, SUCCEED, FORGET_KEYS] = ['./remove-old.sql', './succeed.sql', './forget-keys.sql'].map((file) =>
  readFileSync(new URL(file, import.meta.url), 'utf8'),
) as [string, string, string];

/** For how long a removed article's keys are kept where no feed brings it again: feeds that come back bring old entries. */
const KEYS_KEPT_FOR = 30 * DAY;

/** An article that was removed, and the one that takes over its reads. */
export interface Succession {
  readonly removed: ArticleId;
  readonly successor: ArticleId;
}

export interface Removal {
  readonly removed: readonly ArticleId[];
  readonly successors: readonly Succession[];
}

/**
 * Removes at most `limit` articles published before `before` (or so many days before `now` as their feed keeps them), the
 * oldest first, with sources and revisions; their keys are kept apart, so that they do not come back. Says which, and whose
 * place was taken by a copy or the original. What the last fetch of any feed still contained stays, however old: removed,
 * it would come back.
 */
export async function removeOldArticles(sql: Sql, before: Date, limit: number, now: Date): Promise<Removal> {
  return sql.transaction(async (within) => {
    await closeGate(within);
    const { rows } = await within.query<{ id: ArticleId }>(REMOVE_OLD, [before, limit, SEEN_GRANULARITY / 1000, now]);
    return await removeArticles(
      within,
      rows.map(({ id }) => id),
      now,
    );
  });
}

/** Removes these articles; call it in a transaction that has closed the gate. */
export async function removeArticles(sql: Sql, ids: readonly ArticleId[], now: Date): Promise<Removal> {
  if (ids.length === 0) return { removed: [], successors: [] };
  const { rows: successors } = await sql.query<Succession>(SUCCEED, [ids]);
  await sql.query(
    `insert into removed_keys (key, removed_at, seen_at)
     select key, $2, $2 from article_aliases where article_id = any ($1::text[]) and not is_weak
     on conflict (key) do update set removed_at = excluded.removed_at, seen_at = excluded.seen_at`,
    [ids, now],
  );
  const { rows } = await sql.query<{ id: ArticleId }>('delete from articles where id = any ($1::text[]) returning id', [
    ids,
  ]);
  const removed = rows.map(({ id }) => id);
  await noteCountChanges(sql, [...removed, ...successors.map(({ successor }) => successor)], now);
  return { removed, successors };
}

/** Forgets keys of removed articles that no feed carries any more; returns how many. */
export async function forgetRemovedKeys(sql: Sql, now: Date): Promise<number> {
  const { count } = await sql.query(FORGET_KEYS, [new Date(now.getTime() - KEYS_KEPT_FOR), SEEN_GRANULARITY / 1000]);
  return count;
}
