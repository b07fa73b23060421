import type { Sql } from '../../engines/sql.ts';
import { CodedError } from '../../errors.ts';
import type { ArticleId } from '../../ids.ts';
import { holdArticles } from '../article-lock.ts';
import { noteCountChanges } from '../count-changes.ts';
import { becomeDecider } from './decider.ts';
import { lockGroup, rememberDecision } from './read-group.ts';

export interface Merge {
  readonly original: ArticleId;
  /** Those that are its copies now and were not before. */
  readonly copies: readonly ArticleId[];
}

/**
 * Makes an article a copy of another, or of that one's original; its own copies come with it. Matching leaves it there.
 * Running it again changes nothing. Throws CodedError `article-unknown`, or `usage-invalid` for an article into itself.
 */
export async function mergeArticle(sql: Sql, id: ArticleId, into: ArticleId, now: Date): Promise<Merge> {
  if (id === into) throw new CodedError('usage-invalid', 'An article cannot be a copy of itself.');
  return sql.transaction(async (within) => {
    await becomeDecider(within);
    await holdArticles(within);
    const [own, other] = [await lockGroup(within, id), await lockGroup(within, into)];
    const isThere = own.root === other.root;
    const copies = isThere ? [] : own.root === id ? own.members : [id];
    await rememberDecision(within, isThere ? [id] : copies, other.members, true);
    if (copies.length === 0) return { original: other.root, copies };
    await within.query(
      `update articles copy set original_id = original.id, story_id = original.story_id
       from articles original where original.id = $2 and copy.id = any ($1::text[])`,
      [copies, other.root],
    );
    await noteCountChanges(within, [...copies, own.root, other.root], now);
    return { original: other.root, copies };
  });
}
