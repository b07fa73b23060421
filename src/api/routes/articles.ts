import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { findArticle, listArticles } from '../../articles/store.ts';
import { CodedError } from '../../errors.ts';
import { type CategorySlug, parseArticleId } from '../../ids.ts';
import type { Lists } from '../lists.ts';
import {
  ArticleDetailSchema,
  ArticleParams,
  ArticleSchema,
  ArticlesQuery,
  articleBody,
  articleDetailBody,
  DEFAULT_PAGE,
} from '../schemas/article.ts';
import { pageOf, problems } from '../schemas/common.ts';
import type { ApiTools } from '../tools.ts';

const FRESH = 'public, max-age=5, stale-while-revalidate=30';

/** Articles, newest first, and one with all that we keep of it. */
export function articleRoutes({ sql }: Pick<ApiTools, 'sql'>, lists: Pick<Lists, 'categoryName'>) {
  return async (app: FastifyInstance): Promise<void> => {
    const tags = ['articles'];

    app.get<{ Querystring: ArticlesQuery }>(
      '/v1/articles',
      {
        schema: {
          summary: 'Articles, newest first',
          tags,
          querystring: ArticlesQuery,
          response: { 200: pageOf(ArticleSchema), ...problems },
        },
      },
      async (request, reply) => {
        const { category, q, cursor, limit = DEFAULT_PAGE } = request.query;
        if (category && (await lists.categoryName(category)) === undefined) {
          throw new CodedError('category-unknown', 'GET /v1/categories names them all.');
        }
        // An empty field of a form asks for nothing in particular.
        const page = await listArticles(sql, {
          limit,
          ...(category && { category: category as CategorySlug }),
          ...(q?.trim() && { q: q.trim() }),
          ...(cursor && { cursor }),
        });
        reply.header('cache-control', FRESH);
        return { items: page.items.map(articleBody), next: page.next };
      },
    );

    app.get<{ Params: Static<typeof ArticleParams> }>(
      '/v1/articles/:id',
      {
        schema: {
          summary: 'An article with its text, revisions and sources',
          tags,
          params: ArticleParams,
          response: { 200: ArticleDetailSchema, ...problems },
        },
      },
      async (request, reply) => {
        const id = parseArticleId(request.params.id);
        const article = id === undefined ? undefined : await findArticle(sql, id);
        if (article === undefined) throw new CodedError('article-unknown', 'It never was here, or is no longer kept.');
        reply.header('cache-control', FRESH);
        return articleDetailBody(article);
      },
    );
  };
}
