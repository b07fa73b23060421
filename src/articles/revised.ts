import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';

/** An article whose words, picture or link were changed, and when that was last. */
export interface Revised {
  readonly id: ArticleId;
  readonly at: Date;
}

/** The articles that were revised since then. */
export async function findRevised(sql: Sql, since: Date): Promise<readonly Revised[]> {
  const { rows } = await sql.query<Revised>(
    'select article_id as id, max(replaced_at) as at from article_revisions where replaced_at >= $1 group by article_id',
    [since],
  );
  return rows;
}
