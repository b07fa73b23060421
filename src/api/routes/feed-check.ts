import type { FastifyInstance } from 'fastify';
import { CheckBody } from '../schemas/feed.ts';
import { CheckedSchema, checkedBody } from '../schemas/feed-check.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import type { ApiTools } from '../tools.ts';

/** A dry run of a poll. Register it behind requireAdmin. */
export function feedCheckRoutes({ checkFeed }: Pick<ApiTools, 'checkFeed'>) {
  return async (app: FastifyInstance): Promise<void> => {
    app.withTypeProvider<SchemaTypes>().post(
      '/v1/feeds/check',
      {
        schema: {
          summary: 'Fetch and read a feed; nothing is stored',
          tags: ['feeds'],
          security: [{ bearer: [] }],
          body: CheckBody,
          response: { 200: CheckedSchema, ...problems },
        },
      },
      async (request) => checkedBody(await checkFeed(request.body.url)),
    );
  };
}
