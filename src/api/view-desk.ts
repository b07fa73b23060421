import type { IncomingMessage, ServerResponse } from 'node:http';
import secureJson from 'secure-json-parse';
import { CodedError, ERRORS } from '../errors.ts';
import type { Collected, ViewReport } from '../views/view.ts';
import { forwardedAddress } from './address.ts';
import { bearerOf, type Guarded, openTokenGuard } from './auth.ts';
import { type Intake, reporterOf, reportOf } from './intake.ts';
import { openMeasure } from './measure.ts';
import { endInOnePiece } from './one-piece.ts';
import { codedErrorOf, openTeller, problemAnswer } from './problem.ts';
import { openProxyWatch } from './proxy-watch.ts';
import { readBody } from './read-body.ts';
import { ViewSchema, ViewsBody } from './schemas/view.ts';
import { parseTime } from './time.ts';
import type { ApiTools } from './tools.ts';
import { openCheck, openMistakes } from './validation.ts';

const METHOD = 'POST';
export const VIEWS_ROUTE = '/v1/views';

const BODY_LIMIT = 64 * 1024;
const MALFORMED = 'A view names its article by "article" (an id) or "url", or comes in "views" (a batch).';
const NO_TIME = '"at" must be a time such as 2026-01-31T09:00:00Z.';

/** A beacon's text/plain needs no preflight; what it carries is JSON all the same. */
const MEDIA_TYPES = /^\s*(?:application\/json|text\/plain)\s*(?:;|$)/i;

/** Any page may post and read the answer; no plugin stands here that would say so. */
const OPEN = { 'access-control-allow-origin': '*' };

/** The answer to nearly all, made once. */
const ONE_READ = JSON.stringify({ accepted: 1, dropped: {} } satisfies Collected);
const ONE_READ_HEADERS = countedHeaders(ONE_READ);

/** Takes a request from its head to its answer. */
export type Desk = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Where `POST /v1/views` is answered: 202 when its views are counted, else with the reason. It works on Node's own
 * request and response: what a framework makes of them (its own request and reply, hooks before and behind, a promise for
 * each step) costs more than counting does.
 */
