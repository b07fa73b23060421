import type { FastifyInstance } from 'fastify';
import { CodedError } from '../../errors.ts';
import type { CategorySlug } from '../../ids.ts';
import { type ClosedSnapshot, readClosed } from '../../ranking/closed.ts';
import type { Scope } from '../../ranking/list.ts';
import { PERIODS, type Period, periodAt, startOfNamed } from '../../ranking/periods.ts';
import { isUnchanged, sendUnchanged } from '../conditional.ts';
import type { Lists } from '../lists.ts';
import { problems } from '../schemas/problem.ts';
import { ClosedListSchema, ClosedParams, ClosedQuery, DEFAULT_ITEMS } from '../schemas/ranking.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import { parseTime } from '../time.ts';
import type { ApiTools } from '../tools.ts';

/** A closed list does not change. */
const CLOSED = 'public, max-age=3600';

/** The lists of finished hours, days, weeks and months. */
export function closedListRoutes({ sql, settings }: Pick<ApiTools, 'sql' | 'settings'>, lists: Lists) {
  const { SITE_NAME: siteName, SITE_TIME_ZONE: zone } = settings;

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
        const { limit = DEFAULT_ITEMS, category } = request.query;
        const list = await find(request.params.period, request.params.start, await scopeOf(category));
        const etag = `W/"${list.version}"`;
        reply.headers({ etag, 'cache-control': CLOSED });
        if (isUnchanged(request, etag)) return sendUnchanged(reply);
        return { ...list, items: list.items.slice(0, limit) };
      },
    );
  };

  async function find(periodText: string, startText: string, scope: Scope): Promise<ClosedSnapshot> {
    const period = PERIODS.find((known) => known === periodText);
    if (period === undefined) throw new CodedError('list-unknown', `Periods are ${PERIODS.join(', ')}.`);
    const list = await readClosed(sql, period, await startOf(period, startText), scope, siteName);
    if (list !== undefined) return list;
    throw new CodedError('list-unknown', `That ${period} has not been closed yet, or nothing was counted then.`);
  }

  async function scopeOf(category: string | undefined): Promise<Scope> {
    // An empty form field means the whole site.
    if (category === undefined || category === '') return 'site';
    if ((await lists.categoryName(category)) !== undefined) return category as CategorySlug;
    throw new CodedError('category-unknown', 'GET /v1/categories names them all.');
  }

  /** By the name that it has on the site's clocks, or by any instant in it. */
  async function startOf(period: Period, text: string): Promise<Date> {
    const at = parseTime(text);
    if (at !== undefined) return (await periodAt(sql, period, zone, at)).start;
    const start = await startOfNamed(sql, period, zone, text);
    if (start !== undefined) return start;
    throw new CodedError(
      'request-invalid',
      'A period is named like 2026-11-23T05, 2026-11-23, 2026-W48 or 2026-11, or by an RFC 3339 time in it.',
    );
  }
}
