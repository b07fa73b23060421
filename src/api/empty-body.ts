import type { FastifyInstance } from 'fastify';

/**
 * Lets a body be left out where nothing in it is required, also by those who announce JSON whatever they send: to refuse
 * an action for want of `{}` helps nobody. Requests without any body are taken for those with an empty object.
 */
export function allowEmptyBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body, done);
  });
  app.addHook('preValidation', async (request) => {
    if (request.method === 'POST') request.body ??= {};
  });
}
