import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { ApiTools } from '../tools.ts';

const Live = Type.Object({ status: Type.Literal('live') });
const Ready = Type.Object({
  status: Type.Enum(['ready', 'unready']),
  dependencies: Type.Record(Type.String(), Type.Enum(['up', 'down'])),
});

/** What orchestrators and Prometheus ask. */
export function healthRoutes({ isReady, metrics }: Pick<ApiTools, 'isReady' | 'metrics'>) {
  return async (app: FastifyInstance): Promise<void> => {
    const tags = ['health'];
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
    });

    app.get(
      '/livez',
      { schema: { summary: 'Whether the event loop turns', tags, response: { 200: Live } } },
      async () => ({ status: 'live' }),
    );

    app.get(
      '/readyz',
      { schema: { summary: 'Whether requests can be served', tags, response: { 200: Ready, 503: Ready } } },
      async (_request, reply) => {
        const { isReady: ready, dependencies } = await isReady();
        return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'unready', dependencies });
      },
    );

    app.get('/metrics', { schema: { summary: 'Prometheus text', tags } }, async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.render()),
    );
  };
}
