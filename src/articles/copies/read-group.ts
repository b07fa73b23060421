import type { Sql } from '../../engines/sql.ts';
import { CodedError } from '../../errors.ts';
import type { ArticleId } from '../../ids.ts';

/** An original and its copies, as a person finds them who is about to change that. */
export interface LockedGroup {
  readonly root: ArticleId;
  /** The oldest publication first. */
  readonly members: readonly ArticleId[];
}

/** The group of an article, its rows locked. Throws CodedError `article-unknown`. */
export async function lockGroup(sql: Sql, id: ArticleId): Promise<LockedGroup> {
  const { rows } = await sql.query<{ id: ArticleId; root: ArticleId; published_at: Date }>(
    `select article.id, coalesce(article.original_id, article.id) as root, article.published_at
     from articles given
     join articles article on coalesce(given.original_id, given.id) in (article.id, article.original_id)
     where given.id = $1
     order by article.id
     for no key update of article`,
    [id],
  );
  const [first] = rows;
  if (first === undefined) throw new CodedError('article-unknown', `There is no article ${id}.`);
  const members = rows
    .sort((a, b) => a.published_at.getTime() - b.published_at.getTime() || (a.id < b.id ? -1 : 1))
    .map((row) => row.id);
  return { root: first.root, members };
}

/** Remembers that a person judged each of these to carry the text of each of those, or not. */
export async function rememberDecision(
  sql: Sql,
  these: readonly ArticleId[],
  those: readonly ArticleId[],
  areCopies: boolean,
): Promise<void> {
  await sql.query(
    `insert into copy_decisions (article_id, other_id, are_copies)
     select pair.article_id, pair.other_id, $3::boolean
     from unnest($1::text[]) this cross join unnest($2::text[]) that
     cross join lateral (values (this, that), (that, this)) pair (article_id, other_id)
     where this <> that
     on conflict (article_id, other_id) do update set are_copies = excluded.are_copies`,
    [these, those, areCopies],
  );
}
