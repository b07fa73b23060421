import { readFileSync } from 'node:fs';
import type { Sql } from '../engines/sql.ts';
import { closeForRemoval } from './gate.ts';
import { SEEN_GRANULARITY } from './save.ts';

const REMOVE_OLD = readFileSync(new URL('./remove-old.sql', import.meta.url), 'utf8');

/**
 * Removes at most `limit` articles published before `before`, the oldest first, with their keys, sources and revisions;
 * returns how many. What the last fetch of any feed still contained stays, however old: removed, it would come back.
 */
export async function removeOldArticles(sql: Sql, before: Date, limit: number): Promise<number> {
  return sql.transaction(async (within) => {
    await closeForRemoval(within);
    const { count } = await within.query(REMOVE_OLD, [before, limit, SEEN_GRANULARITY / 1000]);
    return count;
  });
}
