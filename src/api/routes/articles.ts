import type { FastifyInstance } from 'fastify';
import { findArticle } from '../../articles/store.ts';
import { findRelated } from '../../articles/stories/read.ts';
import { findSuccessor } from '../../articles/successors.ts';
import type { Sql } from '../../engines/sql.ts';
import { CodedError } from '../../errors.ts';
import { type ArticleId, parseArticleId } from '../../ids.ts';
import { findArticlePage } from '../find-articles.ts';
import type { Lists } from '../lists.ts';
import { ArticleParams, ArticlesQuery, articleBody, ListedSchema } from '../schemas/article.ts';
import { pageOf } from '../schemas/page.ts';
import { problems } from '../schemas/problem.ts';
import { ArticleAnswerSchema, articleAnswer } from '../schemas/story.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import type { ApiTools } from '../tools.ts';

/** Whoever wants all of them asks for the story. */
const MAX_RELATED = 10;
/** Its place was taken by a copy, or by its original: `location` says which. */
const Moved = { type: 'null', description: 'It was removed; the article at `location` took its place.' } as const;
/** For articles and their feeds. */
export const FRESH = 'public, max-age=5, stale-while-revalidate=30';

/** Articles, newest first, and one with all that we keep of it. */
export function articleRoutes({ sql }: Pick<ApiTools, 'sql'>, lists: Pick<Lists, 'categoryName'>) {
  return async (app: FastifyInstance): Promise<void> => {
    const routes = app.withTypeProvider<SchemaTypes>();
    const tags = ['articles'];

    routes.get(
      '/v1/articles',
      {
        schema: {
          summary: 'Articles, newest first, of a filter or a search',
          tags,
          querystring: ArticlesQuery,
          response: { 200: pageOf(ListedSchema), ...problems },
        },
      },
      async (request, reply) => {
        const page = await findArticlePage(sql, lists, request.query);
        reply.header('cache-control', FRESH);
        return { items: page.items.map(articleBody), next: page.next };
      },
    );

    routes.get(
      '/v1/articles/:id',
      {
        schema: {
          summary: 'An article with its text, revisions, sources, copies and related coverage',
          tags,
          params: ArticleParams,
          response: { 200: ArticleAnswerSchema, 308: Moved, ...problems },
        },
      },
      async (request, reply) => {
        const id = parseArticleId(request.params.id);
        const [article, story] =
          id === undefined ? [] : await Promise.all([findArticle(sql, id), findRelated(sql, id, MAX_RELATED)]);
        if (article === undefined) {
          const successor = await successorOf(sql, id, request.params.id);
          return reply.header('cache-control', FRESH).redirect(`/v1/articles/${successor}`, 308);
        }
        reply.header('cache-control', FRESH);
        return articleAnswer(article, story);
      },
    );
  };
}

async function successorOf(sql: Sql, id: ArticleId | undefined, asked: string): Promise<ArticleId> {
  const successor = id === undefined ? undefined : await findSuccessor(sql, id);
  if (successor === undefined) {
    const message = `There is no article ${asked.slice(0, 64)}: it never was here, or is no longer kept.`;
    throw new CodedError('article-unknown', message);
  }
  return successor;
}
