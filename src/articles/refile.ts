import { readFileSync } from 'node:fs';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId, CategorySlug, FeedId } from '../ids.ts';
import { noteCountChanges } from './count-changes.ts';

const REFILE = readFileSync(new URL('./refile-articles.sql', import.meta.url), 'utf8');

/**
 * Files what feeds carry under the categories that they have now, and notes that its reads are to follow. `before`: those
 * that they may have lost. Call it in the transaction that changed them, behind the gate.
 */
export async function refileArticles(
  sql: Sql,
  feeds: readonly FeedId[],
  before: readonly CategorySlug[],
  now: Date,
): Promise<void> {
  const { rows } = await sql.query<{ id: ArticleId }>(REFILE, [feeds, before]);
  await noteCountChanges(
    sql,
    rows.map(({ id }) => id),
    now,
  );
}
