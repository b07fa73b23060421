import type { FastifyInstance } from 'fastify';
import { findArticleIdsByUrl, findCounted } from '../../articles/store.ts';
import type { ImportBatch } from '../../views/import/ledger.ts';
import { ledgerOnSql } from '../../views/import/store.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import {
  IMPORT_BODY_LIMIT,
  ImportBeginBody,
  ImportCommitBody,
  ImportCommitSchema,
  ImportFindBody,
  ImportFindSchema,
  KnownImportsSchema,
} from '../schemas/view-import.ts';
import type { ApiTools } from '../tools.ts';

const tags = ['views'];
const security = [{ bearer: [] }];

/**
 * The steps of `newsrank views import` where it cannot open the database itself. It reads and judges the lines, which
 * takes all of a processor for minutes, and sends what is to be counted. Register it behind requireAdmin.
 */
export function viewImportRoutes({ sql, clock }: Pick<ApiTools, 'sql' | 'clock'>) {
  const byIds = (ids: readonly string[]) => findCounted(sql, ids);
  const byUrls = (urls: readonly string[]) => findArticleIdsByUrl(sql, urls);
  const ledger = ledgerOnSql(sql, { byIds, byUrls }, clock);

  return async (app: FastifyInstance): Promise<void> => {
    const routes = app.withTypeProvider<SchemaTypes>();
    const bodyLimit = IMPORT_BODY_LIMIT;
    routes.post(
      '/v1/views/import/begin',
      {
        bodyLimit,
        schema: {
          summary: 'What was imported before from logs that begin so, and from this source',
          ...{ tags, security, body: ImportBeginBody, response: { 200: KnownImportsSchema, ...problems } },
        },
      },
      async ({ body: { head, source } }) => ledger.begin(head, source),
    );
    routes.post(
      '/v1/views/import/find',
      {
        bodyLimit,
        schema: {
          summary: 'The articles that views of these URLs and ids count for',
          ...{ tags, security, body: ImportFindBody, response: { 200: ImportFindSchema, ...problems } },
        },
      },
      async ({ body: { names } }) => ({ articles: await ledger.find(names) }),
    );
    routes.post(
      '/v1/views/import/commit',
      {
        bodyLimit,
        schema: {
          summary: 'Count imported reads, and note how far the import of the log is',
          ...{ tags, security, body: ImportCommitBody, response: { 200: ImportCommitSchema, ...problems } },
        },
      },
      async ({ body }) => ledger.commit({ ...body, id: body.id } as ImportBatch),
    );
  };
}
