import type { FastifyInstance } from 'fastify';
import { LRUCache } from 'lru-cache';
import { findArticle } from '../../articles/store.ts';
import { MINUTE } from '../../clock.ts';
import { CodedError, messageOf } from '../../errors.ts';
import { type ArticleId, parseArticleId } from '../../ids.ts';
import type { ViewReport } from '../../views/view.ts';
import { type Intake, reporterOf } from '../intake.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import { RedirectParams, RedirectQuery } from '../schemas/view.ts';
import type { ApiTools } from '../tools.ts';

const REMEMBERED = 20_000;

/**
 * Links of feeds that count: to the article's own URL, and nowhere else. The reader is sent on whether or not the read
 * could be counted; what was lost is in the metrics.
 */
export function redirectRoutes({ sql, log }: Pick<ApiTools, 'sql' | 'log'>, intake: Intake) {
  const targets = new LRUCache<ArticleId, string>({
    max: REMEMBERED,
    ttl: MINUTE,
    fetchMethod: async (id) => {
      const article = await findArticle(sql, id);
      return article === undefined ? undefined : (webUrl(article.url) ?? `/article/${id}`);
    },
  });

  return async (app: FastifyInstance): Promise<void> => {
    app.withTypeProvider<SchemaTypes>().get(
      '/r/:article',
      {
        schema: {
          summary: 'To the article, counting a read',
          tags: ['views'],
          params: RedirectParams,
          querystring: RedirectQuery,
          response: { 302: { type: 'null', description: 'To the article.' }, ...problems },
        },
      },
      async (request, reply) => {
        const id = parseArticleId(request.params.article);
        const target = id === undefined ? undefined : await targets.fetch(id);
        if (id === undefined || target === undefined) {
          throw new CodedError('article-unknown', 'The link is wrong, or the article is no longer kept.');
        }
        if (request.method === 'GET') {
          const isFromList = request.query.ref?.includes('box') === true;
          const report: ViewReport = { article: id, ...(isFromList && { ref: 'box' }) };
          await intake.take([report], reporterOf(request, 'redirect')).catch((error: unknown) => {
            log.debug({ error: messageOf(error) }, 'a read was not counted');
          });
        }
        return reply.header('cache-control', 'no-store').redirect(target, 302);
      },
    );
  };
}

function webUrl(text: string | null): string | undefined {
  return text !== null && /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text).href : undefined;
}
