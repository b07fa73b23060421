import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type Clock, SECOND } from '../clock.ts';
import { isOutage } from '../engines/outage.ts';
import { CodedError, ERRORS, type ErrorCode, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';

/** The body of every error answer (RFC 9457). Nothing of our insides is in it: the log has that. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
}

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Where a 503 does not know better: engines come back within seconds. */
const RETRY_SECONDS = 5;

const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type-unsupported',
  FST_ERR_NOT_FOUND: 'route-unknown',
};

function problemOf(code: ErrorCode, detail: string): Problem {
  const { status, title } = ERRORS[code];
  return { type: `urn:newsrank:problem:${code}`, title, status, code, detail };
}

/** Any error as what the caller may know of it: its own mistakes in full, ours without a word from inside. */
export function codedErrorOf(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  const { code, statusCode, validation, message } = error as Partial<FastifyError>;
  const known = FASTIFY_CODES[code ?? ''];
  if (known !== undefined) return new CodedError(known, `${ERRORS[known].title}.`);
  if (validation !== undefined || (statusCode !== undefined && statusCode >= 400 && statusCode < 500)) {
    return new CodedError('request-invalid', `${(message ?? ERRORS['request-invalid'].title).replace(/\.$/, '')}.`);
  }
  if (isOutage(error)) return new CodedError('unavailable', 'Try again in a few seconds.', { cause: error });
  return new CodedError('internal', 'The error has been logged.', { cause: error });
}

/** The header that says when to try again, where that makes sense. */
export function waitHeader({ code, retryAfter }: CodedError): { 'retry-after'?: number } {
  const seconds = retryAfter ?? (ERRORS[code].status === 503 ? RETRY_SECONDS : undefined);
  return seconds === undefined ? {} : { 'retry-after': Math.max(1, Math.ceil(seconds)) };
}

/** Status, headers and body of the answer that the error is. */
export function problemAnswer(error: CodedError) {
  const headers = {
    ...waitHeader(error),
    ...(error.code === 'unauthorized' && { 'www-authenticate': 'Bearer realm="newsrank"' }),
    ...{ 'cache-control': 'no-store', 'content-type': PROBLEM_TYPE },
  };
  const body = JSON.stringify({ ...problemOf(error.code, error.message), ...error.members });
  return { status: ERRORS[error.code].status, headers, body };
}

/** Answers with the problem that the error is, and with the headers that belong to it. */
export function sendProblem(reply: FastifyReply, error: CodedError): FastifyReply {
  const { status, headers, body } = problemAnswer(error);
  reply.removeHeader('etag');
  return reply.code(status).headers(headers).send(body);
}

/** Refusals because of engines that are away are told so often: an outage of seconds refuses thousands of views. */
const REFUSALS_TOLD_EVERY = 10 * SECOND;

/** What of a request may be told. */
interface Told {
  readonly method: string;
  readonly routeOptions: { readonly url?: string | undefined };
}

/** Notes in the log what is our own fault, without the address. */
export function openTeller(log: Pick<Log, 'error' | 'warn'>, clock: Clock) {
  const refusals = { since: 0, toldAt: Number.NEGATIVE_INFINITY };

  return (coded: CodedError, request: Told): void => {
    if (ERRORS[coded.code].status < 500) return;
    const fields = { method: request.method, route: request.routeOptions.url, code: coded.code };
    if (ERRORS[coded.code].status !== 503) {
      log.error({ ...fields, err: coded.cause ?? coded }, 'request failed');
      return;
    }
    refusals.since += 1;
    const now = clock().getTime();
    // A clock that was put back tells at once, too.
    if (Math.abs(now - refusals.toldAt) < REFUSALS_TOLD_EVERY) return;
    log.warn({ ...fields, requests: refusals.since, error: messageOf(coded.cause ?? coded) }, 'requests refused');
    Object.assign(refusals, { since: 0, toldAt: now });
  };
}

/** The handler of everything that a route throws. */
export function errorHandler(log: Log, clock: Clock) {
  const tell = openTeller(log, clock);
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const coded = codedErrorOf(error);
    tell(coded, request);
    return sendProblem(reply, coded);
  };
}

/** What Node says of a connection that it gives up, as what the caller did. */
const BROKEN: Readonly<Record<string, readonly [code: ErrorCode, detail: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['request-late', 'Send all of it within 15 seconds.'],
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'Address and headers together may take 16 KiB.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['body-too-large', 'The chunks of the body say too much.'],
};

/** Answers a connection whose bytes were no HTTP request, too many, or came too slowly, and closes it. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: ServerResponse['socket']): void {
  if (error.code === 'ECONNRESET' || socket === null || !socket.writable) return void socket?.destroy();
  // Browsers and load balancers open connections that they may need: who asked nothing is told nothing.
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) return void socket.destroy();
  const [code, detail] = BROKEN[error.code ?? ''] ?? ['request-invalid', 'This is not HTTP.'];
  const problem = problemOf(code, detail);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
