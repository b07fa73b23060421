import type { CarryingFeed } from '../../src/articles/draft.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import { feedId } from '../../src/ids.ts';

export const NOW = new Date('2024-11-26T12:48:00Z');
export const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);

export function entryOf(given: Partial<Entry> = {}): Entry {
  return {
    guid: null,
    url: null,
    title: '',
    summary: '',
    content: '',
    author: null,
    keywords: [],
    image: null,
    enclosures: [],
    publishedAt: null,
    updatedAt: null,
    language: null,
    ...given,
  };
}

/** A feed with its categories, stored. */
export async function addFeed(sql: Sql, url: string, categories: readonly string[] = []): Promise<CarryingFeed> {
  for (const category of categories) {
    await sql.query('insert into categories (slug, name) values ($1, $1) on conflict do nothing', [category]);
  }
  const host = new URL(url).hostname.split('.').slice(-2).join('.');
  const { rows } = await sql.query<{ id: number }>(
    'insert into feeds (url, host, title) values ($1, $2, $3) returning id',
    [url, host, `Title of ${url}`],
  );
  await sql.query('insert into feed_categories (feed_id, category) select $1, unnest($2::text[])', [
    rows[0]?.id,
    categories,
  ]);
  return { id: feedId(rows[0]?.id ?? 0), host };
}

export async function forgetArticles(sql: Sql): Promise<void> {
  // Truncating writes new files for each table, which costs the embedded engine ten times as much.
  await sql.script(
    'delete from articles; delete from removed_keys; delete from count_changes; delete from feeds; delete from categories;',
  );
}

const TABLES = [
  'articles',
  'article_aliases',
  'article_categories',
  'article_revisions',
  'sources',
  'shared_keys',
  'removed_keys',
  'count_changes',
];

/** Every stored row with its place on disk: equal before and after where nothing was written, not even with equal values. */
export async function rowsOnDisk(sql: Sql): Promise<unknown> {
  const tables = await Promise.all(
    TABLES.map((table) => sql.query(`select ctid::text, xmin::text, t::text as row from ${table} t order by ctid`)),
  );
  return tables.map(({ rows }) => rows);
}

export async function countOf(sql: Sql, table: string): Promise<number> {
  const { rows } = await sql.query<{ n: number }>(`select count(*) as n from ${table}`);
  return rows[0]?.n ?? 0;
}
