import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);

/** Event streams last for hours and would drown the figures of requests; where views come in measures for itself. */
const UNMEASURED = new Set(['GET /v1/stream', 'HEAD /v1/stream', 'POST /v1/views']);

/** Notes that a request of the route was answered. */
export type Measure = (status: number, ms: number) => void;

/**
 * Routes, methods and classes of answers are told apart up to here, each in twelve series; what comes on top is one: a
 * stranger who tries every method on every path must not make thousands. With all that a process of all roles says beside
 * it stays below 2,000 (tests/series.test.ts).
 */
const MOST_TOLD_APART = 110;
const OTHERS = { method: 'other', route: 'other' };

type Noter = (seconds: number) => void;

/** Durations that gather before the metrics take them over. */
const GATHERED = 128;

/**
 * Gives what measures requests of a route. Durations are handed over many at a time, or when the metrics are read: one at
 * a time, between two requests, each costs three times as much.
 */
export function openMeasure(metrics: Pick<Metrics, 'httpDuration' | 'onSettle'>) {
  const noteOthers: Noter[] = [];
  let toldApart = 0;
  return (method: string, route: string): Measure => {
    const noters: Noter[] = [];
    const openNoter = (hundreds: number): Noter => {
      const status_class = `${hundreds}xx`;
      if (toldApart++ < MOST_TOLD_APART) return gathered(metrics.httpDuration.labels({ method, route, status_class }));
      noteOthers[hundreds] ??= gathered(metrics.httpDuration.labels({ ...OTHERS, status_class }));
      return noteOthers[hundreds];
    };
    return (status, ms) => {
      const hundreds = Math.floor(status / 100);
      noters[hundreds] ??= openNoter(hundreds);
      noters[hundreds](ms / 1000);
    };
  };

  function gathered(series: { observe(seconds: number): void }): Noter {
    const durations = new Float64Array(GATHERED);
    let size = 0;
    const handOver = (): void => {
      for (let at = 0; at < size; at++) series.observe(durations[at] as number);
      size = 0;
    };
    metrics.onSettle(handOver);
    return (seconds) => {
      durations[size++] = seconds;
      if (size === GATHERED) handOver();
    };
  }
}

/** Notes how long each request took, by the route's template: what callers write never becomes a label. */
export function measureRequests(app: FastifyInstance, metrics: Pick<Metrics, 'httpDuration' | 'onSettle'>): void {
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
