import { ACCEPT_ENCODING, tooLarge, unpack } from './fetch-body.ts';
import { codeOf, type Failure, failureOf } from './fetch-failure.ts';
import { type Deadline, getOnce, type Reply } from './get-once.ts';
import type { HttpClient } from './http-client.ts';
import { urlProblem } from './url.ts';

export interface FetchRequest {
  readonly url: string;
  /** Sent byte for byte as the server gave them; null asks for the whole feed. */
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** What the owner set for this feed; goes to the feed's own origin only, as do `user:password` in basicAuth. */
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly basicAuth: string | null;
  readonly userAgent: string | null;
  /** Asked before each redirect is followed: the seconds to put the fetch off for, 0 to go on. */
  readonly admit?: (url: URL) => Promise<number>;
}

export interface FetchAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** By lower-case name; of repeated ones the first, but all of `link`. Bytes above 127 are read as Latin-1. */
  readonly headers: Readonly<Record<string, string>>;
  /** Unpacked; empty unless the status is a success. */
  readonly body: Uint8Array;
  readonly wireBytes: number;
  /** Where the answer came from, and where permanent redirects led, if the chain began with any. */
  readonly url: string;
  readonly movedTo: string | null;
  readonly durationMs: number;
}

export interface FetchFailure extends Failure {
  readonly kind: 'failed';
  readonly status: number | null;
  readonly wireBytes: number;
  readonly durationMs: number;
  /** Set where `admit` put the fetch off, which is nobody's failure. */
  readonly deferredSeconds?: number;
}

interface Hop {
  readonly url: string;
  readonly movedTo: string | null;
  readonly isPermanentSoFar: boolean;
  readonly visited: ReadonlySet<string>;
}

type Step = { readonly kind: 'redirect'; readonly status: number; readonly location: string } | Done;
type Done = Omit<FetchAnswer, 'durationMs' | 'movedTo'> | Omit<FetchFailure, 'durationMs'>;

const PERMANENT: ReadonlySet<number> = new Set([301, 308]);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const DEFERRED: Omit<FetchFailure, 'durationMs'> = {
  kind: 'failed',
  failure: 'timeout',
  message: 'The host to which the server redirects cannot be asked right now.',
  status: null,
  wireBytes: 0,
};

const ACCEPT =
  'application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5';

/**
 * One GET, redirects followed, within the client's limits. Whatever the server does is a value; only an abort by the
 * caller's `signal` is thrown.
 */
