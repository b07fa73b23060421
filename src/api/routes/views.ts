import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ViewReport } from '../../views/view.ts';
import { type Intake, reporterOf } from '../intake.ts';
import { codedErrorOf, errorHandler } from '../problem.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import { CollectedSchema, PixelQuery, PixelSchema, ViewsBody } from '../schemas/view.ts';
import type { ApiTools } from '../tools.ts';
import { type Desk, VIEWS_ROUTE } from '../view-desk.ts';

/** The smallest picture there is: 43 bytes, one transparent pixel. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64');

/** Where views come in. Register it in a bare context: no plugin's hook stands between a reader and his count. */
export function viewRoutes(tools: ApiTools, intake: Intake, desk: Desk) {
  const onError = errorHandler(tools.log, tools.clock);

  return async (app: FastifyInstance): Promise<void> => {
    app.setErrorHandler((error, request, reply) => {
      if (codedErrorOf(error).code === 'request-invalid') tools.metrics.views.inc({ result: 'invalid' });
      return onError(error, request, reply);
    });

    const routes = app.withTypeProvider<SchemaTypes>();
    const tags = ['views'];
    app.options(VIEWS_ROUTE, { schema: { hide: true } }, async (_request, reply) =>
      reply
        .code(204)
        .headers({
          'access-control-allow-origin': '*',
          'access-control-allow-methods': 'POST',
          'access-control-allow-headers': 'content-type',
          'access-control-max-age': '86400',
        })
        .send(),
    );

    routes.post(
      VIEWS_ROUTE,
      {
        schema: {
          summary: 'Report views; 202 means counted',
          tags,
          body: ViewsBody,
          response: { 202: CollectedSchema, ...problems },
        },
        // Before anything is read: all that follows is the desk's.
        onRequest: (request, reply) => {
          reply.hijack();
          desk(request.raw, reply.raw);
        },
      },
      async () => undefined as never,
    );

    routes.get(
      '/v1/views/pixel.gif',
      {
        schema: {
          summary: 'Report a view from a page without scripts',
          ...{ tags, querystring: PixelQuery, produces: ['image/gif'], response: { 200: PixelSchema } },
        },
      },
      async (request, reply) => {
        // A limited or unknown view is dropped and counted as such; the page gets its pixel whatever becomes of it.
        if (request.method === 'GET') await countQuietly(request, { article: request.query.article });
        return reply
          .headers({ 'cache-control': 'no-store', 'cross-origin-resource-policy': 'cross-origin' })
          .type('image/gif')
          .send(PIXEL);
      },
    );
  };

  async function countQuietly(request: FastifyRequest, report: ViewReport): Promise<void> {
    try {
      await intake.take([report], reporterOf(request, 'pixel'));
    } catch (error) {
      if (codedErrorOf(error).code !== 'rate-limited') throw error;
    }
  }
}
