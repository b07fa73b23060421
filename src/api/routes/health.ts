import type { FastifyInstance } from 'fastify';
import { objectOf } from '../schemas/object-of.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import type { ApiTools } from '../tools.ts';

const Live = objectOf({ status: { type: 'string', const: 'live' } });
const Ready = objectOf({
  status: { enum: ['ready', 'unready'] },
  dependencies: { type: 'object', additionalProperties: { enum: ['up', 'down'] } },
});

/** What orchestrators and Prometheus ask. */
export function healthRoutes({ isReady, metrics }: Pick<ApiTools, 'isReady' | 'metrics'>) {
  return async (app: FastifyInstance): Promise<void> => {
    const routes = app.withTypeProvider<SchemaTypes>();
    const tags = ['health'];
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
    });

    routes.get(
      '/livez',
      { schema: { summary: 'Whether the event loop turns', tags, response: { 200: Live } } },
      async () => ({ status: 'live' }) as const,
    );

    routes.get(
      '/readyz',
      { schema: { summary: 'Whether requests can be served', tags, response: { 200: Ready, 503: Ready } } },
      async (_request, reply) => {
        const { isReady: ready, dependencies } = await isReady();
        return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'unready', dependencies });
      },
    );

    app.get(
      '/metrics',
      { schema: { summary: 'Prometheus text', tags, produces: ['text/plain'], response: { 200: { type: 'string' } } } },
      async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.render()),
    );
  };
}
