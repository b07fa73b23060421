import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';
import type { Succession } from './clean-up.ts';

/** Notes who takes the place of removed articles, also of those whose place they had taken. In the transaction of the removal. */
export async function noteSuccessors(sql: Sql, successions: readonly Succession[], now: Date): Promise<void> {
  if (successions.length === 0) return;
  await sql.query(
    `with given as (select * from json_to_recordset($1::json) as given (removed text, successor text)),
     led_on as (
       update article_successors set successor_id = given.successor
       from given where article_successors.successor_id = given.removed
     )
     insert into article_successors (article_id, successor_id, removed_at)
     select removed, successor, $2 from given
     on conflict (article_id) do update set successor_id = excluded.successor_id, removed_at = excluded.removed_at`,
    [JSON.stringify(successions), now],
  );
}

/** The article that took the place of a removed one; undefined where none did, or it was removed itself. */
export async function findSuccessor(sql: Sql, id: ArticleId): Promise<ArticleId | undefined> {
  return (await findSuccessors(sql, [id])).get(id);
}

/** The same of many, by the ids that were removed. */
export async function findSuccessors(sql: Sql, ids: readonly ArticleId[]): Promise<Map<ArticleId, ArticleId>> {
  const { rows } = await sql.query<{ removed: ArticleId; id: ArticleId }>(
    `select article_id as removed, articles.id
     from article_successors join articles on articles.id = successor_id where article_id = any ($1::text[])`,
    [ids],
  );
  return new Map(rows.map(({ removed, id }) => [removed, id]));
}

/**
 * Forgets who took the place of articles removed before `before`, by when no reads come for them any more, except where
 * there still is somebody to lead links to.
 */
export async function forgetSuccessors(sql: Sql, before: Date): Promise<number> {
  const { count } = await sql.query(
    `delete from article_successors
     where removed_at < $1 and not exists (select from articles where id = successor_id)`,
    [before],
  );
  return count;
}