export function openViewDesk(tools: ApiTools, intake: Intake): Desk {
  const { INGEST_TOKEN, TRUST_PROXY } = tools.settings;
  const guard = openTokenGuard(tools);
  const watchProxy = openProxyWatch(tools.log, TRUST_PROXY);
  const tell = openTeller(tools.log, tools.clock);
  const measure = openMeasure(tools.metrics)(METHOD, VIEWS_ROUTE);
  const isView = openCheck(ViewSchema);
  const mistakesIn = openMistakes(ViewsBody);

  // No function that is made for a request has a name: where tsx compiles, naming one costs as much as hashing a view.
  return (request, response) => {
    const startedAt = performance.now();
    if (isReadable(request)) {
      readBody(
        request,
        BODY_LIMIT,
        (text) => count(request, response, text, startedAt),
        (error) => refuse(request, response, error, startedAt),
      );
    } else refuse(request, response, new CodedError('media-type-unsupported', adviceFor(request)), startedAt);
  };

  function count(request: IncomingMessage, response: ServerResponse, text: string, startedAt: number): void {
    try {
      const body = bodyIn(text);
      const caller = callerOf(request);
      const isTrusted = hasToken(caller);
      const reporter = reporterOf(caller, isTrusted ? 'ingest' : 'beacon');
      if (!isTrusted) watchProxy(request);
      forgetHeaders(request);
      intake.takeThen(reportsOf(body, isTrusted), reporter, (collected, failure) => {
        if (collected === undefined) refuse(request, response, failure, startedAt);
        else confirm(response, collected, startedAt);
      });
    } catch (error) {
      refuse(request, response, error, startedAt);
    }
  }

  function confirm(response: ServerResponse, collected: Collected, startedAt: number): void {
    if (collected.accepted === 1 && !hasAny(collected.dropped)) {
      endInOnePiece(response, 202, ONE_READ_HEADERS, ONE_READ);
    } else {
      const text = JSON.stringify(collected);
      endInOnePiece(response, 202, countedHeaders(text), text);
    }
    measure(202, performance.now() - startedAt);
  }

  function refuse(request: IncomingMessage, response: ServerResponse, thrown: unknown, startedAt: number): void {
    const error = codedErrorOf(thrown);
    const isInvalid = error.code === 'request-invalid' || error.code === 'body-too-large';
    if (isInvalid) tools.metrics.views.inc({ result: 'invalid' });
    tell(error, { method: METHOD, routeOptions: ROUTE });
    const { status, headers, body } = problemAnswer(error);
    // Who was not heard to his end may still be talking.
    if (!request.complete) response.setHeader('connection', 'close');
    for (const [name, value] of Object.entries({ ...OPEN, ...headers })) response.setHeader(name, value);
    response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body);
    measure(status, performance.now() - startedAt);
  }

  function callerOf(request: IncomingMessage): Guarded {
    const { headers, socket } = request;
    return { ip: forwardedAddress(request, TRUST_PROXY), headers, socket, method: METHOD, routeOptions: ROUTE };
  }

  function hasToken(caller: Guarded): boolean {
    if (bearerOf(caller) === undefined) return false;
    if (INGEST_TOKEN === undefined)
      throw new CodedError('unauthorized', 'INGEST_TOKEN is not set here; send no token.');
    guard(caller, INGEST_TOKEN);
    return true;
  }

  function bodyIn(text: string): ViewsBody {
    const body = parse(text);
    const mistakes = mistakesIn(body);
    if (mistakes === undefined) return body as ViewsBody;
    const list = mistakes.map(({ instancePath, message = 'is wrong' }) => `body${instancePath} ${message}`);
    throw new CodedError('request-invalid', `${list.join(', ')}.`);
  }

  function reportsOf(body: ViewsBody, isTrusted: boolean): readonly (ViewReport | undefined)[] {
    if (body.views !== undefined) {
      return body.views.map((view) => (isView(view) ? reportOf(view, isTrusted) : undefined));
    }
    const report = reportOf(body, isTrusted);
    if (report !== undefined) return [report];
    const hasNoTime = body.at !== undefined && parseTime(body.at) === undefined;
    throw new CodedError('request-invalid', hasNoTime ? NO_TIME : MALFORMED);
  }
}

const ROUTE = { url: VIEWS_ROUTE };

const NOTHING: IncomingMessage['headers'] = Object.freeze({});
const NONE: string[] = [];

/** While hundreds wait for Redis, nothing is kept of who they are; and what is kept costs the collector of garbage most. */
function forgetHeaders(request: IncomingMessage): void {
  request.headers = NOTHING;
  request.rawHeaders = NONE;
}

const PLAIN_ENCODINGS: ReadonlySet<string> = new Set(['', 'identity']);

/** Views are short: to unpack what somebody packed would cost more than it saved, and ask for one more limit. */
function isPacked({ headers }: IncomingMessage): boolean {
  const encoding = headers['content-encoding'];
  return encoding !== undefined && !PLAIN_ENCODINGS.has(encoding.trim().toLowerCase());
}

function adviceFor(request: IncomingMessage): string {
  if (isPacked(request)) return 'Send the views as they are, without Content-Encoding.';
  return `${ERRORS['media-type-unsupported'].title}. Send JSON as application/json or text/plain.`;
}

function isReadable(request: IncomingMessage): boolean {
  if (isPacked(request)) return false;
  const { headers } = request;
  const type = headers['content-type'];
  if (type !== undefined) return MEDIA_TYPES.test(type);
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}

/** As Fastify reads all other JSON: what would reach into prototypes is refused. */
function parse(text: string): unknown {
  if (text === '') throw new CodedError('request-invalid', 'The body is empty.');
  try {
    return secureJson.parse(text);
  } catch (cause) {
    throw new CodedError('request-invalid', 'The body is not JSON.', { cause });
  }
}

function hasAny(dropped: Collected['dropped']): boolean {
  for (const _ in dropped) return true;
  return false;
}

/** As a flat list, which Node takes as it is. */
function countedHeaders(text: string): string[] {
  return [
    ...Object.entries(OPEN).flat(),
    ...['cache-control', 'no-store', 'content-type', 'application/json; charset=utf-8'],
    ...['content-length', String(Buffer.byteLength(text))],
  ];
}
