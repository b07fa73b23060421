import type { Sql } from '../engines/sql.ts';
import { giveCategories, type NewFeed, type WiderFeed } from '../feeds/add-feeds.ts';
import { type AddedFeeds, addFeeds } from '../feeds/store.ts';
import { closeGate } from './gate.ts';
import { refileArticles } from './refile.ts';

/** Feeds whose articles move in one transaction: until it ends no poll stores anything. */
const BATCH = 20;

/**
 * Adds feeds as `addFeeds` does. One that is there already gets the categories that it lacked, and nothing else; the
 * articles that it carries follow at once, as with `changeFeed`. Cut off half-way, the same import does what is left.
 */
export async function importFeeds(sql: Sql, feeds: readonly NewFeed[], now: Date): Promise<AddedFeeds> {
  const { wider, ...added } = await addFeeds(sql, feeds, now);
  await widenFeeds(sql, wider, now);
  return added;
}

/**
 * As `importFeeds`, for a file that is read at each start: where somebody chose a feed's categories since, that holds, or
 * each start would take it back.
 */
export async function importFeedsAtStart(sql: Sql, feeds: readonly NewFeed[], now: Date): Promise<AddedFeeds> {
  const { wider, ...added } = await addFeeds(sql, feeds, now);
  const untouched = wider.filter(({ hasOwnCategories }) => !hasOwnCategories);
  await widenFeeds(sql, untouched, now);
  return added;
}

async function widenFeeds(sql: Sql, feeds: readonly WiderFeed[], now: Date): Promise<void> {
  for (let start = 0; start < feeds.length; start += BATCH) {
    const batch = feeds.slice(start, start + BATCH);
    await sql.transaction(async (tx) => {
      await closeGate(tx);
      await giveCategories(tx, batch);
      const ids = batch.map(({ id }) => id);
      await refileArticles(tx, ids, [], now);
    });
  }
}
