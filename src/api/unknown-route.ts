import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CodedError } from '../errors.ts';
import { sendProblem } from './problem.ts';

/**
 * Remembers every route that is added to `app`, and gives the handler for what none of them answers: 405 where the path
 * exists under another method, 404 elsewhere. Call it before the routes.
 */
export function watchRoutes(app: FastifyInstance) {
  const methods = new Map<string, { path: RegExp; allowed: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    if (url.endsWith('*')) return;
    const route = methods.get(url) ?? { path: patternOf(url), allowed: new Set<string>() };
    for (const name of [method].flat()) route.allowed.add(name);
    methods.set(url, route);
  });

  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const [path = ''] = request.url.split('?', 1);
    const allowed = [...methods.values()]
      .filter((route) => route.path.test(path))
      .flatMap((route) => [...route.allowed]);
    if (allowed.length === 0) {
      return sendProblem(reply, new CodedError('route-unknown', 'Nothing answers at this path.'));
    }
    // The router leaves out a parameter that it cannot decode or that is too long.
    if (allowed.includes(request.method)) {
      return sendProblem(reply, new CodedError('request-invalid', 'The path cannot be read.'));
    }
    const names = [...new Set(allowed)].join(', ');
    return sendProblem(reply.header('allow', names), new CodedError('method-not-allowed', `Allowed: ${names}.`));
  };
}

function patternOf(url: string): RegExp {
  const escaped = url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/:[^/]+/g, '[^/]+')}$`);
}
