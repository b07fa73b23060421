import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { findArticles } from '../../articles/store.ts';
import { findSuccessors } from '../../articles/successors.ts';
import { MINUTE, SECOND } from '../../clock.ts';
import type { Sql } from '../../engines/sql.ts';
import { CodedError, messageOf } from '../../errors.ts';
import { type ArticleId, parseArticleId } from '../../ids.ts';
import { openLookup } from '../../views/lookup.ts';
import type { ViewReport } from '../../views/view.ts';
import { type Intake, reporterOf } from '../intake.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import { RedirectParams, RedirectQuery } from '../schemas/view.ts';
import type { ApiTools } from '../tools.ts';
import { wantsPage } from '../wants-page.ts';

/** A link that was followed before leads on while the database is away, and nobody waits long for one that was not. */
const LIMITS = { maxEntries: 20_000, hitMs: MINUTE, missMs: SECOND, restMs: 5 * SECOND, loadMs: 2 * SECOND };

interface Target {
  readonly url: string;
}

/**
 * Links of feeds that count: to the article's own URL, and nowhere else. The reader is sent on whether or not the read
 * could be counted; what was lost is in the metrics.
 */
export function redirectRoutes({ sql, log, clock }: Pick<ApiTools, 'sql' | 'log' | 'clock'>, intake: Intake) {
  const targets = openLookup<ArticleId, Target>((ids) => findTargets(sql, ids), clock, LIMITS);

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
        const target = id && (await targets.get([id])).get(id);
        if (id === undefined || target === undefined) return sendLost(request, reply, request.params.article);
        if (request.method === 'GET') await count(request, id, request.query.ref);
        return send(reply, target.url);
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

/** Where the links of articles lead: to their own URLs, or their pages here; of a removed one, to that which took its place. */
async function findTargets(sql: Sql, ids: readonly ArticleId[]): Promise<ReadonlyMap<ArticleId, Target>> {
  const targets = new Map<ArticleId, Target>();
  for (const [id, { url }] of await findArticles(sql, ids)) targets.set(id, { url: webUrl(url) ?? `/article/${id}` });
  const gone = ids.filter((id) => !targets.has(id));
  const successors = gone.length === 0 ? new Map<ArticleId, ArticleId>() : await findSuccessors(sql, gone);
  if (successors.size === 0) return targets;
  const theirs = await findTargets(sql, [...successors.values()]);
  for (const [id, successor] of successors) {
    const target = theirs.get(successor);
    if (target !== undefined) targets.set(id, target);
  }
  return targets;
}

function webUrl(text: string | null): string | undefined {
  return text !== null && /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text).href : undefined;
}
