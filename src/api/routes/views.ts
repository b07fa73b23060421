import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CodedError } from '../../errors.ts';
import type { ViewReport } from '../../views/view.ts';
import { bearerOf, openTokenGuard } from '../auth.ts';
import { type Intake, reporterOf, reportOf } from '../intake.ts';
import { codedErrorOf, errorHandler } from '../problem.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import { CollectedSchema, PixelQuery, PixelSchema, ViewSchema, ViewsBody } from '../schemas/view.ts';
import type { ApiTools } from '../tools.ts';
import { openCheck } from '../validation.ts';

const BODY_LIMIT = 64 * 1024;

/** The smallest picture there is: 43 bytes, one transparent pixel. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64');

const MALFORMED = 'A view names its article by "article" (an id) or "url", or comes in "views" (a batch).';

/**
 * Where views come in. Register it in a bare context: no plugin's hook stands between a reader's beacon and its count,
 * so the two CORS headers that it needs are set here by hand.
 */
export function viewRoutes(tools: ApiTools, intake: Intake) {
  const guard = openTokenGuard(tools);
  const isView = openCheck(ViewSchema);
  const { INGEST_TOKEN } = tools.settings;
  const onError = errorHandler(tools.log, tools.clock);

  const isTrusted = (request: FastifyRequest): boolean => {
    if (bearerOf(request) === undefined) return false;
    if (INGEST_TOKEN === undefined)
      throw new CodedError('unauthorized', 'INGEST_TOKEN is not set here; send no token.');
    guard(request, INGEST_TOKEN);
    return true;
  };

  return async (app: FastifyInstance): Promise<void> => {
    const parseJson = app.getDefaultJsonParser('error', 'error');
    // A beacon's text/plain needs no preflight; what it carries is JSON all the same.
    app.addContentTypeParser('text/plain', { parseAs: 'string', bodyLimit: BODY_LIMIT }, parseJson);
    app.setErrorHandler((error, request, reply) => {
      const { code } = codedErrorOf(error);
      if (code === 'request-invalid' || code === 'body-too-large') tools.metrics.views.inc({ result: 'invalid' });
      return onError(error, request, reply);
    });

    const routes = app.withTypeProvider<SchemaTypes>();
    const tags = ['views'];
    app.options('/v1/views', { schema: { hide: true } }, async (_request, reply) =>
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
      '/v1/views',
      {
        schema: {
          summary: 'Report views; 202 means counted',
          tags,
          body: ViewsBody,
          response: { 202: CollectedSchema, ...problems },
        },
        bodyLimit: BODY_LIMIT,
        onRequest: (_request, reply, done) => {
          reply.header('access-control-allow-origin', '*').header('cache-control', 'no-store');
          done();
        },
      },
      async (request, reply) => {
        const trusted = isTrusted(request);
        const collected = await intake.take(
          reportsOf(request.body, trusted),
          reporterOf(request, trusted ? 'ingest' : 'beacon'),
        );
        return reply.code(202).send(collected);
      },
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

  function reportsOf(body: ViewsBody, trusted: boolean): readonly (ViewReport | undefined)[] {
    if (body.views !== undefined) {
      return body.views.map((view) => (isView(view) ? reportOf(view, trusted) : undefined));
    }
    const report = reportOf(body, trusted);
    if (report === undefined) throw new CodedError('request-invalid', MALFORMED);
    return [report];
  }

  async function countQuietly(request: FastifyRequest, report: ViewReport): Promise<void> {
    try {
      await intake.take([report], reporterOf(request, 'pixel'));
    } catch (error) {
      if (codedErrorOf(error).code !== 'rate-limited') throw error;
    }
  }
}
