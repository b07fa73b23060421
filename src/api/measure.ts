import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);

/** Event streams last for hours and would drown the figures of requests. */
const UNMEASURED = new Set(['/v1/stream']);

type Observer = { observe(seconds: number): void };

/** Notes how long each request took, by the route's template: what callers write never becomes a label. */
export function measureRequests(app: FastifyInstance, metrics: Pick<Metrics, 'httpDuration'>): void {
  /** To find a series by its labels costs more than to add to it. */
  const observers = new Map<string, Observer>();

  app.addHook('onResponse', (request, reply, done) => {
    const { url } = request.routeOptions;
    if (url === undefined || !UNMEASURED.has(url)) {
      const method = METHODS.has(request.method) ? request.method : 'other';
      const route = request.is404 ? 'unknown' : (url ?? 'unknown');
      const hundreds = Math.floor(reply.statusCode / 100);
      const name = `${method} ${hundreds} ${route}`;
      const labels = { method, route, status_class: `${hundreds}xx` };
      const observer = observers.get(name) ?? metrics.httpDuration.labels(labels);
      observers.set(name, observer);
      observer.observe(reply.elapsedTime / 1000);
    }
    done();
  });
}
