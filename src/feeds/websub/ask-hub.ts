import { request } from 'undici';
import { type Failure, failureOf } from '../fetch-failure.ts';
import type { HttpClient } from '../http-client.ts';
import { retryAfterSeconds } from '../response-headers.ts';
import { urlProblem } from '../url.ts';
import { LEASE_SECONDS, type Subscription } from './subscription.ts';

/** What the hub made of a request. Accepted is not yet confirmed: that comes as a question to our callback. */
export type HubAnswer =
  | { readonly kind: 'accepted' }
  /** `retryAfterSeconds`: for how long the hub wants to be left alone, where it says. */
  | { readonly kind: 'failed'; readonly message: string; readonly retryAfterSeconds: number | null };

const REDIRECTS: ReadonlySet<number> = new Set([307, 308]);
const MAX_REASON_BYTES = 1024;

/** Asks the hub to begin or to end pushing, within the client's limits and address guard. Never throws. */
export async function askHub(
  client: HttpClient,
  subscription: Pick<Subscription, 'hub' | 'topic' | 'callback' | 'secret' | 'state'>,
  now: Date,
): Promise<HubAnswer> {
  const signal = AbortSignal.timeout(client.limits.totalMs);
  const body = formOf(subscription);
  let url = subscription.hub;
  try {
    for (let hops = 0; hops <= client.limits.redirects; hops++) {
      const problem = urlProblem(url);
      if (problem !== undefined) return failed(problem);
      const step = await post(client, url, body, signal, now);
      if (!('location' in step)) return step;
      if (!URL.canParse(step.location, url)) return failed('The hub redirects to what is no URL.');
      url = new URL(step.location, url).href;
    }
    return failed(`There were more than ${client.limits.redirects} redirects.`);
  } catch (error) {
    const late: Failure = { failure: 'timeout', message: 'The hub did not answer in time.' };
    return failed((signal.aborted ? late : failureOf(error)).message);
  }
}

function failed(message: string, seconds: number | null = null): HubAnswer {
  return { kind: 'failed', message, retryAfterSeconds: seconds };
}

/**
 * The secret goes to hubs without TLS too, which the recommendation discourages: who reads it there reads the callback
 * beside it, and without it anybody who learns the callback could push.
 */
function formOf({ topic, callback, secret, state }: Parameters<typeof askHub>[1]): string {
  const isEnding = state === 'ending';
  const lease = { 'hub.lease_seconds': String(LEASE_SECONDS), 'hub.secret': secret };
  return new URLSearchParams({
    'hub.mode': isEnding ? 'unsubscribe' : 'subscribe',
    'hub.topic': topic,
    'hub.callback': callback,
    ...(isEnding ? {} : lease),
  }).toString();
}

async function post(
  client: HttpClient,
  url: string,
  form: string,
  signal: AbortSignal,
  now: Date,
): Promise<HubAnswer | { readonly location: string }> {
  const { statusCode, headers, body } = await request(url, {
    dispatcher: client.agent,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': client.userAgent },
    body: form,
    signal,
  });
  const reason = await readReason(body);
  const { location, 'retry-after': retryAfter } = headers;
  if (REDIRECTS.has(statusCode) && typeof location === 'string') return { location };
  if (statusCode >= 200 && statusCode <= 299) return { kind: 'accepted' };
  const wait = retryAfterSeconds(typeof retryAfter === 'string' ? { 'retry-after': retryAfter } : {}, now);
  return failed(`The hub answered ${statusCode}${reason === '' ? '' : `: ${reason}`}.`, wait);
}

/** The beginning of what the hub says, for people; the rest is not waited for. */
async function readReason(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= MAX_REASON_BYTES) break;
  }
  const text = Buffer.concat(chunks).subarray(0, MAX_REASON_BYTES).toString();
  return /[<{]/.test(text)
    ? ''
    : text
        .replace(/[\s\p{Cc}\ufffd]+/gu, ' ')
        .trim()
        .slice(0, 200)
        .replace(/\.$/, '');
}
