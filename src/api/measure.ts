import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);

/** Event streams last for hours and would drown the figures of requests. */
const UNMEASURED = new Set(['/v1/stream']);

/** Notes how long each request took, by the route's template: what callers write never becomes a label. */
export function measureRequests(app: FastifyInstance, metrics: Pick<Metrics, 'httpDuration'>): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url;
    if (route === undefined || !UNMEASURED.has(route)) {
      metrics.httpDuration.observe(
        {
          method: METHODS.has(request.method) ? request.method : 'other',
          route: request.is404 ? 'unknown' : (route ?? 'unknown'),
          status_class: `${Math.floor(reply.statusCode / 100)}xx`,
        },
        reply.elapsedTime / 1000,
      );
    }
    done();
  });
}
