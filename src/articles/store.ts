import type { Sql } from '../engines/sql.ts';
import { type ArticleId, type CategorySlug, parseArticleId } from '../ids.ts';
import type { Article, ArticleDetail, Category, Mention, Revision } from './article.ts';
import { canonicalUrl } from './canonical-url.ts';
import { urlKey } from './keys.ts';
import { type ArticleRow, articleOf, COLUMNS, SOURCE } from './rows.ts';

/** A story of an agency may be on a thousand sites. */
const MAX_MENTIONS = 100;

/** The article with its text, earlier words, sources and copies; undefined where there is none of this id. */
export async function findArticle(sql: Sql, id: ArticleId): Promise<ArticleDetail | undefined> {
  const [articles, revisions, sources, copies] = await Promise.all([
    sql.query<ArticleRow & { content: string; original_id: ArticleId | null }>(
      `select ${COLUMNS}, article.content, article.original_id from articles article where article.id = $1`,
      [id],
    ),
    sql.query<Revision>(
      `select revision, title, summary, url, image, changed, replaced_at as "replacedAt"
       from article_revisions where article_id = $1 order by replaced_at desc, revision desc`,
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
    readMentions(sql, 'article.original_id = $1', id),
  ]);
  const row = articles.rows[0];
  if (row === undefined) return undefined;
  const { content, original_id, ...rest } = row;
  const [original = null] = original_id === null ? [] : await readMentions(sql, 'article.id = $1', original_id);
  return {
    ...articleOf(rest),
    content,
    revisions: revisions.rows,
    sources: sources.rows.map(({ feed, url, first_seen_at }) => ({ feed, url, firstSeenAt: first_seen_at })),
    original,
    copies,
  };
}

/** Articles as others name them, the oldest first. */
async function readMentions(sql: Sql, condition: string, id: ArticleId): Promise<Mention[]> {
  const { rows } = await sql.query<Mention>(
    `select article.id, article.title, article.url, article.language, article.published_at as "publishedAt",
       ${SOURCE} as source
     from articles article where ${condition} order by article.id limit ${MAX_MENTIONS}`,
    [id],
  );
  return rows;
}

/** The articles of these ids, by id; unknown ids are left out. */
export async function findArticles(sql: Sql, ids: readonly ArticleId[]): Promise<Map<ArticleId, Article>> {
  return await readArticles(sql, 'article.id = any ($1::text[])', ids);
}

/** The articles of these ids that are nobody's copies, by id. */
export async function findOriginals(sql: Sql, ids: readonly ArticleId[]): Promise<Map<ArticleId, Article>> {
  return await readArticles(sql, 'article.id = any ($1::text[]) and article.original_id is null', ids);
}

async function readArticles(sql: Sql, condition: string, ids: readonly ArticleId[]): Promise<Map<ArticleId, Article>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql.query<ArticleRow>(`select ${COLUMNS} from articles article where ${condition}`, [ids]);
  return new Map(rows.map((row) => [row.id, articleOf(row)]));
}

/**
 * What counting views needs to know of articles, by the ids asked for: of a copy the original for which it counts, of a
 * removed article the one that took its place. What is no id, or of no article, is left out.
 */
export async function findCounted(
  sql: Sql,
  ids: readonly string[],
): Promise<Map<ArticleId, { readonly id: ArticleId; readonly categories: readonly CategorySlug[] }>> {
  const wanted = ids.map(parseArticleId).filter((id) => id !== undefined);
  if (wanted.length === 0) return new Map();
  const { rows } = await sql.query<{ asked: ArticleId; id: ArticleId; categories: CategorySlug[] }>(
    `select
       asked, counted.id,
       array(select category from article_categories filed where filed.article_id = counted.id) as categories
     from unnest($1::text[]) asked
     left join article_successors succeeded on succeeded.article_id = asked
     join articles article on article.id = coalesce(succeeded.successor_id, asked)
     join articles counted on counted.id = coalesce(article.original_id, article.id)`,
    [wanted],
  );
  return new Map(rows.map(({ asked, ...counted }) => [asked, counted]));
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

/** All categories in the order in which the site shows them. */
export async function listCategories(sql: Sql): Promise<(Category & { readonly isEmpty: boolean })[]> {
  const { rows } = await sql.query<Category & { isEmpty: boolean }>(
    `select slug, name, not exists (select from article_categories where category = slug) as "isEmpty"
     from categories order by position, slug`,
  );
  return rows;
}

/** How many articles each category lists, copies left out; empty ones are left out. Reads them all: not for each request. */
export async function countByCategory(sql: Sql): Promise<Map<CategorySlug, number>> {
  const { rows } = await sql.query<{ category: CategorySlug; articles: number }>(
    `select category, count(*) as articles
     from article_categories join articles on id = article_id and original_id is null
     group by category`,
  );
  return new Map(rows.map(({ category, articles }) => [category, articles]));
}
