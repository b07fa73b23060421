import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';

/**
 * Why an article is to be recounted. Each reason is a queue in PostgreSQL, read in the order of ids, so that one run meets
 * each article once, also those that it has to leave.
 */
export interface DueRecounts {
  /** The next articles after the id; nobody else changes or takes them until the transaction ends. */
  take(sql: Sql, after: string, limit: number, now: Date): Promise<ArticleId[]>;
  /** Notes that they were recounted; `againAt` is when to do so once more. */
  finish(sql: Sql, articles: readonly ArticleId[], againAt: Date): Promise<void>;
}

const idsOf = ({ rows }: { readonly rows: readonly { readonly id: ArticleId }[] }): ArticleId[] =>
  rows.map(({ id }) => id);

/** Something changed. A change that is not committed yet holds its row, and is left to a later run. */
export const changed: DueRecounts = {
  async take(sql, after, limit) {
    return idsOf(
      await sql.query(
        `select article_id as id from count_changes where article_id > $1
         order by article_id limit $2 for update skip locked`,
        [after, limit],
      ),
    );
  },
  async finish(sql, articles, againAt) {
    await sql.query(
      `with done as (delete from count_changes where article_id = any ($1::text[]) returning article_id)
       insert into recounts (article_id, due_at) select article_id, $2::timestamptz from done
       on conflict (article_id) do update set due_at = excluded.due_at`,
      [articles, againAt],
    );
  },
};

/** Recounted a while ago, when collectors could still count as it was before. */
export const settled: DueRecounts = {
  async take(sql, after, limit, now) {
    return idsOf(
      await sql.query(
        `select article_id as id from recounts where article_id > $1 and due_at <= $3
         order by article_id limit $2 for update skip locked`,
        [after, limit, now],
      ),
    );
  },
  async finish(sql, articles) {
    await sql.query('delete from recounts where article_id = any ($1::text[])', [articles]);
  },
};

/** Whether anything is due; costs two look-ups. */
export async function isAnyDue(sql: Sql, now: Date): Promise<boolean> {
  const { rows } = await sql.query<{ is_due: boolean }>(
    'select exists (select from count_changes) or exists (select from recounts where due_at <= $1) as is_due',
    [now],
  );
  return rows[0]?.is_due === true;
}
