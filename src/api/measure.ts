import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);

/** Event streams last for hours and would drown the figures of requests; where views come in measures for itself. */
const UNMEASURED = new Set(['GET /v1/stream', 'HEAD /v1/stream', 'POST /v1/views']);

/** Notes that a request of the route was answered. */
export type Measure = (status: number, ms: number) => void;

/** Gives what measures requests of a route. To find a series by its labels costs more than to add to it. */
export function openMeasure(metrics: Pick<Metrics, 'httpDuration'>) {
  return (method: string, route: string): Measure => {
    const observers: { observe(seconds: number): void }[] = [];
    return (status, ms) => {
      const hundreds = Math.floor(status / 100);
      observers[hundreds] ??= metrics.httpDuration.labels({ method, route, status_class: `${hundreds}xx` });
      observers[hundreds].observe(ms / 1000);
    };
  };
}

/** Notes how long each request took, by the route's template: what callers write never becomes a label. */
export function measureRequests(app: FastifyInstance, metrics: Pick<Metrics, 'httpDuration'>): void {
  const openRoute = openMeasure(metrics);
  const routes = new Map<string, Measure>();

  app.addHook('onResponse', (request, reply, done) => {
    const method = METHODS.has(request.method) ? request.method : 'other';
    const route = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
    const name = `${method} ${route}`;
    if (!UNMEASURED.has(name)) {
      const measure = routes.get(name) ?? openRoute(method, route);
      routes.set(name, measure);
      measure(reply.statusCode, reply.elapsedTime);
    }
    done();
  });
}
