import type { FastifyInstance, FastifyReply } from 'fastify';
import { CodedError } from '../../errors.ts';
import type { ArticleId, CategorySlug } from '../../ids.ts';
import { LIST_KINDS, type ListKey, type Snapshot } from '../../ranking/list.ts';
import { present } from '../../ranking/store.ts';
import { isUnchanged, sendUnchanged } from '../conditional.ts';
import type { Lists } from '../lists.ts';
import { problems } from '../schemas/problem.ts';
import { DEFAULT_ITEMS, DEFAULT_WINDOW, RankingParams, RankingQuery, RankingSchema } from '../schemas/ranking.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import { parseTime } from '../time.ts';

/** Lists move every few seconds; a cache may show the last one while it fetches the next. */
const CURRENT = 'public, max-age=2, stale-while-revalidate=30';
const PAST = 'public, max-age=60';

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
        const snapshot = await find(keyOf(request.params.kind, request.query), at);
        const etag = `W/"${snapshot.version}"`;
        reply.headers({ etag, 'cache-control': at === undefined ? CURRENT : PAST });
        if (isUnchanged(request, etag)) return sendUnchanged(reply);
        if (exclude !== undefined) return present(snapshot, { limit, exclude: exclude as ArticleId });
        return sendText(reply, textOf(reply, snapshot, limit));
      },
    );
  };

  async function find(key: ListKey, at: string | undefined): Promise<Snapshot> {
    const name = key.scope === 'site' ? undefined : await nameOf(key.scope);
    return at === undefined ? lists.current(key, name) : lists.at(key, name, timeOf(at));
  }

  async function nameOf(slug: CategorySlug): Promise<string> {
    const name = await lists.categoryName(slug);
    if (name === undefined) throw new CodedError('category-unknown', 'GET /v1/categories names them all.');
    return name;
  }

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

/** The list that a request names. Throws `list-unknown` or `category-unknown`. */
export function keyOf(
  kindText: string,
  { category, window = DEFAULT_WINDOW }: Pick<RankingQuery, 'category' | 'window'>,
): ListKey {
  const kind = LIST_KINDS.find((known) => known === kindText);
  if (kind === undefined) throw new CodedError('list-unknown', `Lists are ${LIST_KINDS.join(', ')}.`);
  // An empty form field means the whole site.
  const scope = category === undefined || category === '' ? 'site' : (category as CategorySlug);
  if (category === 'site') throw new CodedError('category-unknown', 'Leave category out for the whole site.');
  return { kind, scope, window: kind === 'access' ? window : null };
}

function timeOf(text: string): Date {
  const at = parseTime(text);
  if (at === undefined) throw new CodedError('request-invalid', '"at" must be a time such as 2026-01-31T09:00:00Z.');
  return at;
}
