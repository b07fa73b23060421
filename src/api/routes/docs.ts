import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

const DESCRIPTION = 'public, max-age=300';

/**
 * What the page needs and no more. Its pictures are in its style sheet; the styles that its script sets on elements are no
 * business of a policy.
 */
const CONTENT_SECURITY_POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'form-action': ["'none'"],
  'base-uri': ["'none'"],
  'frame-ancestors': ["'self'"],
};

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

/** The description for people, who may also try each route there. */
export async function docsRoutes(app: FastifyInstance): Promise<void> {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'strict-origin-when-cross-origin' });
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: CONTENT_SECURITY_POLICY,
    theme: { title: 'newsrank API' },
    // Nobody outside is asked whether the description is valid: a test does that.
    uiConfig: { layout: 'BaseLayout', validatorUrl: null, docExpansion: 'list', tryItOutEnabled: true },
  });
}
