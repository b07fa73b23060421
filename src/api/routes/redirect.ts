import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { findArticles } from '../../articles/store.ts';
import { findSuccessor } from '../../articles/successors.ts';
import { MINUTE } from '../../clock.ts';
import type { Sql } from '../../engines/sql.ts';
import { CodedError, messageOf } from '../../errors.ts';
import { type ArticleId, parseArticleId } from '../../ids.ts';
import type { ViewReport } from '../../views/view.ts';
import { type Intake, reporterOf } from '../intake.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import { RedirectParams, RedirectQuery } from '../schemas/view.ts';
import type { ApiTools } from '../tools.ts';
import { wantsPage } from '../wants-page.ts';

const REMEMBERED = 20_000;

/**
 * Links of feeds that count: to the article's own URL, and nowhere else. The reader is sent on whether or not the read
 * could be counted; what was lost is in the metrics.
 */
export function redirectRoutes({ sql, log }: Pick<ApiTools, 'sql' | 'log'>, intake: Intake) {
  const targets = new LRUCache<ArticleId, string>({
    max: REMEMBERED,
    ttl: MINUTE,
    fetchMethod: (id) => findTarget(sql, id),
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
        const target = id && (await targets.fetch(id));
        if (id === undefined || target === undefined) return sendLost(request, reply, request.params.article);
        if (request.method === 'GET') await count(request, id, request.query.ref);
        return send(reply, target);
      },
    );
  };

  async function count(request: FastifyRequest, article: ArticleId, ref: readonly string[] = []): Promise<void> {
    const report: ViewReport = { article, ...(ref.includes('box') && { ref: 'box' }) };
    await intake.take([report], reporterOf(request, 'redirect')).catch((error: unknown) => {
      log.debug({ error: messageOf(error) }, 'a read was not counted');
    });
  }
}

/** A reader who followed an old link gets the page that says so. */
function sendLost(request: FastifyRequest, reply: FastifyReply, article: string): FastifyReply {
  if (wantsPage(request)) return send(reply, `/article/${encodeURIComponent(article)}`);
  throw new CodedError('article-unknown', 'The link is wrong, or the article is no longer kept.');
}

const send = (reply: FastifyReply, target: string) => reply.header('cache-control', 'no-store').redirect(target, 302);

/** Where an article's link leads: to its own URL, or to its page here; of a removed one, to that which took its place. */
async function findTarget(sql: Sql, id: ArticleId): Promise<string | undefined> {
  const article = (await findArticles(sql, [id])).get(id);
  if (article !== undefined) return webUrl(article.url) ?? `/article/${id}`;
  const successor = await findSuccessor(sql, id);
  return successor === undefined ? undefined : findTarget(sql, successor);
}

function webUrl(text: string | null): string | undefined {
  return text !== null && /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text).href : undefined;
}
