import { type CategorySlug, type FeedId, feedId } from '../ids.ts';
import type { Feed, FeedState, KeptHints, PollTarget } from './feed.ts';
import { SILENCE_SECONDS } from './websub/subscription.ts';

const CATEGORIES = 'array(select category from feed_categories where feed_id = feeds.id order by category)';

/** Columns of a Feed that polls need as well. */
const SHARED_COLUMNS = `feeds.id, feeds.url, feeds.host, feeds.state, feeds.next_poll_at, feeds.interval_seconds,
  feeds.last_outcome, feeds.failures`;

/** Columns of a Feed; the table goes by the name `feeds`. */
export const FEED_COLUMNS = `${SHARED_COLUMNS}, ${CATEGORIES} as categories, feeds.title, feeds.site_url,
  feeds.language, feeds.last_polled_at, feeds.last_success_at, feeds.last_status, feeds.last_error, feeds.keep_days`;

/** Once a hub has pushed, it is relied on for its lease, unless it is silent for long or a poll found what it did not push. */
const PUSH_ALIVE_UNTIL = `(
    select least(lease_until, greatest(last_push_at, verified_at) + make_interval(secs => ${SILENCE_SECONDS}))
    from subscriptions where feed_id = feeds.id and subscriptions.state = 'verified'
      and last_push_at is not null and missed_at is null
  )`;

/** Columns of a PollTarget but for its strikes. What most feeds do not have is null, and so not in its JSON. */
export const TARGET_COLUMNS = `${SHARED_COLUMNS}, feeds.leased_until, feeds.rhythm_seconds, feeds.newest_entry_at,
  nullif(feeds.hints, '{}') as hints, feeds.poll_count, feeds.hub_url, feeds.topic_url, ${PUSH_ALIVE_UNTIL} as push_alive_until,
  feeds.etag, feeds.last_modified, feeds.body_hash, feeds.trusts_validators, feeds.missing_since, nullif(feeds.request_headers, '{}') as request_headers,
  feeds.basic_auth, feeds.user_agent, feeds.default_zone, feeds.gone_at, feeds.moved_to, feeds.moved_since,
  feeds.moved_polls, feeds.guid_trust, feeds.guid_trust_since`;

/** PollTargets, from a query with TARGET_COLUMNS that goes by the name `target`. */
export const TARGETS_JSON = `coalesce(json_agg(json_strip_nulls(to_json(target))), '[]') as targets`;

export interface FeedRow {
  readonly id: number;
  readonly url: string;
  readonly host: string;
  readonly title: string;
  readonly site_url: string | null;
  readonly language: string | null;
  readonly state: FeedState;
  readonly categories: readonly CategorySlug[];
  readonly next_poll_at: Date;
  readonly interval_seconds: number;
  readonly last_polled_at: Date | null;
  readonly last_success_at: Date | null;
  readonly last_outcome: string | null;
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly failures: number;
  readonly keep_days: number | null;
}

/**
 * A PollTarget as TARGETS_JSON gives it: what is null is left out. However many there are, they are one value of one row,
 * read by the engine's own parser of JSON: column by column, by the driver, they cost twice as much.
 */
export interface TargetJson {
  readonly id: number;
  readonly url: string;
  readonly host: string;
  readonly state: FeedState;
  readonly next_poll_at: string;
  readonly interval_seconds: number;
  readonly last_outcome?: string;
  readonly failures: number;
  readonly leased_until?: string;
  readonly rhythm_seconds?: number;
  readonly newest_entry_at?: string;
  readonly hints?: Partial<KeptHints>;
  readonly poll_count: number;
  readonly hub_url?: string;
  readonly topic_url?: string;
  readonly push_alive_until?: string;
  readonly etag?: string;
  readonly last_modified?: string;
  readonly body_hash?: string;
  readonly trusts_validators: boolean;
  readonly request_headers?: Readonly<Record<string, string>>;
  readonly basic_auth?: string;
  readonly user_agent?: string;
  readonly default_zone?: string;
  readonly strikes: number;
  readonly gone_at?: string;
  readonly missing_since?: string;
  readonly moved_to?: string;
  readonly moved_since?: string;
  readonly moved_polls: number;
  readonly guid_trust: PollTarget['guidTrust'];
  readonly guid_trust_since?: string;
}

export function toFeedId(row: { readonly id: number }): FeedId {
  return feedId(row.id);
}

export function toFeed(row: FeedRow): Feed {
  return {
    id: feedId(row.id),
    url: row.url,
    host: row.host,
    title: row.title,
    siteUrl: row.site_url,
    language: row.language,
    state: row.state,
    categories: row.categories,
    nextPollAt: row.next_poll_at,
    intervalSeconds: row.interval_seconds,
    lastPolledAt: row.last_polled_at,
    lastSuccessAt: row.last_success_at,
    lastOutcome: row.last_outcome,
    lastStatus: row.last_status,
    lastError: row.last_error,
    failures: row.failures,
    keepDays: row.keep_days,
  };
}

const NO_HINTS: KeptHints = { intervalSeconds: null, skipHours: [], skipDays: [], freshForSeconds: null };
const NO_HEADERS: Readonly<Record<string, string>> = {};

export function toPollTarget(row: TargetJson): PollTarget {
  // Written out: with so many fields, `...row` made an object of the slow kind, 85 µs a poll instead of 5.
  return {
    id: feedId(row.id),
    url: row.url,
    host: row.host,
    state: row.state,
    nextPollAt: new Date(row.next_poll_at),
    intervalSeconds: row.interval_seconds,
    lastOutcome: given(row.last_outcome),
    failures: row.failures,
    leasedUntil: dateOf(row.leased_until),
    rhythmSeconds: given(row.rhythm_seconds),
    newestEntryAt: dateOf(row.newest_entry_at),
    hints: row.hints === undefined ? NO_HINTS : { ...NO_HINTS, ...row.hints },
    pollCount: row.poll_count,
    hubUrl: given(row.hub_url),
    topicUrl: given(row.topic_url),
    pushAliveUntil: dateOf(row.push_alive_until),
    etag: given(row.etag),
    lastModified: given(row.last_modified),
    // As PostgreSQL writes bytes: \x and hexadecimal digits.
    bodyHash: row.body_hash === undefined ? null : new Uint8Array(Buffer.from(row.body_hash.slice(2), 'hex')),
    trustsValidators: row.trusts_validators,
    requestHeaders: row.request_headers ?? NO_HEADERS,
    basicAuth: given(row.basic_auth),
    userAgent: given(row.user_agent),
    defaultZone: given(row.default_zone),
    strikes: row.strikes,
    goneAt: dateOf(row.gone_at),
    missingSince: dateOf(row.missing_since),
    movedTo: given(row.moved_to),
    movedSince: dateOf(row.moved_since),
    movedPolls: row.moved_polls,
    guidTrust: row.guid_trust,
    guidTrustSince: dateOf(row.guid_trust_since),
  };
}

function given<T>(value: T | undefined): T | null {
  return value ?? null;
}

function dateOf(text: string | undefined): Date | null {
  return text === undefined ? null : new Date(text);
}
