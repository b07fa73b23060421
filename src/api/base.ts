import type { IncomingMessage, ServerResponse } from 'node:http';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { SECOND } from '../clock.ts';
import type { Log } from '../log.ts';
import { DirectRequest } from './direct-request.ts';
import { endIdleConnections } from './idle-connections.ts';
import { measureRequests } from './measure.ts';
import { answerBrokenRequest, codedErrorOf, errorHandler, sendProblem } from './problem.ts';
import type { ApiTools } from './tools.ts';
import { watchRoutes } from './unknown-route.ts';
import { wantsPage } from './wants-page.ts';

const BODY_LIMIT = 64 * 1024;
const REQUEST_TIMEOUT = 15 * SECOND;
const HEADERS_TIMEOUT = 10 * SECOND;
/** Longer than the heartbeat of an event stream, and than load balancers keep a connection (60 s), so that they let go first. */
const IDLE_TIMEOUT = 120 * SECOND;
/** How often is looked for requests that are late, and for connections that rest; Node's 30 s would let the former hold one for 45. */
const LATENESS_CHECK = 10 * SECOND;
const CLOSE_PATIENCE = 10 * SECOND;
const IDLE_CHECK = 0.1 * SECOND;
/** A category's slug of 64 Japanese characters, escaped. */
const MAX_PARAM_LENGTH = 600;

/** A path that no route has. */
const NOWHERE = '/not-found';

/** Answers the request, or gives false where that is for others to do. */
export type StraightDesk = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A server with its limits, error answers and measuring, but no route yet; routes are added in the context given. */
export function openBase(tools: Pick<ApiTools, 'settings' | 'metrics' | 'clock'>, log: Log) {
  const hops = tools.settings.TRUST_PROXY;
  const app: FastifyInstance = fastify({
    // Of Fastify's own lines only warnings: that it listens is said where the URL is known.
    loggerInstance: (log.isLevelEnabled('warn') ? log.child({}, { level: 'warn' }) : log) as FastifyBaseLogger,
    // Requests are measured, not logged: a line each would cost more than the answer and would name the reader.
    logController: new LogController({ disableRequestLogging: true }),
    // As a function: Fastify takes a bare number for no trust at all.
    trustProxy: hops > 0 && ((_address: string, hop: number) => hop < hops),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT,
    // For the server that Fastify opens beside ours where HOST is a name with two addresses, and does not show.
    connectionTimeout: IDLE_TIMEOUT,
    http: { connectionsCheckingInterval: LATENESS_CHECK, IncomingMessage: DirectRequest },
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => {
      if (wantsPage(request) && request.url !== NOWHERE) {
        // The router cannot read the path, so that it finds no page either: it is asked for one that never is.
        request.raw.url = NOWHERE;
        app.routing(request.raw, reply.raw);
      } else void sendProblem(reply, codedErrorOf(error));
    },
  });

  app.server.headersTimeout = HEADERS_TIMEOUT;
  app.server.keepAliveTimeout = 0;
  app.server.timeout = 0;
  endIdleConnections(app.server, { idleMs: IDLE_TIMEOUT, everyMs: LATENESS_CHECK });
  // app.close() takes no more connections and lets running requests finish, but not for ever. A connection whose answer
  // was under way when it began falls idle later, when Node does not look any more.
  app.addHook('preClose', async () => {
    const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK).unref();
    const patience = setTimeout(() => app.server.closeAllConnections(), CLOSE_PATIENCE).unref();
    app.server.once('close', () => {
      clearInterval(idle);
      clearTimeout(patience);
    });
  });
  // A logger of its own for each request costs more than most answers, and only errors are logged.
  app.setChildLoggerFactory((parent) => parent);
  app.setErrorHandler(errorHandler(log, tools.clock));
  measureRequests(app, tools.metrics);
  return { app, answerUnknownRoute: watchRoutes(app), giveStraight };

  /**
   * Asks these desks first, which answer as their routes would, save for what routing costs; what none of them takes goes
   * to the router. Requests on connections that were open when the server began to close are answered like all others, as
   * the last of their connection: the router alone would refuse them.
   */
  function giveStraight(...desks: readonly StraightDesk[]): void {
    let isClosing = false;
    app.addHook('preClose', async () => {
      isClosing = true;
    });
    app.server.removeAllListeners('request');
    app.server.on('request', (request, response) => {
      if (isClosing) response.setHeader('connection', 'close');
      if (!desks.some((take) => take(request, response))) app.routing(request, response);
    });
  }
}
