import type { Sql } from '../../engines/sql.ts';
import { CodedError } from '../../errors.ts';
import type { ArticleId } from '../../ids.ts';
import { holdArticles } from '../article-lock.ts';
import { noteCountChanges } from '../count-changes.ts';
import { becomeDecider } from './decider.ts';
import { lockGroup, rememberDecision } from './read-group.ts';

export interface Split {
  readonly id: ArticleId;
  /** The articles it was joined with; they stay together. */
  readonly from: readonly ArticleId[];
}

/**
 * Makes an article stand for itself, with its own reads: a copy is one no longer; an original leaves its copies to the
 * oldest of them. Matching never joins it with any of them again. Throws CodedError `article-unknown` or `article-alone`.
 */
export async function splitArticle(sql: Sql, id: ArticleId, now: Date): Promise<Split> {
  return sql.transaction(async (within) => {
    await becomeDecider(within);
    await holdArticles(within);
    const { root, members } = await lockGroup(within, id);
    const from = members.filter((member) => member !== id);
    const [oldest] = from;
    if (oldest === undefined) throw new CodedError('article-alone', `Article ${id} is no copy, and has none.`);
    if (id === root) {
      await within.query('update articles set original_id = nullif($2, id) where id = any ($1::text[])', [
        from,
        oldest,
      ]);
    }
    // Its story may have been that of others, and it may be a copy of something else: both are looked for again.
    await within.query('update articles set original_id = null, story_id = null, matched_at = null where id = $1', [
      id,
    ]);
    await rememberDecision(within, [id], from, false);
    await noteCountChanges(within, members, now);
    return { id, from };
  });
}
