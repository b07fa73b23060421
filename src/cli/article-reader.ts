import type { Settings } from '../../config/settings.ts';
import type { LocalAccess } from '../api/local-access.ts';
import {
  type ArticleDetailBody,
  articleBody,
  articleDetailBody,
  type ListedBody,
  MAX_PAGE,
} from '../api/schemas/article.ts';
import { type ArticleQuery, listArticles } from '../articles/list.ts';
import { findArticle, listCategories } from '../articles/store.ts';
import { findSuccessor } from '../articles/successors.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import { type ArticleId, feedId, parseArticleId } from '../ids.ts';
import { callApi } from './through-api.ts';
import { whereDataIs } from './where-data-is.ts';

/** What the article verbs ask for; a source by its id or URL. */
export type ArticleWish = Omit<ArticleQuery, 'source' | 'cursor' | 'limit'> & { readonly source?: string };

export interface ArticleReader {
  /** A page at a time: however many there are, few lie in memory together. */
  list(wish: ArticleWish, pageLength: number): AsyncIterable<readonly ListedBody[]>;
  /** The article, or the one that took its place when it was removed. Throws CodedError `article-unknown`. */
  find(id: string): Promise<ArticleDetailBody>;
}

/** Runs `work` on the articles of these settings, and closes what that took. */
export type WithArticles = <T>(settings: Settings, work: (reader: ArticleReader) => Promise<T>) => Promise<T>;

export const withArticles: WithArticles = (settings, work) =>
  whereDataIs(settings, {
    onDatabase: (sql) => work(articlesOnSql(sql, settings)),
    throughApi: (access) => work(articlesOnApi(access)),
  });

/** The articles of an open database. */
export function articlesOnSql(sql: Sql, settings: Settings): ArticleReader {
  return {
    async *list({ source, ...wish }, pageLength) {
      const { category } = wish;
      if (category !== undefined && !(await listCategories(sql)).some(({ slug }) => slug === category)) {
        throw new CodedError('category-unknown', `There is no category ${category}.`);
      }
      const query = { ...wish, ...(source !== undefined && { source: await findSource(source) }) };
      const limit = Math.min(pageLength, MAX_PAGE);
      let cursor: string | null | undefined;
      do {
        const page = await listArticles(sql, { ...query, limit, ...(cursor && { cursor }) });
        yield page.items.map(articleBody);
        cursor = page.next;
      } while (cursor !== null);
    },
    async find(text) {
      const id = parseArticleId(text);
      const article = id === undefined ? undefined : ((await findArticle(sql, id)) ?? (await findHeir(id)));
      if (article === undefined) throw new CodedError('article-unknown', `There is no article ${text}.`);
      return articleDetailBody(article);
    },
  };

  async function findHeir(id: ArticleId) {
    const successor = await findSuccessor(sql, id);
    return successor === undefined ? undefined : await findArticle(sql, successor);
  }

  async function findSource(idOrUrl: string) {
    const { feedAdminOnSql } = await import('./feed-admin-sql.ts');
    const admin = feedAdminOnSql({ sql, settings, pollHere: async () => undefined });
    return feedId((await admin.find(idOrUrl)).id);
  }
}

/** The articles behind the API of a newsrank that runs on this machine. */
export function articlesOnApi(access: LocalAccess): ArticleReader {
  return {
    async *list({ source, from, to, copies, content, ...wish }, pageLength) {
      const query = {
        ...wish,
        limit: String(Math.min(pageLength, MAX_PAGE)),
        ...(source !== undefined && { source: await findSource(source) }),
        ...(from !== undefined && { from: from.toISOString() }),
        ...(to !== undefined && { to: to.toISOString() }),
        ...(copies && { copies: 'true' }),
        ...(content && { content: 'true' }),
      };
      let cursor: string | null = null;
      do {
        const asked: string = `/v1/articles?${new URLSearchParams({ ...query, ...(cursor !== null && { cursor }) })}`;
        const page: { items: ListedBody[]; next: string | null } = JSON.parse(await callApi(access, asked));
        yield page.items;
        cursor = page.next;
      } while (cursor !== null);
    },
    find: async (id) => JSON.parse(await callApi(access, `/v1/articles/${encodeURIComponent(id)}`)),
  };

  async function findSource(idOrUrl: string): Promise<string> {
    const { feedAdminOnApi } = await import('./feed-admin-api.ts');
    return String((await feedAdminOnApi(access).find(idOrUrl)).id);
  }
}
