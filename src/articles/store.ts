import type { Sql } from '../engines/sql.ts';
import { type ArticleId, type CategorySlug, type FeedId, parseArticleId } from '../ids.ts';
import type { Article, ArticleDetail, Category } from './article.ts';
import { canonicalUrl } from './canonical-url.ts';
import { type Position, readCursor, writeCursor } from './cursor.ts';
import { urlKey } from './keys.ts';

/** Which articles to list: all conditions that are given must hold. */
export interface ArticleQuery {
  readonly category?: CategorySlug;
  /** Words, all of which must occur in title or summary, in any case. */
  readonly q?: string;
  readonly source?: FeedId;
  /** `next` of the page before. */
  readonly cursor?: string;
  readonly limit: number;
}

const MAX_WORDS = 16;

/**
 * The source is the feed that carried the article first; where that feed was removed and no other is left, the host of
 * its link. Each sub-select reads one index and runs for the rows of one page only.
 */
const COLUMNS = `
  article.id, article.title, article.url, article.summary, article.author, article.image, article.language,
  article.published_at, article.updated_at, article.revision,
  coalesce(
    (
      select coalesce(nullif(feed.title, ''), feed.host)
      from sources source join feeds feed on feed.id = source.feed_id
      where source.article_id = article.id
      order by source.first_seen_at, source.feed_id limit 1
    ),
    substring(article.url from '^https?://(?:www[.])?([^/:?#]+)'),
    ''
  ) as source,
  array(
    select filed.category
    from article_categories filed join categories category on category.slug = filed.category
    where filed.article_id = article.id
    order by category.position, category.slug
  ) as categories`;

interface Row {
  readonly id: ArticleId;
  readonly title: string;
  readonly url: string | null;
  readonly summary: string;
  readonly author: string | null;
  readonly image: string | null;
  readonly language: string | null;
  readonly published_at: Date;
  readonly updated_at: Date;
  readonly revision: number;
  readonly source: string;
  readonly categories: CategorySlug[];
}

function articleOf({ published_at, updated_at, ...rest }: Row): Article {
  return { ...rest, publishedAt: published_at, updatedAt: updated_at };
}

/** A page of articles, newest first, and the cursor of the next page; throws `cursor-invalid` for a cursor not of ours. */
export async function listArticles(sql: Sql, query: ArticleQuery): Promise<{ items: Article[]; next: string | null }> {
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const { where, parameters } = conditionsOf(query, after);
  const { rows } = await sql.query<Row>(
    `select ${COLUMNS} from articles article ${where}
     order by article.published_at desc, article.id desc
     limit ${Math.max(1, Math.trunc(query.limit)) + 1}`,
    parameters,
  );
  const items = rows.slice(0, Math.max(1, Math.trunc(query.limit))).map(articleOf);
  const last = items.at(-1);
  return { items, next: rows.length > items.length && last !== undefined ? writeCursor(last) : null };
}

