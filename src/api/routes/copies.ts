import type { FastifyInstance } from 'fastify';
import { mergeArticle } from '../../articles/copies/merge.ts';
import { splitArticle } from '../../articles/copies/split.ts';
import { CodedError } from '../../errors.ts';
import { type ArticleId, parseArticleId } from '../../ids.ts';
import { ArticleParams } from '../schemas/article.ts';
import { MergeBody, MergeSchema, mergedBody, SplitSchema, splitBody } from '../schemas/copies.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import type { ApiTools } from '../tools.ts';

const tags = ['articles'];
const security = [{ bearer: [] }];

/** What a person does about a wrong judgement of which articles are copies. Register it behind requireAdmin. */
export function copyRoutes({ sql, clock }: Pick<ApiTools, 'sql' | 'clock'>) {
  return async (app: FastifyInstance): Promise<void> => {
    const routes = app.withTypeProvider<SchemaTypes>();
    routes.post(
      '/v1/articles/:id/split',
      {
        schema: {
          summary: 'Make a copy, or the original of copies, stand for itself, for ever',
          tags,
          security,
          params: ArticleParams,
          response: { 200: SplitSchema, ...problems },
        },
      },
      async (request) => splitBody(await splitArticle(sql, idIn(request.params.id), clock())),
    );
    routes.post(
      '/v1/articles/:id/merge',
      {
        schema: {
          summary: 'Make an article a copy of another, for ever; its own copies come with it',
          tags,
          security,
          params: ArticleParams,
          body: MergeBody,
          response: { 200: MergeSchema, ...problems },
        },
      },
      async (request) => mergedBody(await mergeArticle(sql, idIn(request.params.id), idIn(request.body.into), clock())),
    );
  };
}

function idIn(text: string): ArticleId {
  const id = parseArticleId(text);
  if (id === undefined) throw new CodedError('article-unknown', `There is no article ${text}.`);
  return id;
}
