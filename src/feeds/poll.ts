import { messageOf } from '../errors.ts';
import { bodyHashOf } from './body-hash.ts';
import type { Poll, PollOutcome, PollTarget, Validators } from './feed.ts';
import { type FetchAnswer, type FetchRequest, fetchFeed } from './fetch.ts';
import type { HostBudget } from './host-budget.ts';
import type { HttpClient } from './http-client.ts';
import type { FeedReader } from './reader.ts';
import { outcomeOfRefusal } from './refusal.ts';
import { freshForSeconds } from './response-headers.ts';
import { hostOf } from './url.ts';
import { withNamedHub } from './websub/named-hub.ts';

export interface PollTools {
  readonly client: HttpClient;
  readonly reader: FeedReader;
  readonly budget: HostBudget;
}

/** Of a feed, what fetching and reading it needs. */
export type PollRequest = Pick<
  PollTarget,
  | 'url'
  | 'host'
  | 'etag'
  | 'lastModified'
  | 'bodyHash'
  | 'trustsValidators'
  | 'lastOutcome'
  | 'requestHeaders'
  | 'basicAuth'
  | 'userAgent'
  | 'defaultZone'
  | 'pollCount'
>;

/** A server that answers 304 for ever, whatever it published since, is found out by asking without validators. */
const UNCONDITIONAL_EVERY = 50;
/** Longer ones are not kept: a header that size is refused by some servers, and by none missed. */
const MAX_VALIDATOR_CHARACTERS = 1024;
const ASK_AGAIN_MS = 10_000;
const NO_VALIDATORS = { etag: null, lastModified: null };

const NO_ANSWER = { status: null, wireBytes: 0, decodedBytes: 0, movedTo: null, freshForSeconds: null };
const UNCHANGED: PollOutcome = { kind: 'unchanged' };

/**
 * Polls one feed: takes from its host's budget, fetches it, reads it where it changed. Never throws, stores nothing.
 * `paid`: the budget's answer for the first request, where that was taken already.
 */
export async function pollFeed(tools: PollTools, target: PollRequest, now: Date, paid?: number): Promise<Poll> {
  const startedAt = performance.now();
  try {
    const wait = paid ?? (await tools.budget.take(target.host, now));
    if (wait > 0) return { ...NO_ANSWER, ...since(startedAt, now), outcome: putOff(wait) };
    return await fetchAndRead(tools, target, startedAt, now);
  } catch (error) {
    const outcome: PollOutcome = { kind: 'failed', failure: 'parse', message: `Inside newsrank: ${messageOf(error)}` };
    return { ...NO_ANSWER, ...since(startedAt, now), outcome };
  }
}

function since(startedAt: number, now: Date): Pick<Poll, 'startedAt' | 'durationMs'> {
  return { startedAt: now, durationMs: Math.round(performance.now() - startedAt) };
}

function putOff(seconds: number): PollOutcome {
  return { kind: 'limited', retryAfterSeconds: seconds, wholeHost: true };
}

async function fetchAndRead(tools: PollTools, target: PollRequest, startedAt: number, now: Date): Promise<Poll> {
  const isWhole = target.pollCount % UNCONDITIONAL_EVERY === UNCONDITIONAL_EVERY - 1;
  const validators = isWhole || !target.trustsValidators ? NO_VALIDATORS : target;
  const answer = await fetchFeed(tools.client, requestOf(tools.budget, target, validators, now));
  if (answer.kind === 'failed') {
    const { failure, message, status, wireBytes, deferredSeconds } = answer;
    const poll = { ...NO_ANSWER, ...since(startedAt, now) };
    if (deferredSeconds !== undefined) return { ...poll, outcome: putOff(deferredSeconds) };
    return { ...poll, outcome: { kind: 'failed', failure, message }, status, wireBytes };
  }
  const outcome = answer.status === 304 ? UNCHANGED : await outcomeOf(tools, target, answer, now);
  const hasLied = outcome.kind === 'fresh' && (await haveLied(tools, target, outcome.validators, isWhole, now));
  // Field by field: this is made for every poll, and waits with thousands of others until it is written.
  const poll: Poll = {
    outcome,
    startedAt: now,
    durationMs: Math.round(performance.now() - startedAt),
    status: answer.status,
    wireBytes: answer.wireBytes,
    decodedBytes: answer.body.length,
    movedTo: answer.movedTo,
    freshForSeconds: freshForSeconds(answer.headers, now),
  };
  return hasLied ? { ...poll, hasLied } : poll;
}

