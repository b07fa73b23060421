import type { FastifyInstance, FastifyRequest, preHandlerHookHandler } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { ArticleId } from '../../ids.ts';
import { listRedisKey, type Snapshot } from '../../ranking/list.ts';
import { present } from '../../ranking/store.ts';
import { findList, keyOf } from '../find-list.ts';
import type { Lists } from '../lists.ts';
import { PUBLIC_HEADERS, type ReadyAnswer, readyAnswer, sendReady } from '../ready-answer.ts';
import { problems } from '../schemas/problem.ts';
import { DEFAULT_ITEMS, RankingParams, RankingQuery, RankingSchema } from '../schemas/ranking.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';

/** Lists move every few seconds; a cache may show the last one while it fetches the next. */
export const CURRENT = 'public, max-age=2, stale-while-revalidate=30';
export const PAST = 'public, max-age=60';

/** Addresses whose answers are kept: of lists, and of a snapshot of one, as far as they are of a decent length. */
const MAX_ADDRESSES = 5000;
const MAX_ADDRESSES_OF_ONE = 100;
const MAX_LENGTH = 256;

/** The answers of a snapshot without an excluded article: one for each limit, by all addresses that asked for it. */
interface Answers {
  readonly byLimit: Map<number, ReadyAnswer>;
  readonly byAddress: Map<string, ReadyAnswer>;
}

/**
 * The lists. A ready snapshot is cut to what was asked, and written and compressed once. What is read most is asked for in
 * the same words all the time: such a request gets its answer by its address alone, before Fastify looks into it. Register
 * it in a bare context: everything that is read most goes through here.
 */
export function rankingRoutes(lists: Lists, costLimit: preHandlerHookHandler) {
  const answers = new WeakMap<Snapshot, Answers>();
  /** Names of lists, by path and query as they were written. */
  const names = new LRUCache<string, string>({ max: MAX_ADDRESSES });

  function readyFor({ method, raw: { url = '' } }: FastifyRequest): ReadyAnswer | undefined {
    const name = method === 'GET' ? names.get(url) : undefined;
    const snapshot = name === undefined ? undefined : lists.fresh(name);
    return snapshot && answers.get(snapshot)?.byAddress.get(url);
  }

  /** The answer for the limit, from now on for this address as well. */
  function keptAnswer(
    { raw: { url = '' } }: FastifyRequest,
    name: string,
    snapshot: Snapshot,
    limit: number,
    make: () => ReadyAnswer,
  ): ReadyAnswer {
    const { byLimit, byAddress } = answers.get(snapshot) ?? { byLimit: new Map(), byAddress: new Map() };
    answers.set(snapshot, { byLimit, byAddress });
    const answer = byLimit.get(limit) ?? make();
    byLimit.set(limit, answer);
    if (url.length <= MAX_LENGTH && byAddress.size < MAX_ADDRESSES_OF_ONE) {
      names.set(url, name);
      byAddress.set(url, answer);
    }
    return answer;
  }

  return async (app: FastifyInstance): Promise<void> => {
    app.addHook('onRequest', (request, reply, done) => {
      const answer = readyFor(request);
      if (answer !== undefined) {
        sendReady(request, reply, answer);
        return;
      }
      // Of what goes wrong, which others answer.
      reply.headers(PUBLIC_HEADERS);
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
        const { kind } = request.params;
        const snapshot = await findList(lists, kind, request.query);
        const without = exclude === undefined ? {} : { exclude: exclude as ArticleId };
        // The answer may outlive this reply, so it must not be written with it.
        const serialize = reply.getSerializationFunction('200') ?? JSON.stringify;
        const write = () => serialize({ ...present(snapshot, { limit, ...without }) });
        const make = () => readyAnswer(`W/"${snapshot.version}"`, at === undefined ? CURRENT : PAST, write);
        const isKept = at === undefined && exclude === undefined;
        const name = listRedisKey(keyOf(kind, request.query));
        return sendReady(request, reply, isKept ? keptAnswer(request, name, snapshot, limit, make) : make());
      },
    );
  };
}