function conditionsOf({ category, q, source }: ArticleQuery, after: Position | undefined) {
  const conditions: string[] = [];
  const parameters: unknown[] = [];
  const parameter = (value: unknown) => `$${parameters.push(value)}`;
  if (category !== undefined) {
    conditions.push(`exists (
      select 1 from article_categories filed where filed.article_id = article.id and filed.category = ${parameter(category)}
    )`);
  }
  if (source !== undefined) {
    conditions.push(`exists (
      select 1 from sources source where source.article_id = article.id and source.feed_id = ${parameter(source)}
    )`);
  }
  const patterns = likePatterns(q ?? '');
  if (patterns.length > 0) {
    // No word holds a space, so none matches across the seam.
    conditions.push(`article.title || ' ' || article.summary ilike all (${parameter(patterns)}::text[])`);
  }
  if (after !== undefined) {
    conditions.push(
      `(article.published_at, article.id) < (${parameter(after.publishedAt)}::timestamptz, ${parameter(after.id)})`,
    );
  }
  return { where: conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`, parameters };
}

function likePatterns(q: string): string[] {
  return q
    .replaceAll('\0', ' ')
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, MAX_WORDS)
    .map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
}

/** The article with its text, earlier words and sources; undefined where there is none of this id. */
export async function findArticle(sql: Sql, id: ArticleId): Promise<ArticleDetail | undefined> {
  const [articles, revisions, sources] = await Promise.all([
    sql.query<Row & { content: string }>(
      `select ${COLUMNS}, article.content from articles article where article.id = $1`,
      [id],
    ),
    sql.query<{ revision: number; title: string; replaced_at: Date }>(
      'select revision, title, replaced_at from article_revisions where article_id = $1 order by revision desc',
      [id],
    ),
    // A feed whose guids changed carried it more than once.
    sql.query<{ feed: string; url: string | null; first_seen_at: Date }>(
      `select coalesce(nullif(feed.title, ''), feed.host) as feed, source.url, source.first_seen_at
       from (
         select distinct on (feed_id) * from sources where article_id = $1 order by feed_id, first_seen_at
       ) source
       join feeds feed on feed.id = source.feed_id
       order by source.first_seen_at, source.feed_id`,
      [id],
    ),
  ]);
  const row = articles.rows[0];
  if (row === undefined) return undefined;
  const { content, ...rest } = row;
  return {
    ...articleOf(rest),
    content,
    revisions: revisions.rows.map(({ revision, title, replaced_at }) => ({ revision, title, replacedAt: replaced_at })),
    sources: sources.rows.map(({ feed, url, first_seen_at }) => ({ feed, url, firstSeenAt: first_seen_at })),
  };
}

/** The articles of these ids, by id; unknown ids are left out. */
export async function findArticles(sql: Sql, ids: readonly ArticleId[]): Promise<Map<ArticleId, Article>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql.query<Row>(`select ${COLUMNS} from articles article where article.id = any ($1::text[])`, [
    ids,
  ]);
  return new Map(rows.map((row) => [row.id, articleOf(row)]));
}

/** What counting views needs to know of articles, by id. What is no id, or of no article, is left out. */
export async function findCounted(
  sql: Sql,
  ids: readonly string[],
): Promise<Map<ArticleId, { readonly id: ArticleId; readonly categories: readonly CategorySlug[] }>> {
  const wanted = ids.map(parseArticleId).filter((id) => id !== undefined);
  if (wanted.length === 0) return new Map();
  const { rows } = await sql.query<{ id: ArticleId; categories: CategorySlug[] }>(
    `select
       article.id,
       array(select category from article_categories filed where filed.article_id = article.id) as categories
     from articles article where article.id = any ($1::text[])`,
    [wanted],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Which articles these URLs are of, by URL as given, in any form that leads to the same page. */
export async function findArticleIdsByUrl(sql: Sql, urls: readonly string[]): Promise<Map<string, ArticleId>> {
  const keys = new Map<string, string>();
  for (const url of urls) {
    const canonical = canonicalUrl(url);
    if (canonical !== null) keys.set(url, urlKey(canonical));
  }
  if (keys.size === 0) return new Map();
  const { rows } = await sql.query<{ key: string; article_id: ArticleId }>(
    `select encode(key, 'hex') as key, article_id from article_aliases
     where key in (select decode(wanted, 'hex') from unnest($1::text[]) wanted)`,
    [[...new Set(keys.values())]],
  );
  const byKey = new Map(rows.map(({ key, article_id }) => [key, article_id]));
  const found = new Map<string, ArticleId>();
  for (const [url, key] of keys) {
    const id = byKey.get(key);
    if (id !== undefined) found.set(url, id);
  }
  return found;
}

/** All categories in the order in which the site shows them, each with its number of articles. */
export async function listCategories(sql: Sql): Promise<(Category & { readonly articles: number })[]> {
  const { rows } = await sql.query<Category & { articles: number }>(
    `select category.slug, category.name, coalesce(filed.articles, 0) as articles
     from categories category
     left join (select category, count(*) as articles from article_categories group by category) filed
       on filed.category = category.slug
     order by category.position, category.slug`,
  );
  return rows;
}

export async function countArticles(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ articles: number }>('select count(*) as articles from articles');
  return rows[0]?.articles ?? 0;
}
