import { DAY, MINUTE, SECOND } from '../clock.ts';
import type { PollOutcome } from './feed.ts';
import type { FetchAnswer } from './fetch.ts';
import type { HostBudget } from './host-budget.ts';
import { retryAfterSeconds } from './response-headers.ts';
import { hostOf } from './url.ts';

type Headers = FetchAnswer['headers'];

/** After a limit that does not say for how long: for the feed, and for the other feeds of its host. */
const UNSAID_LIMIT_SECONDS = (15 * MINUTE) / SECOND;
const LEAST_STOP_SECONDS = MINUTE / SECOND;

/**
 * They say 403 to who comes too often, without a header that tells so. Believed of a feed that answered the last time:
 * else one that is closed for good would have its whole host left alone for ever.
 */
const FORBID_THE_HASTY: ReadonlySet<string> = new Set(['reddit.com', 'github.com', 'stackexchange.com', 'sec.gov']);

const SUCCESSES: ReadonlySet<string | null> = new Set(['fresh', 'unchanged', 'moved']);

/**
 * What an answer other than a success or a 304 means, to a feed whose last poll went as `lastOutcome` says. A limit for
 * the whole host is told to its budget.
 */
export async function outcomeOfRefusal(
  budget: HostBudget,
  answer: FetchAnswer,
  lastOutcome: string | null,
  now: Date,
): Promise<PollOutcome> {
  const { status } = answer;
  if (status === 410) return { kind: 'gone' };
  // The host that answered, which after a redirect is not the one of the feed's URL.
  const host = hostOf(new URL(answer.url));
  const isHasty = FORBID_THE_HASTY.has(host) && SUCCESSES.has(lastOutcome);
  const limit = limitOf(answer, isHasty, now);
  if (limit?.wholeHost === true) {
    await budget.stop(host, Math.max(limit.retryAfterSeconds, LEAST_STOP_SECONDS), now);
  }
  return limit ?? refusal(status);
}

type Limit = Extract<PollOutcome, { kind: 'limited' }>;

/** A 503 is about the feed, and without Retry-After a failure like others; a 429 is about everything on its host. */
function limitOf({ status, headers }: FetchAnswer, isHasty: boolean, now: Date): Limit | undefined {
  const asked = retryAfterSeconds(headers, now);
  const limited = (seconds: number, wholeHost: boolean): Limit => ({
    kind: 'limited',
    retryAfterSeconds: seconds,
    wholeHost,
  });
  if (status === 503) return asked === null ? undefined : limited(asked, false);
  if (status === 429) return limited(asked ?? resetSeconds(headers, now) ?? UNSAID_LIMIT_SECONDS, true);
  if (status !== 403) return undefined;
  if (asked !== null) return limited(asked, true);
  if (isSpent(headers)) return limited(resetSeconds(headers, now) ?? UNSAID_LIMIT_SECONDS, true);
  return isHasty ? limited(UNSAID_LIMIT_SECONDS, true) : undefined;
}

const REMAINING = ['ratelimit-remaining', 'x-ratelimit-remaining', 'x-rate-limit-remaining'];
const RESET = ['ratelimit-reset', 'x-ratelimit-reset', 'x-rate-limit-reset'];
/** Numbers above are times since 1970, numbers below are seconds from now: both are in use. */
const EPOCH_FROM = 1e9;

function isSpent(headers: Headers): boolean {
  return REMAINING.some((name) => /^0+(\.0*)?$/.test(headers[name]?.trim() ?? ''));
}

function resetSeconds(headers: Headers, now: Date): number | null {
  const given = RESET.map((name) => headers[name]?.trim()).find((value) => /^\d{1,12}(\.\d+)?$/.test(value ?? ''));
  if (given === undefined) return null;
  const seconds = Number(given) >= EPOCH_FROM ? Number(given) - now.getTime() / SECOND : Number(given);
  return Math.min(Math.max(0, Math.ceil(seconds)), DAY / SECOND);
}

const SAYINGS: Readonly<Record<number, string>> = {
  206: 'The server answered 206, a part of the feed that nobody asked for.',
  401: 'The server answered 401: the feed needs basic auth or a header.',
  403: 'The server answered 403: it does not let us read this feed.',
  404: 'The server answered 404: there is no feed at this URL.',
  451: 'The server answered 451: it may not show the feed for legal reasons.',
};

function refusal(status: number): PollOutcome {
  if (status >= 500) {
    return failed('http-5xx', `The server answered ${status}: it has a problem of its own.`);
  }
  return failed('http-4xx', SAYINGS[status] ?? `The server answered ${status}, which is no feed.`);
}

function failed(failure: 'http-4xx' | 'http-5xx', message: string): PollOutcome {
  return { kind: 'failed', failure, message };
}
