import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ArticleId } from '../../ids.ts';
import type { Snapshot } from '../../ranking/list.ts';
import { present } from '../../ranking/store.ts';
import { isUnchanged, sendUnchanged } from '../conditional.ts';
import { findList } from '../find-list.ts';
import type { Lists } from '../lists.ts';
import { problems } from '../schemas/problem.ts';
import { DEFAULT_ITEMS, RankingParams, RankingQuery, RankingSchema } from '../schemas/ranking.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';

/** Lists move every few seconds; a cache may show the last one while it fetches the next. */
export const CURRENT = 'public, max-age=2, stale-while-revalidate=30';
export const PAST = 'public, max-age=60';

/** The lists. A ready snapshot is cut to what was asked; a caller that has it already costs one comparison. */
export function rankingRoutes(lists: Lists) {
  /** Answers without an excluded article, as text: a handful of limits a snapshot, so each is written once. */
  const written = new WeakMap<Snapshot, Map<number, string>>();

  return async (app: FastifyInstance): Promise<void> => {
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
        if (exclude !== undefined) return present(snapshot, { limit, exclude: exclude as ArticleId });
        return sendText(reply, textOf(reply, snapshot, limit));
      },
    );
  };

  function textOf(reply: FastifyReply, snapshot: Snapshot, limit: number): string {
    const texts = written.get(snapshot) ?? new Map<number, string>();
    const text = texts.get(limit) ?? String(reply.serialize(present(snapshot, { limit })));
    written.set(snapshot, texts.set(limit, text));
    return text;
  }
}

function sendText(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(text);
}
