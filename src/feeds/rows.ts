import { type CategorySlug, type FeedId, feedId } from '../ids.ts';
import type { Feed, FeedState, KeptHints, PollTarget } from './feed.ts';
import { SILENCE_SECONDS } from './websub/subscription.ts';

const CATEGORIES = 'array(select category from feed_categories where feed_id = feeds.id order by category)';

/** Columns of a Feed that no poll needs. */
export const PEOPLE_COLUMNS = `feeds.title, feeds.site_url, feeds.language, feeds.last_polled_at, feeds.last_success_at,
  feeds.last_status, feeds.last_error, feeds.keep_days`;

/** Columns of a Feed that polls need as well. */
const SHARED_COLUMNS = `feeds.id, feeds.url, feeds.host, feeds.state, ${CATEGORIES} as categories, feeds.next_poll_at,
  feeds.interval_seconds, feeds.last_outcome, feeds.failures`;

/** Columns of a Feed; the table goes by the name `feeds`. */
export const FEED_COLUMNS = `${SHARED_COLUMNS}, ${PEOPLE_COLUMNS}`;

/** Once a hub has pushed, it is relied on for its lease, unless it is silent for long or a poll found what it did not push. */
const PUSH_ALIVE_UNTIL = `(
    select least(lease_until, greatest(last_push_at, verified_at) + make_interval(secs => ${SILENCE_SECONDS}))
    from subscriptions where feed_id = feeds.id and subscriptions.state = 'verified'
      and last_push_at is not null and missed_at is null
  )`;

/** Columns of a PollTarget. What most feeds do not have is null, which costs a poll nothing to read. */
export const TARGET_COLUMNS = `${SHARED_COLUMNS}, feeds.leased_until, feeds.rhythm_seconds, feeds.newest_entry_at,
  nullif(feeds.hints, '{}') as hints, feeds.poll_count, feeds.hub_url, feeds.topic_url, ${PUSH_ALIVE_UNTIL} as push_alive_until, feeds.etag, feeds.last_modified, feeds.body_hash, feeds.trusts_validators, feeds.missing_since,
  nullif(feeds.request_headers, '{}') as request_headers,
  feeds.basic_auth, feeds.user_agent, feeds.default_zone, feeds.strikes, feeds.gone_at, feeds.moved_to,
  feeds.moved_since, feeds.moved_polls, feeds.guid_trust, feeds.guid_trust_since`;

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

type ForPeople =
  | 'title'
  | 'site_url'
  | 'language'
  | 'last_polled_at'
  | 'last_success_at'
  | 'last_status'
  | 'last_error'
  | 'keep_days';

export interface TargetRow extends Omit<FeedRow, ForPeople> {
  readonly leased_until: Date | null;
  readonly rhythm_seconds: number | null;
  readonly newest_entry_at: Date | null;
  readonly hints: Partial<KeptHints> | null;
  readonly poll_count: number;
  readonly hub_url: string | null;
  readonly topic_url: string | null;
  readonly push_alive_until: Date | null;
  readonly etag: string | null;
  readonly last_modified: string | null;
  readonly body_hash: Uint8Array | null;
  readonly trusts_validators: boolean;
  readonly request_headers: Readonly<Record<string, string>> | null;
  readonly basic_auth: string | null;
  readonly user_agent: string | null;
  readonly default_zone: string | null;
  readonly strikes: number;
  readonly gone_at: Date | null;
  readonly missing_since: Date | null;
  readonly moved_to: string | null;
  readonly moved_since: Date | null;
  readonly moved_polls: number;
  readonly guid_trust: PollTarget['guidTrust'];
  readonly guid_trust_since: Date | null;
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

export function toPollTarget(row: TargetRow): PollTarget {
  // Written out: with so many fields, `...toFeed(row)` made an object of the slow kind, 85 µs a poll instead of 5.
  return {
    id: feedId(row.id),
    url: row.url,
    host: row.host,
    state: row.state,
    categories: row.categories,
    nextPollAt: row.next_poll_at,
    intervalSeconds: row.interval_seconds,
    lastOutcome: row.last_outcome,
    failures: row.failures,
    leasedUntil: row.leased_until,
    rhythmSeconds: row.rhythm_seconds,
    newestEntryAt: row.newest_entry_at,
    hints: row.hints === null ? NO_HINTS : { ...NO_HINTS, ...row.hints },
    pollCount: row.poll_count,
    hubUrl: row.hub_url,
    topicUrl: row.topic_url,
    pushAliveUntil: row.push_alive_until,
    etag: row.etag,
    lastModified: row.last_modified,
    bodyHash: row.body_hash,
    trustsValidators: row.trusts_validators,
    requestHeaders: row.request_headers ?? NO_HEADERS,
    basicAuth: row.basic_auth,
    userAgent: row.user_agent,
    defaultZone: row.default_zone,
    strikes: row.strikes,
    goneAt: row.gone_at,
    missingSince: row.missing_since,
    movedTo: row.moved_to,
    movedSince: row.moved_since,
    movedPolls: row.moved_polls,
    guidTrust: row.guid_trust,
    guidTrustSince: row.guid_trust_since,
  };
}
