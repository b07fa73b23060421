import type { Sql } from '../../engines/sql.ts';
import type { ArticleId } from '../../ids.ts';
import { holdArticles } from '../article-lock.ts';
import { decideOnStories } from '../stories/frequencies.ts';
import { type Comparable, comparable } from './comparable.ts';
import { jaccard } from './shingles.ts';
import { SUMMARY_READ, type Unmatched } from './unmatched.ts';

/** Much less than makes a copy: else an agency's updates would join and leave with each version. */
const STILL_ALIKE = { title: 0.15, summary: 0.3 };

/** A copy whose words are no longer its original's. */
export interface Released {
  readonly id: ArticleId;
  readonly was: ArticleId;
}

/**
 * Makes those copies originals again that were given quite other words since. Who was made a copy by a person stays one.
 */
export async function releaseEstranged(sql: Sql, articles: readonly Unmatched[]): Promise<Released[]> {
  const copies = articles.filter(({ original_id }) => original_id !== null);
  if (copies.length === 0) return [];
  const { rows } = await sql.query<{ id: ArticleId; original: ArticleId; title: string; summary: string }>(
    `select copy.id, original.id as original, coalesce(print.title, original.title) as title,
       left(original.summary, $2::int) as summary
     from articles copy
     join articles original on original.id = copy.original_id
     left join fingerprints print on print.article_id = original.id
     where copy.id = any ($1::text[]) and not exists (
       select 1 from copy_decisions decision
       where decision.article_id = copy.id and decision.other_id = original.id and decision.are_copies
     )`,
    [copies.map(({ id }) => id), SUMMARY_READ],
  );
  const texts = new Map(articles.map(({ id, text }) => [id, text]));
  const released = rows.flatMap(({ id, original, title, summary }) => {
    const text = texts.get(id);
    return text === undefined || areAlike(text, texts.get(original) ?? comparable(title, summary))
      ? []
      : [{ id, was: original }];
  });
  if (released.length > 0) {
    // Before that of articles, as by everybody who decides on stories.
    await decideOnStories(sql);
    await holdArticles(sql);
    await sql.query('update articles set original_id = null where id = any ($1::text[])', [
      released.map(({ id }) => id),
    ]);
  }
  return released;
}

function areAlike(a: Comparable, b: Comparable): boolean {
  return (
    jaccard(a.titleShingles, b.titleShingles) >= STILL_ALIKE.title ||
    jaccard(a.leadShingles, b.leadShingles) >= STILL_ALIKE.summary
  );
}
