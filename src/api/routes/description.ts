import type { FastifyInstance } from 'fastify';

const DESCRIPTION = 'public, max-age=300';

/** The description of the API for programs. Register it where reads are tagged. */
export async function descriptionRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/v1/openapi.json',
    {
      schema: {
        summary: 'This description: OpenAPI 3.1',
        tags: ['health'],
        response: { 200: { type: 'object', additionalProperties: true, description: 'OpenAPI 3.1' } },
      },
    },
    async (_request, reply) => reply.header('cache-control', DESCRIPTION).send(app.swagger()),
  );
}
