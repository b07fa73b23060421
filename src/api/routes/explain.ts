import type { FastifyInstance } from 'fastify';
import { SECOND } from '../../clock.ts';
import { CodedError } from '../../errors.ts';
import { type ArticleId, parseArticleId } from '../../ids.ts';
import { type Explanation, explainPlace } from '../../ranking/explain.ts';
import { type ListKey, listRedisKey } from '../../ranking/list.ts';
import { keyOf, nameOfCategory } from '../find-list.ts';
import { openKept } from '../kept.ts';
import type { Lists } from '../lists.ts';
import { ExplainParams, ExplainQuery, ExplanationSchema, explanationBody } from '../schemas/explanation.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import type { ApiTools } from '../tools.ts';

/** It takes a dozen looks at both engines, and anybody may ask. */
const FRESH_MS = 2 * SECOND;
const MAX_KEPT = 1000;
const CURRENT = 'public, max-age=2';

/** Why an article stands where it stands in a list. */
export function explainRoutes({ sql, redis, clock }: Pick<ApiTools, 'sql' | 'redis' | 'clock'>, lists: Lists) {
  const explain = openKept<Explanation, { readonly key: ListKey; readonly id: ArticleId }>(
    FRESH_MS,
    MAX_KEPT,
    ({ key, id }) => explainPlace(sql, redis, key, id, clock()),
  );

  return async (app: FastifyInstance): Promise<void> => {
    app.withTypeProvider<SchemaTypes>().get(
      '/v1/rankings/:kind/explain/:article',
      {
        schema: {
          summary: 'Why an article stands where it stands in a list, and what it would need to be one place higher',
          tags: ['rankings'],
          params: ExplainParams,
          querystring: ExplainQuery,
          response: { 200: ExplanationSchema, ...problems },
        },
      },
      async (request, reply) => {
        const { kind, article } = request.params;
        const key = keyOf(kind, request.query);
        if (key.scope !== 'site') await nameOfCategory(lists, key.scope);
        const id = parseArticleId(article);
        if (id === undefined) throw new CodedError('article-unknown', `There is no article ${article}.`);
        reply.header('cache-control', CURRENT);
        return explanationBody(await explain(`${listRedisKey(key)} ${id}`, { key, id }));
      },
    );
  };
}
