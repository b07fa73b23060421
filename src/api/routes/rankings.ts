import type { FastifyInstance, FastifyReply, preHandlerHookHandler } from 'fastify';
import type { ArticleId } from '../../ids.ts';
import type { Snapshot } from '../../ranking/list.ts';
import { present } from '../../ranking/store.ts';
import { isUnchanged, sendUnchanged } from '../conditional.ts';
import { findList } from '../find-list.ts';
import type { Lists } from '../lists.ts';
import { type Packed, packed } from '../packed.ts';
import { problems } from '../schemas/problem.ts';
import { DEFAULT_ITEMS, RankingParams, RankingQuery, RankingSchema } from '../schemas/ranking.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';

/** Lists move every few seconds; a cache may show the last one while it fetches the next. */
export const CURRENT = 'public, max-age=2, stale-while-revalidate=30';
export const PAST = 'public, max-age=60';

/** What plugins say of the other public reads (security.ts). */
const HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'ETag, Retry-After',
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
  vary: 'accept-encoding',
} as const;

/**
 * The lists. A ready snapshot is cut to what was asked; a caller that has it already costs one comparison. Register it in
 * a bare context: everything that is read most goes through here.
 */
export function rankingRoutes(lists: Lists, costLimit: preHandlerHookHandler) {
  /** Answers without an excluded article: a handful of limits a snapshot, so each is written and compressed once. */
  const written = new WeakMap<Snapshot, Map<number, Packed>>();

  return async (app: FastifyInstance): Promise<void> => {
    app.addHook('onRequest', (_request, reply, done) => {
      reply.headers(HEADERS);
      done();
    });
    app.addHook('preHandler', costLimit);
    app.withTypeProvider<SchemaTypes>().get(
      '/v1/rankings/:kind',
      {
        schema: {
          summary: 'A list',
          tags: ['rankings'],
          params: RankingParams,
          querystring: RankingQuery,
          response: { 200: RankingSchema, ...problems },
        },
      },
      async (request, reply) => {
        const { limit = DEFAULT_ITEMS, exclude, at } = request.query;
        const snapshot = await findList(lists, request.params.kind, request.query);
        const etag = `W/"${snapshot.version}"`;
        reply.headers({ etag, 'cache-control': at === undefined ? CURRENT : PAST });
        if (isUnchanged(request, etag)) return sendUnchanged(reply);
        const answer =
          exclude === undefined
            ? packedOf(reply, snapshot, limit)
            : packed(String(reply.serialize(present(snapshot, { limit, exclude: exclude as ArticleId }))));
        return sendPacked(reply, answer.for(request.headers['accept-encoding']));
      },
    );
  };

  function packedOf(reply: FastifyReply, snapshot: Snapshot, limit: number): Packed {
    const texts = written.get(snapshot) ?? new Map<number, Packed>();
    const text = texts.get(limit) ?? packed(String(reply.serialize(present(snapshot, { limit }))));
    written.set(snapshot, texts.set(limit, text));
    return text;
  }
}

function sendPacked(reply: FastifyReply, { encoding, body }: ReturnType<Packed['for']>): FastifyReply {
  if (encoding !== undefined) reply.header('content-encoding', encoding);
  return reply.type('application/json; charset=utf-8').send(body);
}
