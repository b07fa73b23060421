import { type Sql, UNASKED } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';

/**
 * Notes that the reads of these articles are to be counted anew: they became copies or ceased to be, lost or won a copy,
 * changed their categories, or were removed. Call it in the transaction of the change, as its last lock, and once: two
 * calls would lock rows in no order.
 *
 * A row that stands there already is written all the same: a recount that is under way has it locked, may not see this
 * change, and removes it when it commits.
 */
export async function noteCountChanges(sql: Sql, articles: readonly ArticleId[], now: Date): Promise<void> {
  if (articles.length === 0) return;
  await sql.query(
    `insert into count_changes (article_id, changed_at)
     select distinct article, $2::timestamptz from unnest($1::text[]) article order by 1
     on conflict (article_id) do update set changed_at = excluded.changed_at`,
    [articles, now],
    UNASKED,
  );
}