/** Field by field: to spread a whole PollTarget costs as much as the request itself. */
function requestOf(
  budget: HostBudget,
  target: PollRequest,
  { etag, lastModified }: Pick<PollRequest, 'etag' | 'lastModified'>,
  now: Date,
): FetchRequest {
  const { url, host, requestHeaders, basicAuth, userAgent } = target;
  return { url, etag, lastModified, requestHeaders, basicAuth, userAgent, admit: admission(budget, host, now) };
}

/** A redirect to another host is paid for by that host. */
function admission(budget: HostBudget, host: string, now: Date): (url: URL) => Promise<number> {
  return async (url) => (hostOf(url) === host ? 0 : budget.take(hostOf(url), now));
}

/**
 * Whether the validators that we had would have hidden this new body from us: the new body carries the very same, or
 * the server, asked with them once more after it was asked without, claims that nothing changed.
 */
async function haveLied(
  tools: PollTools,
  target: PollRequest,
  given: Validators,
  isWhole: boolean,
  now: Date,
): Promise<boolean> {
  const { etag, lastModified, bodyHash, trustsValidators } = target;
  if (!trustsValidators || bodyHash === null || (etag === null && lastModified === null)) return false;
  if (!hasOtherValidators(target, given)) return true;
  if (!isWhole || (await tools.budget.take(target.host, now)) > 0) return false;
  const admit = admission(tools.budget, target.host, now);
  // In little time: the feed's lease is made for one chain of requests.
  const hasty = { ...tools.client, limits: { ...tools.client.limits, totalMs: ASK_AGAIN_MS } };
  const again = await fetchFeed(hasty, { ...target, admit });
  return again.kind === 'answer' && again.status === 304;
}

async function outcomeOf(tools: PollTools, target: PollRequest, answer: FetchAnswer, now: Date): Promise<PollOutcome> {
  const { status } = answer;
  // A part (206) must not be taken for the whole.
  if (status >= 200 && status <= 299 && status !== 206) return readAnswer(tools.reader, target, answer);
  return outcomeOfRefusal(tools.budget, answer, target.lastOutcome, now);
}

async function readAnswer(reader: FeedReader, target: PollRequest, answer: FetchAnswer): Promise<PollOutcome> {
  const { body, headers } = answer;
  if (isBlank(body)) return { kind: 'unchanged' };
  const bodyHash = bodyHashOf(body);
  const { etag, 'last-modified': lastModified, 'content-type': contentType = null } = headers;
  const validators = { etag: kept(etag), lastModified: kept(lastModified), bodyHash };
  if (target.bodyHash !== null && Buffer.compare(bodyHash, target.bodyHash) === 0) {
    return hasOtherValidators(target, validators) ? { kind: 'unchanged', validators } : { kind: 'unchanged' };
  }
  const read = await reader.read(body, { contentType, url: answer.url, defaultZone: target.defaultZone });
  if (read.kind === 'feed') {
    const feed = withNamedHub(read.feed, headers['link'], answer.url);
    return { kind: 'fresh', feed, entries: feed.entries, validators };
  }
  if (read.kind === 'not-a-feed') return { kind: 'failed', failure: 'not-a-feed', message: read.message };
  return { kind: 'failed', failure: 'parse', message: read.message, ...(read.isKilled ? { isKilled: true } : {}) };
}

function isBlank(body: Uint8Array): boolean {
  return body.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

/** What could not be sent back as a header is not kept either, since it would fail each request from then on. */
function kept(validator: string | undefined): string | null {
  if (validator === undefined || validator === '' || validator.length > MAX_VALIDATOR_CHARACTERS) return null;
  return /^[\t\x20-\x7e\x80-\xff]+$/.test(validator) ? validator : null;
}

function hasOtherValidators(target: PollRequest, validators: Validators): boolean {
  return target.etag !== validators.etag || target.lastModified !== validators.lastModified;
}
