import type { CategorySlug, FeedId } from '../ids.ts';
import type { Entry, ParsedFeed, PublisherHints } from './entry.ts';

export type FeedState = 'active' | 'paused' | 'retired' | 'quarantined';

/** A URL we poll, as people see it. */
export interface Feed {
  readonly id: FeedId;
  readonly url: string;
  readonly host: string;
  readonly title: string;
  readonly siteUrl: string | null;
  readonly language: string | null;
  readonly state: FeedState;
  readonly categories: readonly CategorySlug[];
  readonly nextPollAt: Date;
  readonly intervalSeconds: number;
  readonly lastPolledAt: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly lastOutcome: string | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly failures: number;
  /** For how many days its articles are kept after it dropped them; null: ARTICLE_RETENTION. */
  readonly keepDays: number | null;
}

/** What the publisher asks for in the feed and in the caching headers of its last full answer. */
export interface KeptHints extends PublisherHints {
  readonly freshForSeconds: number | null;
}

/** What only people want to know of a feed: decoding it for each poll cost a fiftieth of all that a poll costs. */
type ForPeople =
  | 'title'
  | 'siteUrl'
  | 'language'
  | 'categories'
  | 'lastPolledAt'
  | 'lastSuccessAt'
  | 'lastStatus'
  | 'lastError'
  | 'keepDays';

/** What one poll needs to know of its feed. */
export interface PollTarget extends Omit<Feed, ForPeople> {
  /** Until when this poll may run; null where nobody claimed the feed. */
  readonly leasedUntil: Date | null;
  /** Half the median gap between the feed's recent entries; null where too few have dates. */
  readonly rhythmSeconds: number | null;
  readonly newestEntryAt: Date | null;
  readonly hints: KeptHints;
  /** Polls so far that reached the server. */
  readonly pollCount: number;
  /** WebSub: the hub that the feed names, and its name there; until when the hub can be relied on to push what is new. */
  readonly hubUrl: string | null;
  readonly topicUrl: string | null;
  readonly pushAliveUntil: Date | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly bodyHash: Uint8Array | null;
  /** False once a validator was caught standing for two different contents; then none is sent. */
  readonly trustsValidators: boolean;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly basicAuth: string | null;
  readonly userAgent: string | null;
  readonly defaultZone: string | null;
  readonly strikes: number;
  /** When the server first answered 410. */
  readonly goneAt: Date | null;
  /** Since when it has said nothing but 404 or 403. */
  readonly missingSince: Date | null;
  readonly movedTo: string | null;
  readonly movedSince: Date | null;
  readonly movedPolls: number;
  /** Whether its guids tell articles apart, and since when that is so. */
  readonly guidTrust: 'trusted' | 'changing' | 'reused';
  readonly guidTrustSince: Date | null;
}

export const FAILURE_CLASSES = [
  ...(['dns', 'connect', 'tls', 'timeout', 'http-4xx', 'http-5xx', 'too-large'] as const),
  ...(['blocked-address', 'redirect-loop', 'not-a-feed', 'parse'] as const),
] as const;

export type FailureClass = (typeof FAILURE_CLASSES)[number];

export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly bodyHash: Uint8Array | null;
}

/** What a poll came to. `isKilled`: the parser had to be stopped, or died. Each kind has its own rule in schedule.ts; none is an exception. */
export type PollOutcome =
  | {
      readonly kind: 'fresh';
      readonly feed: ParsedFeed;
      readonly entries: readonly Entry[];
      readonly validators: Validators;
    }
  /** `validators` where the server gave others than before for the body that we know. */
  | { readonly kind: 'unchanged'; readonly validators?: Validators }
  | { readonly kind: 'gone' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number; readonly wholeHost: boolean }
  | { readonly kind: 'failed'; readonly failure: FailureClass; readonly message: string; readonly isKilled?: true };

/** The outcome as it is stored and counted: its kind, for failures with the class, as in `failed:timeout`. */
export function outcomeName(outcome: PollOutcome): string {
  return outcome.kind === 'failed' ? `failed:${outcome.failure}` : outcome.kind;
}

/** What went wrong, for people; null where nothing did. */
export function outcomeMessage(outcome: PollOutcome): string | null {
  switch (outcome.kind) {
    case 'fresh':
    case 'unchanged':
      return null;
    case 'gone':
      return 'The server answered 410: the feed is gone for good.';
    case 'limited':
      return `The server asks to be left alone for ${Math.round(outcome.retryAfterSeconds)} seconds.`;
    case 'failed':
      return outcome.message;
    default:
      return outcome satisfies never;
  }
}

/** One poll, done: the outcome and what it took. */
export interface Poll {
  readonly outcome: PollOutcome;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly status: number | null;
  readonly wireBytes: number;
  readonly decodedBytes: number;
  /** Where permanent redirects led, if the answer came from elsewhere for good. */
  readonly movedTo: string | null;
  /** Seconds that the response's own caching headers ask us to wait (max-age less Age, Expires). */
  readonly freshForSeconds: number | null;
  /** The validators that we had stand for a body that is no longer there: with them we would have been told 304. */
  readonly hasLied?: true;
}

/** A feed with all that is known of it. */
export interface WholeFeed extends Feed, PollTarget {
  /** Whether it waits in the line of its host (claim.sql), which has more feeds due than its share. */
  readonly waitsByHost: boolean;
  /** When it was put off unasked, for the sake of its host, after its last poll. */
  readonly putOffAt: Date | null;
}
