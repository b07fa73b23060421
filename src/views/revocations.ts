import type { Sql } from '../engines/sql.ts';
import { type IdPage, idInCursor, idPage } from '../id-page.ts';
import type { ArticleId } from '../ids.ts';
import type { RevocableClass } from './view-class.ts';

/** A revocation as it stands in the log: who took what out when, and whether it was undone. */
export interface Revocation {
  readonly id: number;
  /** null: of every class. */
  readonly class: RevocableClass | null;
  readonly from: Date;
  readonly to: Date;
  /** null: of every article. */
  readonly article: ArticleId | null;
  readonly by: string;
  readonly reason: string;
  readonly at: Date;
  readonly undoneAt: Date | null;
  readonly undoneBy: string | null;
  /** Reads that it holds out of the counts now; of the article that was asked for, where one was. */
  readonly reads: number;
}

/** The revocations, the newest first; with an article, those that took reads of it or of its copies. */
export async function listRevocations(
  sql: Sql,
  {
    article,
    limit,
    cursor,
  }: { readonly article: ArticleId | undefined; readonly limit: number; readonly cursor?: string },
): Promise<IdPage<Revocation>> {
  const { rows } = await sql.query<Revocation>(
    `with family as (
       select $1::text as id union select id from articles where original_id = $1
     ), taken as (
       select revocation_id, sum(reads)::int as reads from revoked_counts
       where $1::text is null or article_id in (select id from family)
       group by 1
     )
     select id, class, from_at as "from", to_at as "to", article_id as article, made_by as "by", reason, made_at as at,
            undone_at as "undoneAt", undone_by as "undoneBy", coalesce(reads, 0)::int as reads
     from revocations left join taken on revocation_id = id
     where ($1::text is null or reads > 0 or article_id = $1) and ($3::bigint is null or id < $3)
     order by id desc limit $2::integer + 1`,
    [article ?? null, limit, idInCursor(cursor)],
  );
  return idPage(rows, limit);
}
