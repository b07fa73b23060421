import type { AddressGuard } from './address-guard.ts';
import { adviceFor } from './advice.ts';
import type { DiscoveredFeed } from './candidate-order.ts';
import { discoverFeeds } from './discovery.ts';
import type { Entry, ParsedFeed } from './entry.ts';
import { explainInterval, hintSentences } from './explain.ts';
import { type KeptHints, outcomeMessage, outcomeName, type Poll } from './feed.ts';
import { openHttpClient } from './http-client.ts';
import { type IntervalLimits, intervalOf, newestOf, rhythmOf } from './interval.ts';
import { pollFeed } from './poll.ts';
import type { FeedReader } from './reader.ts';
import { type CheckStep, type NoteStep, watchClient, watchGuard, watchReader } from './trace.ts';
import { readFeedUrl } from './url.ts';

/** What a poll of a URL would bring, with nothing stored. */
export interface CheckedFeed {
  /** `fresh` where it is a feed; otherwise the kind of outcome, `failed` with its class: `failed:not-a-feed`. */
  readonly outcome: string;
  readonly status: number | null;
  /** Where permanent redirects lead: the better URL to add. */
  readonly movedTo: string | null;
  /** Each decision, in order. */
  readonly steps: readonly CheckStep[];
  readonly feed: Omit<ParsedFeed, 'entries'> | null;
  readonly entries: readonly Entry[];
  /** Seconds until the next poll, before jitter; null where it is no feed. */
  readonly intervalSeconds: number | null;
  /** Where the URL is a page: the feeds that it leads to, best first. */
  readonly candidates: readonly DiscoveredFeed[];
  /** What went wrong, and what to do about it; null where nothing did. */
  readonly message: string | null;
  readonly advice: string | null;
  readonly took: number;
}

export interface CheckTools {
  readonly guard: AddressGuard;
  readonly userAgent: string;
  readonly reader: FeedReader;
  /** Of the interval that would follow. */
  readonly limits: IntervalLimits;
}

const UNBOUNDED = { take: async () => 0, stop: async () => {} };

const NEVER_POLLED = {
  etag: null,
  lastModified: null,
  bodyHash: null,
  trustsValidators: true,
  lastOutcome: null,
  requestHeaders: {},
  basicAuth: null,
  userAgent: null,
  defaultZone: null,
  pollCount: 0,
};

/**
 * Polls `url` as a feed would be and tells each decision, on a connection of its own, so that there is one to tell. A
 * person waits for the answer: the host's budget is left out. Throws CodedError `feed-url-invalid`.
 */
export async function checkFeed(tools: CheckTools, url: string, now: Date): Promise<CheckedFeed> {
  const steps: CheckStep[] = [];
  const note: NoteStep = (step, says, isGood = true) => void steps.push({ step, says, isGood });
  const target = readFeedUrl(url);
  note('url', `${target.url}, one of ${target.host}`);
  const client = openHttpClient({ guard: watchGuard(tools.guard, note), userAgent: tools.userAgent });
  try {
    const watched = { client: watchClient(client, note), reader: watchReader(tools.reader, note) };
    const poll = await pollFeed({ ...watched, budget: UNBOUNDED }, { ...target, ...NEVER_POLLED }, now);
    const candidates = await candidatesOf(tools, poll, target.url, note, now);
    return { ...judge(poll, tools.limits, note, now), candidates, steps };
  } finally {
    await client.close();
  }
}

/** On connections that are not told about: there may be twenty. */
async function candidatesOf(
  { guard, userAgent, reader }: CheckTools,
  { outcome }: Poll,
  url: string,
  note: NoteStep,
  now: Date,
): Promise<readonly DiscoveredFeed[]> {
  if (outcome.kind !== 'failed' || outcome.failure !== 'not-a-feed') return [];
  const client = openHttpClient({ guard, userAgent });
  try {
    const { feeds, message } = await discoverFeeds({ client, reader, budget: UNBOUNDED }, url, now);
    note(
      'discovery',
      message ?? `It leads to ${feeds.length === 1 ? 'a feed' : `${feeds.length} feeds`}.`,
      message === null,
    );
    return feeds;
  } finally {
    await client.close();
  }
}

function judge(
  poll: Poll,
  limits: IntervalLimits,
  note: NoteStep,
  now: Date,
): Omit<CheckedFeed, 'steps' | 'candidates'> {
  const { outcome, status, movedTo, durationMs } = poll;
  const name = outcomeName(outcome);
  const checked = { outcome: name, status, movedTo, took: durationMs };
  if (outcome.kind !== 'fresh') {
    const message = outcomeMessage(outcome) ?? 'The answer is empty.';
    note('format', message, false);
    const nothing = { feed: null, entries: [], intervalSeconds: null };
    return { ...checked, ...nothing, message, advice: adviceFor(name, status) };
  }
  const { entries, ...feed } = outcome.feed;
  const hints: KeptHints = { ...feed.hints, freshForSeconds: poll.freshForSeconds };
  if (movedTo !== null) note('move', `It has moved for good to ${movedTo}: the better URL to add.`);
  note('format', `${feed.format}, "${feed.title}", ${entries.length} entries`, entries.length > 0);
  if (feed.hubUrl !== null) note('push', `It names a hub that pushes: ${feed.hubUrl}`);
  note('hints', hintSentences(hints).join(' ') || 'The publisher asks for nothing.');
  const rhythm = {
    rhythmSeconds: rhythmOf(entries, now),
    newestEntryAt: newestOf(entries, entries.length, null, now),
  };
  for (const { about, says } of explainInterval({ ...rhythm, hints }, limits, now)) {
    if (about !== 'hints') note('interval', says);
  }
  const wishedSeconds = Math.max(hints.intervalSeconds ?? 0, hints.freshForSeconds ?? 0);
  const intervalSeconds = intervalOf({ ...rhythm, wishedSeconds }, limits, now);
  return { ...checked, feed, entries, intervalSeconds, message: null, advice: null };
}
