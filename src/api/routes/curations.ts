import type { FastifyInstance } from 'fastify';
import { CodedError } from '../../errors.ts';
import { addCuration, endCuration, listCurations, type NewCuration } from '../../ranking/curation-store.ts';
import type { Scope } from '../../ranking/list.ts';
import {
  CurationBody,
  CurationParams,
  CurationQuery,
  type CurationRequest,
  CurationSchema,
  CurationsPage,
  curationBody,
  EndCurationBody,
} from '../schemas/curation.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import { parseTime } from '../time.ts';
import type { ApiTools } from '../tools.ts';

const tags = ['rankings'];
const security = [{ bearer: [] }];
const SOMEBODY = 'API';
const MAX_LISTED = 500;

/** What editors decide about lists. Register it behind requireAdmin. */
export function curationRoutes({ sql, clock }: Pick<ApiTools, 'sql' | 'clock'>) {
  return async (app: FastifyInstance): Promise<void> => {
    const routes = app.withTypeProvider<SchemaTypes>();
    routes.get(
      '/v1/curations',
      {
        schema: {
          summary: 'What editors pinned and left out, the last first',
          ...{ tags, security, querystring: CurationQuery, response: { 200: CurationsPage, ...problems } },
        },
      },
      async ({ query }) => {
        const { all = false, cursor } = query;
        const { items, next } = await listCurations(
          sql,
          { all, limit: MAX_LISTED, ...(cursor && { cursor }) },
          clock(),
        );
        return { items: items.map(curationBody), next };
      },
    );
    routes.post(
      '/v1/curations',
      {
        schema: {
          summary: 'Pin an article in lists, or leave something out of them',
          ...{ tags, security, body: CurationBody, response: { 201: CurationSchema, ...problems } },
        },
      },
      async ({ body }, reply) => {
        const made = curationBody(await addCuration(sql, curationIn(body), clock()));
        return reply.code(201).header('location', `/v1/curations/${made.id}`).send(made);
      },
    );
    routes.post(
      '/v1/curations/:id/end',
      {
        schema: {
          summary: 'End a decision before it expires',
          ...{
            tags,
            security,
            params: CurationParams,
            body: EndCurationBody,
            response: { 200: CurationSchema, ...problems },
          },
        },
      },
      async ({ params, body }) => curationBody(await endCuration(sql, params.id, body.by ?? SOMEBODY, clock())),
    );
  };
}

function curationIn(body: CurationRequest): NewCuration {
  const { action, target, value, list, scope, place, by = SOMEBODY, reason = '' } = body;
  return {
    ...{ action, target, value, by, reason },
    kind: list ?? null,
    scope: (scope as Scope | undefined) ?? null,
    place: place ?? (action === 'pin' ? 1 : null),
    expiresAt: body.expires === undefined ? null : timeIn(body.expires),
  };
}

function timeIn(text: string): Date {
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw new CodedError('request-invalid', '"expires" must be a time such as 2026-01-31T09:00:00Z.');
}
