import { readFileSync } from 'node:fs';
import type { Sql } from '../../engines/sql.ts';
import { type ArticleId, type FeedId, newArticleId } from '../../ids.ts';
import { comparable } from './comparable.ts';
import { becomeDeciderForLong } from './decider.ts';
import { fingerprintOf } from './fingerprint.ts';
import { readSuffixes } from './suffixes.ts';
import { SUMMARY_READ } from './unmatched.ts';

const READ_FORGOTTEN = readFileSync(new URL('./read-forgotten.sql', import.meta.url), 'utf8');
const BATCH = 500;

interface Row {
  readonly id: ArticleId;
  readonly title: string;
  readonly summary: string;
  readonly published_at: Date;
  readonly matched_at: Date;
  readonly feeds: readonly FeedId[];
}

/**
 * Makes the fingerprints of the articles published since `oldest` anew where all are lost: a server that crashed comes
 * back without, and so does a standby that takes over. All in one transaction, so that it is never taken for done half-way.
 */
export async function restoreFingerprints(sql: Sql, oldest: Date): Promise<number> {
  return sql.transaction(async (within) => {
    await becomeDeciderForLong(within);
    const { rows: left } = await within.query('select from fingerprints limit 1');
    if (left.length > 0) return 0;
    let restored = 0;
    // Ids sort by publication.
    let last = newArticleId(oldest, 0);
    for (let size = BATCH; size === BATCH; restored += size) {
      const { rows } = await within.query<Row>(READ_FORGOTTEN, [oldest, last, BATCH, SUMMARY_READ]);
      size = rows.length;
      last = rows.at(-1)?.id ?? last;
      await restore(within, rows);
    }
    return restored;
  });
}

async function restore(sql: Sql, rows: readonly Row[]): Promise<void> {
  const suffixes = await readSuffixes(
    sql,
    rows.flatMap(({ feeds }) => feeds),
  );
  const prints = rows.map(({ id, title, summary, published_at, matched_at, feeds }) => {
    const learnt = feeds.flatMap((feed) => suffixes.get(feed) ?? []);
    const text = comparable(title, summary, learnt);
    return { id, published_at, matched_at, title: text.bare, keys: fingerprintOf(text) };
  });
  await sql.query(
    `insert into fingerprints (article_id, published_at, matched_at, title, keys)
     select id, given.published_at, given.matched_at, given.title, keys
     from json_to_recordset($1::json) as given (
       id text, published_at timestamptz, matched_at timestamptz, title text, keys integer[]
     )
     join articles using (id)
     for key share of articles`,
    [JSON.stringify(prints)],
  );
}
