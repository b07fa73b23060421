import type { CategorySlug, FeedId } from '../ids.ts';
import type { Entry, ParsedFeed } from './entry.ts';

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
}

/** What one poll needs to know of its feed beside that. */
export interface PollTarget extends Feed {
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly bodyHash: Uint8Array | null;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly basicAuth: string | null;
  readonly userAgent: string | null;
  readonly defaultZone: string | null;
  readonly strikes: number;
  readonly goneAt: Date | null;
  readonly movedTo: string | null;
  readonly movedSince: Date | null;
  readonly movedPolls: number;
}

export type FailureClass =
  | 'dns'
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'http-4xx'
  | 'http-5xx'
  | 'too-large'
  | 'blocked-address'
  | 'redirect-loop'
  | 'not-a-feed'
  | 'parse';

export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly bodyHash: Uint8Array | null;
}

/** What a poll came to. Each kind has its own rule in schedule.ts; none is an exception. */
export type PollOutcome =
  | {
      readonly kind: 'fresh';
      readonly feed: ParsedFeed;
      readonly entries: readonly Entry[];
      readonly validators: Validators;
    }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number; readonly wholeHost: boolean }
  | { readonly kind: 'failed'; readonly failure: FailureClass; readonly message: string };

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
}
