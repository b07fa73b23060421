import type { FastifyInstance } from 'fastify';
import { CodedError } from '../../errors.ts';
import { type ArticleId, parseArticleId } from '../../ids.ts';
import { auditCounts } from '../../views/audit.ts';
import { listRevocations } from '../../views/revocations.ts';
import { revokeViews, undoRevocation } from '../../views/revoke.ts';
import { problems } from '../schemas/problem.ts';
import {
  AuditRequest,
  AuditSchema,
  auditBody,
  RevocationParams,
  RevocationQuery,
  RevocationsPage,
  RevokeBody,
  RevokedSchema,
  revocationBody,
  revokedBody,
  UndoBody,
} from '../schemas/revocation.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import { parseTime } from '../time.ts';
import type { ApiTools } from '../tools.ts';

const tags = ['views'];
const security = [{ bearer: [] }];
const SOMEBODY = 'API';
const MAX_LISTED = 200;

/** What is done about reads that should not count. Register it behind requireAdmin. */
export function revocationRoutes({ sql, redis, clock, metrics, settings }: ApiTools) {
  return async (app: FastifyInstance): Promise<void> => {
    const routes = app.withTypeProvider<SchemaTypes>();
    routes.post(
      '/v1/views/revoke',
      {
        schema: {
          summary: 'Take reads of a class and a period out of counts and lists',
          ...{ tags, security, body: RevokeBody, response: { 200: RevokedSchema, ...problems } },
        },
      },
      async ({ body }) => {
        const { class: kind, article, by = SOMEBODY, reason = '', dryRun } = body;
        const rule = { class: kind, from: timeIn(body.from), to: timeIn(body.to), article: idIn(article) };
        const author = dryRun === true ? undefined : { by, reason };
        return revokedBody(await revokeViews(sql, rule, settings.SITE_TIME_ZONE, clock(), author));
      },
    );
    routes.post(
      '/v1/views/revocations/:id/undo',
      {
        schema: {
          summary: 'Count again what a revocation took out',
          ...{
            tags,
            security,
            params: RevocationParams,
            body: UndoBody,
            response: { 200: RevokedSchema, ...problems },
          },
        },
      },
      async ({ params, body }) => revokedBody(await undoRevocation(sql, params.id, body.by ?? SOMEBODY, clock())),
    );
    routes.get(
      '/v1/views/revocations',
      {
        schema: {
          summary: 'Who took which reads out, the last first',
          ...{ tags, security, querystring: RevocationQuery, response: { 200: RevocationsPage, ...problems } },
        },
      },
      async ({ query }) => {
        const { article, cursor } = query;
        const wish = { article: idIn(article), limit: MAX_LISTED, ...(cursor && { cursor }) };
        const { items, next } = await listRevocations(sql, wish);
        return { items: items.map(revocationBody), next };
      },
    );
    routes.post(
      '/v1/views/audit',
      {
        schema: {
          summary: 'Compare all counts with PostgreSQL; with "repair" put right what differs',
          ...{ tags, security, body: AuditRequest, response: { 200: AuditSchema, ...problems } },
        },
      },
      async ({ body }) => {
        const audit = await auditCounts(sql, redis, body.repair === true ? 'repair' : 'look', clock());
        metrics.auditDifferences.inc(audit.wrong.length + audit.wrongTotals);
        return auditBody(audit);
      },
    );
  };
}

function timeIn(text: string): Date {
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw new CodedError('request-invalid', '"from" and "to" must be times such as 2026-01-31T09:00:00Z.');
}

function idIn(text: string | undefined): ArticleId | undefined {
  return text === undefined ? undefined : parseArticleId(text);
}
