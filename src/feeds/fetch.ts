import { ACCEPT_ENCODING, type Body, tooLarge, unpack } from './fetch-body.ts';
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
  readonly visited: readonly string[];
}

/** What every part of one fetch goes by. */
interface Fetch {
  readonly client: HttpClient;
  readonly wanted: FetchRequest;
  readonly deadline: Deadline;
  readonly startedAt: number;
}

type Step = { readonly kind: 'redirect'; readonly status: number; readonly location: string } | Done;
type Done = FetchAnswer | FetchFailure;

const PERMANENT: ReadonlySet<number> = new Set([301, 308]);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const DEFERRED = {
  kind: 'failed',
  failure: 'timeout',
  message: 'The host to which the server redirects cannot be asked right now.',
  status: null,
  wireBytes: 0,
} as const;

/** What comes with an answer that is no success is of no interest. */
const NOT_READ: Body = { kind: 'body', bytes: new Uint8Array(), wireBytes: 0 };

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
    const done = await follow({ client, wanted, deadline, startedAt });
    client.notePhase('total', done.durationMs);
    return done;
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

async function follow(fetch: Fetch): Promise<Done> {
  const { client, wanted } = fetch;
  let hop: Hop = { url: wanted.url, movedTo: null, isPermanentSoFar: true, visited: [wanted.url] };
  for (;;) {
    const step = await takeStep(fetch, hop);
    if (step.kind !== 'redirect') return step;
    const next = nextHop(hop, step, client.limits.redirects);
    if ('failure' in next) return { kind: 'failed', ...next, status: step.status, wireBytes: 0, ...since(fetch) };
    const deferredSeconds = (await wanted.admit?.(new URL(next.url))) ?? 0;
    if (deferredSeconds > 0) return { ...DEFERRED, deferredSeconds, ...since(fetch) };
    hop = next;
  }
}

function since({ startedAt }: Fetch): { readonly durationMs: number } {
  return { durationMs: performance.now() - startedAt };
}

function nextHop(hop: Hop, step: { status: number; location: string }, limit: number): Hop | Failure {
  const failed = (message: string): Failure => ({ failure: 'redirect-loop', message });
  if (hop.visited.length > limit) return failed(`There were more than ${limit} redirects.`);
  // Header bytes arrive as Latin-1; where they go beyond ASCII, UTF-8 is what is meant.
  const location = Buffer.from(step.location, 'latin1').toString();
  if (!URL.canParse(location, hop.url)) return failed('The server redirects to what is no URL.');
  const target = new URL(location, hop.url);
  target.hash = '';
  const problem = location.includes('\t') ? 'The URL has a tab in it.' : urlProblem(target.href);
  if (problem !== undefined) return { failure: 'blocked-address', message: `The redirect is refused: ${problem}` };
  if (hop.visited.includes(target.href)) return failed('The redirects go round in a circle.');
  const isPermanentSoFar = hop.isPermanentSoFar && PERMANENT.has(step.status);
  return {
    url: target.href,
    movedTo: isPermanentSoFar ? target.href : hop.movedTo,
    isPermanentSoFar,
    visited: [...hop.visited, target.href],
  };
}

async function takeStep(fetch: Fetch, { url, movedTo }: Hop): Promise<Step> {
  const { limits, notePhase } = fetch.client;
  const { status, headers, body, tooLargeBytes, firstByteMs } = await get(fetch, url);
  notePhase('first_byte', firstByteMs);
  const { location } = headers;
  if (location !== undefined && REDIRECTS.has(status)) return { kind: 'redirect', status, location };
  const isSuccess = status >= 200 && status <= 299;
  if (tooLargeBytes !== null && isSuccess)
    return {
      ...tooLarge(tooLargeBytes, `The body is larger than ${limits.wireBytes} bytes.`),
      status,
      ...since(fetch),
    };
  const read = isSuccess ? await unpack(body, headers['content-encoding'] ?? '', limits) : NOT_READ;
  if (read.kind === 'failed') return { ...read, status, ...since(fetch) };
  const { bytes, wireBytes } = read;
  // Field by field, once: each spread of an answer cost a poll without news a fiftieth of its memory.
  const durationMs = performance.now() - fetch.startedAt;
  return { kind: 'answer', status, headers, url, body: bytes, wireBytes, movedTo, durationMs };
}

/** A kept connection may have been closed by the server at the very moment that we used it: that is tried once more. */
async function get({ client, wanted, deadline }: Fetch, url: string): Promise<Reply> {
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
