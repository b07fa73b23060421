import type { FastifyInstance } from 'fastify';
import { CodedError } from '../../errors.ts';
import { PERIODS } from '../../ranking/periods.ts';
import { isUnchanged, sendUnchanged } from '../conditional.ts';
import { findClosed, LATEST } from '../find-closed.ts';
import { scopeOf } from '../find-list.ts';
import type { Lists } from '../lists.ts';
import { problems } from '../schemas/problem.ts';
import { ClosedListSchema, ClosedParams, ClosedQuery, DEFAULT_ITEMS } from '../schemas/ranking.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import type { ApiTools } from '../tools.ts';

/** A closed list does not change; a revision may take its place. The latest is another one soon. */
export const CLOSED = 'public, max-age=600';
const CURRENT = 'public, max-age=60';

/** The lists of finished hours, days, weeks and months. */
export function closedListRoutes({ sql, settings }: Pick<ApiTools, 'sql' | 'settings'>, lists: Lists) {
  const site = { siteName: settings.SITE_NAME, zone: settings.SITE_TIME_ZONE };

  return async (app: FastifyInstance): Promise<void> => {
    app.withTypeProvider<SchemaTypes>().get(
      '/v1/rankings/closed/:period/:start',
      {
        schema: {
          summary: 'The access list of a finished hour, day, week or month',
          tags: ['rankings'],
          params: ClosedParams,
          querystring: ClosedQuery,
          response: { 200: ClosedListSchema, ...problems },
        },
      },
      async (request, reply) => {
        const { limit = DEFAULT_ITEMS, category, revision } = request.query;
        const { start } = request.params;
        const period = PERIODS.find((known) => known === request.params.period);
        if (period === undefined) throw new CodedError('list-unknown', `Periods are ${PERIODS.join(', ')}.`);
        const scope = await scopeOf(lists, category);
        const list = await findClosed(sql, site, { period, start, scope, revision });
        const etag = `W/"${list.version}"`;
        reply.headers({ etag, 'cache-control': start === LATEST ? CURRENT : CLOSED });
        if (isUnchanged(request, etag)) return sendUnchanged(reply);
        return { ...list, items: list.items.slice(0, limit) };
      },
    );
  };
}
