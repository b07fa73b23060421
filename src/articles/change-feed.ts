import type { Sql } from '../engines/sql.ts';
import { createCategories } from '../feeds/categories.ts';
import type { Feed } from '../feeds/feed.ts';
import { checkPatch, type FeedPatch, findFeed, updateFeed } from '../feeds/store.ts';
import type { FeedId } from '../ids.ts';
import { closeGate } from './gate.ts';
import { refileArticles } from './refile.ts';

/**
 * Changes a feed as `updateFeed` does. Where that gives it other categories, the articles that it carries follow at once:
 * a feed that does not change is not read again for weeks, and of what it carried before, nothing ever would be. What a
 * poll stores meanwhile waits at the gate, and is filed under the new ones.
 */
export async function changeFeed(sql: Sql, id: FeedId, patch: FeedPatch, now: Date): Promise<Feed | undefined> {
  if (patch.categories === undefined) return await updateFeed(sql, id, patch);
  checkPatch(patch);
  if ((await findFeed(sql, id)) === undefined) return undefined;
  // Before the gate is closed: an import may be creating the same ones, and nobody is to wait for it there.
  await createCategories(sql, patch.categories);
  return await sql.transaction(async (tx) => {
    await closeGate(tx);
    const before = await findFeed(tx, id);
    const after = await updateFeed(tx, id, patch);
    if (before !== undefined) await refileArticles(tx, [id], before.categories, now);
    return after;
  });
}
