import { createHash } from 'node:crypto';
import type { Sql } from '../../../src/engines/sql.ts';
import { type ArticleId, type FeedId, newArticleId } from '../../../src/ids.ts';
import { NOW } from '../entries.ts';

let sequence = 0;

export interface Given {
  readonly title: string;
  readonly summary?: string;
  readonly feeds?: readonly { readonly id: FeedId }[];
  /** Minutes before NOW. */
  readonly age?: number;
}

/** An article as a poll leaves it, waiting to be matched. */
export async function store(sql: Sql, { title, summary = '', feeds = [], age = 60 }: Given): Promise<ArticleId> {
  const published = new Date(NOW.getTime() - age * 60_000);
  const id = newArticleId(published, ++sequence);
  await sql.query(
    `insert into articles (id, title, summary, published_at, published_from, first_seen_at, updated_at, content_hash)
     values ($1, $2, $3, $4, 'feed', $5, $4, $6)`,
    [id, title, summary, published, NOW, hash(title)],
  );
  for (const feed of feeds) {
    await sql.query(
      `insert into sources (feed_id, guid_hash, article_id, guid, first_seen_at, last_seen_at)
       values ($1, $2, $3, $4, $5, $5)`,
      [feed.id, hash(id), id, id, NOW],
    );
  }
  return id;
}

/** New words, as a poll writes them. */
export async function reword(sql: Sql, id: ArticleId, title: string): Promise<void> {
  await sql.query('update articles set title = $2, content_hash = $3, matched_at = null where id = $1', [
    ...[id, title],
    hash(title),
  ]);
}

const hash = (text: string) => createHash('sha256').update(text).digest();

/** The original of each, or null. */
export async function originals(sql: Sql, ids: readonly ArticleId[]): Promise<(ArticleId | null)[]> {
  const { rows } = await sql.query<{ id: ArticleId; original_id: ArticleId | null }>(
    'select id, original_id from articles',
  );
  const byId = new Map(rows.map((row) => [row.id, row.original_id]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** Takes the articles that are to be counted anew. */
export async function takeCountChanges(sql: Sql): Promise<ArticleId[]> {
  const { rows } = await sql.query<{ article_id: ArticleId }>('delete from count_changes returning article_id');
  return rows.map((row) => row.article_id).sort();
}
