import { readFileSync } from 'node:fs';
import type { Sql } from '../engines/sql.ts';
import type { Feed } from '../feeds/feed.ts';
import { type FeedPatch, findFeed, updateFeed } from '../feeds/store.ts';
import type { ArticleId, FeedId } from '../ids.ts';
import { noteCountChanges } from './count-changes.ts';
import { closeForRemoval } from './gate.ts';

const REFILE = readFileSync(new URL('./refile-articles.sql', import.meta.url), 'utf8');

/**
 * Changes a feed as `updateFeed` does. Where that gives it other categories, the articles that it carries follow at once:
 * a feed that does not change is not read again for weeks, and of what it carried before, nothing ever would be.
 */
export async function changeFeed(sql: Sql, id: FeedId, patch: FeedPatch, now: Date): Promise<Feed | undefined> {
  if (patch.categories === undefined) return await updateFeed(sql, id, patch);
  return await sql.transaction(async (tx) => {
    await closeForRemoval(tx);
    const before = await findFeed(tx, id);
    const after = await updateFeed(tx, id, patch);
    if (before !== undefined) await refileArticles(tx, before, now);
    return after;
  });
}

async function refileArticles(sql: Sql, { id, categories }: Feed, now: Date): Promise<void> {
  const { rows } = await sql.query<{ id: ArticleId }>(REFILE, [id, categories]);
  await noteCountChanges(
    sql,
    rows.map((row) => row.id),
    now,
  );
}
