import type { FastifyInstance, preHandlerHookHandler } from 'fastify';
import type { ArticleId } from '../../ids.ts';
import { listRedisKey } from '../../ranking/list.ts';
import { present } from '../../ranking/store.ts';
import { findList, keyOf } from '../find-list.ts';
import { type ListDesk, RANKINGS_ROUTE } from '../list-desk.ts';
import type { Lists } from '../lists.ts';
import { READY_HEADERS, readyAnswer, sendReady } from '../ready-answer.ts';
import { problems } from '../schemas/problem.ts';
import { DEFAULT_ITEMS, RankingParams, RankingQuery, RankingSchema } from '../schemas/ranking.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';

/** Lists move every few seconds; a cache may show the last one while it fetches the next. */
export const CURRENT = 'public, max-age=2, stale-while-revalidate=30';
export const PAST = 'public, max-age=60';

/** The lists: a ready snapshot, cut to what was asked, for the desk to keep. Register it in a bare context. */
export function rankingRoutes(lists: Lists, desk: ListDesk, costLimit: preHandlerHookHandler) {
  return async (app: FastifyInstance): Promise<void> => {
    // Of what goes wrong, which others answer.
    app.addHook('onRequest', (_request, reply, done) => {
      reply.headers(READY_HEADERS);
      done();
    });
    app.addHook('preHandler', costLimit);
    app.withTypeProvider<SchemaTypes>().get(
      RANKINGS_ROUTE,
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
        const { kind } = request.params;
        const snapshot = await findList(lists, kind, request.query);
        const without = exclude === undefined ? {} : { exclude: exclude as ArticleId };
        // The answer may outlive this reply, so it must not be written with it.
        const serialize = reply.getSerializationFunction('200') ?? JSON.stringify;
        const write = () => serialize({ ...present(snapshot, { limit, ...without }) });
        const make = () => readyAnswer(`W/"${snapshot.version}"`, at === undefined ? CURRENT : PAST, write);
        const asked = {
          address: request.raw.url ?? '',
          name: listRedisKey(keyOf(kind, request.query)),
          snapshot,
          limit,
        };
        const answer = at === undefined && exclude === undefined ? desk.keep(asked, make) : make();
        reply.hijack();
        sendReady(request, reply.raw, answer);
        return reply;
      },
    );
  };
}