export async function fetchFeed(
  client: HttpClient,
  wanted: FetchRequest,
  signal?: AbortSignal,
): Promise<FetchAnswer | FetchFailure> {
  const startedAt = performance.now();
  const deadline: Deadline = { isPast: false, cancel: undefined };
  const timer = setTimeout(pass, client.limits.totalMs, deadline);
  const onAbort = signal && (() => pass(deadline));
  try {
    signal?.throwIfAborted();
    if (onAbort) signal.addEventListener('abort', onAbort);
    const done = await follow(client, wanted, deadline);
    const durationMs = performance.now() - startedAt;
    client.notePhase('total', durationMs);
    return { ...done, durationMs };
  } catch (error) {
    signal?.throwIfAborted();
    const late: Failure = { failure: 'timeout', message: 'The answer was not complete in time.' };
    const failure = deadline.isPast ? late : failureOf(error);
    const durationMs = performance.now() - startedAt;
    client.notePhase('total', durationMs);
    return { kind: 'failed', ...failure, status: null, wireBytes: 0, durationMs };
  } finally {
    clearTimeout(timer);
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}

function pass(deadline: Deadline): void {
  deadline.isPast = true;
  deadline.cancel?.();
}

async function follow(
  client: HttpClient,
  wanted: FetchRequest,
  deadline: Deadline,
): Promise<Omit<FetchAnswer, 'durationMs'> | Omit<FetchFailure, 'durationMs'>> {
  let hop: Hop = { url: wanted.url, movedTo: null, isPermanentSoFar: true, visited: new Set([wanted.url]) };
  for (;;) {
    const step = await takeStep(client, wanted, hop.url, deadline);
    if (step.kind === 'answer') return { ...step, movedTo: hop.movedTo };
    if (step.kind === 'failed') return step;
    const next = nextHop(hop, step, client.limits.redirects);
    if ('failure' in next) return { kind: 'failed', ...next, status: step.status, wireBytes: 0 };
    const deferredSeconds = (await wanted.admit?.(new URL(next.url))) ?? 0;
    if (deferredSeconds > 0) return { ...DEFERRED, deferredSeconds };
    hop = next;
  }
}

function nextHop(hop: Hop, step: { status: number; location: string }, limit: number): Hop | Failure {
  const failed = (message: string): Failure => ({ failure: 'redirect-loop', message });
  if (hop.visited.size > limit) return failed(`There were more than ${limit} redirects.`);
  // Header bytes arrive as Latin-1; where they go beyond ASCII, UTF-8 is what is meant.
  const location = Buffer.from(step.location, 'latin1').toString();
  if (!URL.canParse(location, hop.url)) return failed('The server redirects to what is no URL.');
  const target = new URL(location, hop.url);
  target.hash = '';
  const problem = location.includes('\t') ? 'The URL has a tab in it.' : urlProblem(target.href);
  if (problem !== undefined) return { failure: 'blocked-address', message: `The redirect is refused: ${problem}` };
  if (hop.visited.has(target.href)) return failed('The redirects go round in a circle.');
  const isPermanentSoFar = hop.isPermanentSoFar && PERMANENT.has(step.status);
  return {
    url: target.href,
    movedTo: isPermanentSoFar ? target.href : hop.movedTo,
    isPermanentSoFar,
    visited: new Set([...hop.visited, target.href]),
  };
}

async function takeStep(client: HttpClient, wanted: FetchRequest, url: string, deadline: Deadline): Promise<Step> {
  const { status, headers, body, tooLargeBytes, firstByteMs } = await get(client, wanted, url, deadline);
  client.notePhase('first_byte', firstByteMs);
  const { location } = headers;
  if (location !== undefined && REDIRECTS.has(status)) return { kind: 'redirect', status, location };
  if (status < 200 || status > 299) return { kind: 'answer', status, headers, url, body, wireBytes: 0 };
  const { limits } = client;
  if (tooLargeBytes !== null)
    return { ...tooLarge(tooLargeBytes, `The body is larger than ${limits.wireBytes} bytes.`), status };
  const read = await unpack(body, headers['content-encoding'] ?? '', limits);
  if (read.kind === 'failed') return { ...read, status };
  return { kind: 'answer', status, headers, url, body: read.bytes, wireBytes: read.wireBytes };
}

/** A kept connection may have been closed by the server at the very moment that we used it: that is tried once more. */
async function get(client: HttpClient, wanted: FetchRequest, url: string, deadline: Deadline): Promise<Reply> {
  const headers = headersFor(client, wanted, url);
  const { wireBytes } = client.limits;
  try {
    return await getOnce(client.agent, url, headers, wireBytes, deadline);
  } catch (error) {
    if (deadline.isPast || !['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error))) throw error;
    return getOnce(client.agent, url, headers, wireBytes, deadline);
  }
}

function headersFor(client: HttpClient, wanted: FetchRequest, url: string): Record<string, string> {
  const headers: Record<string, string> = {
    accept: ACCEPT,
    'accept-encoding': ACCEPT_ENCODING,
    'user-agent': wanted.userAgent ?? client.userAgent,
  };
  const isOwnOrigin = url === wanted.url || new URL(url).origin === new URL(wanted.url).origin;
  if (isOwnOrigin) addLowerCased(headers, wanted.requestHeaders);
  if (isOwnOrigin && wanted.basicAuth !== null) {
    headers['authorization'] = `Basic ${Buffer.from(wanted.basicAuth).toString('base64')}`;
  }
  if (wanted.etag !== null) headers['if-none-match'] = wanted.etag;
  if (wanted.lastModified !== null) headers['if-modified-since'] = wanted.lastModified;
  return headers;
}

function addLowerCased(headers: Record<string, string>, given: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = value;
}
