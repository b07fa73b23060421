import type { FeedExplanation } from '../../feeds/explain.ts';
import type { Feed } from '../../feeds/feed.ts';
import type { PollRecord } from '../../feeds/store.ts';
import type { PushState } from '../../feeds/websub/store.ts';
import { objectOf } from './object-of.ts';
import { Cursor } from './page.ts';
import {
  Flag,
  Integer,
  NullableInteger,
  NullableNumber,
  NullableText,
  NullableTime,
  Text,
  Texts,
  Time,
} from './scalars.ts';
import type { ValueOf } from './value-of.ts';

export const DEFAULT_FEEDS = 100;
const MAX_FEEDS = 500;

/** A string of digits, not a number: params are text, and a feed's id never has a sign or a fraction. */
export const FeedParams = objectOf({ id: { type: 'string', pattern: '^[1-9][0-9]{0,14}$', examples: ['1'] } });
export type FeedParams = ValueOf<typeof FeedParams>;

const FeedState = { enum: ['active', 'paused', 'retired', 'quarantined'] } as const;

export const FeedsQuery = {
  type: 'object',
  properties: {
    state: FeedState,
    category: { type: 'string', minLength: 1, maxLength: 256, description: 'Slug of a category.' },
    failing: { type: 'boolean', description: 'Those whose last poll failed, or those whose did not.' },
    url: { type: 'string', maxLength: 2048, description: 'The feed that has this URL, or had it once.' },
    cursor: Cursor,
    limit: { type: 'integer', minimum: 1, maximum: MAX_FEEDS, description: '100 where absent.' },
  },
} as const;

const Url = { type: 'string', minLength: 1, maxLength: 2048 } as const;
const Title = { type: 'string', maxLength: 255 } as const;
const CategoryNames = { type: 'array', items: { type: 'string', minLength: 1, maxLength: 128 }, maxItems: 64 } as const;

const KeepDays = {
  type: 'integer',
  minimum: 1,
  maximum: 36_500,
  description: 'For how many days articles are kept that the feed carries no more; ARTICLE_RETENTION where absent.',
} as const;

/** null takes the value away. */
const nullable = <const Schema extends object>(schema: Schema) => ({ anyOf: [schema, { type: 'null' }] }) as const;

export const CheckBody = {
  ...objectOf({ url: Url }),
  additionalProperties: false,
  examples: [{ url: 'https://example.com/feed' }],
} as const;
export type CheckBody = ValueOf<typeof CheckBody>;

export const NewFeedBody = {
  type: 'object',
  required: ['url'],
  properties: {
    url: Url,
    title: Title,
    categories: CategoryNames,
    keepDays: KeepDays,
    discover: {
      type: 'boolean',
      description: 'The URL may be a page: its feed is added. Where it has several, 422 names them.',
    },
  },
  additionalProperties: false,
  examples: [{ url: 'https://example.com/feed', categories: ['Politics'] }],
} as const;

export const FeedChangesBody = {
  type: 'object',
  properties: {
    title: Title,
    state: { enum: ['active', 'paused'] },
    categories: CategoryNames,
    userAgent: nullable({ type: 'string', pattern: '^[\\x20-\\x7e]{3,256}$' }),
    requestHeaders: { type: 'object', additionalProperties: { type: 'string', maxLength: 4096 } },
    basicAuth: nullable({ type: 'string', pattern: '^[^:\\x00-\\x1f]+:[^\\x00-\\x1f]*$', maxLength: 512 }),
    defaultZone: nullable({ type: 'string', maxLength: 64, description: 'IANA zone of dates without one.' }),
    keepDays: nullable(KeepDays),
  },
  additionalProperties: false,
  minProperties: 1,
  examples: [{ state: 'paused', categories: ['Politics', 'World'] }],
} as const;

const fields = {
  id: Integer,
  url: Text,
  host: Text,
  title: Text,
  siteUrl: NullableText,
  language: NullableText,
  state: FeedState,
  categories: Texts,
  nextPollAt: Time,
  intervalSeconds: Integer,
  lastPolledAt: NullableTime,
  lastSuccessAt: NullableTime,
  lastOutcome: NullableText,
  lastStatus: NullableInteger,
  lastError: NullableText,
  failures: Integer,
  keepDays: NullableInteger,
} as const;

export const FeedSchema = objectOf(fields);
export type FeedBody = ValueOf<typeof FeedSchema>;

const PollSchema = objectOf({
  startedAt: Time,
  outcome: Text,
  status: NullableInteger,
  wireBytes: Integer,
  durationMs: Integer,
  inserted: Integer,
  updated: Integer,
  unchanged: Integer,
  error: NullableText,
});

export function pollBody(poll: PollRecord): ValueOf<typeof PollSchema> {
  return { ...poll, startedAt: poll.startedAt.toISOString() };
}

const PushSchema = {
  ...objectOf({
    hub: Text,
    topic: Text,
    state: { enum: ['wanted', 'verified', 'denied'] },
    leaseUntil: NullableTime,
    lastPushAt: NullableTime,
    lastError: NullableText,
  }),
  description: 'The WebSub subscription; null where there is none.',
} as const;

export function pushBody(push: PushState | undefined): ValueOf<typeof PushSchema> | null {
  if (push === undefined) return null;
  const { leaseUntil, lastPushAt } = push;
  const state = push.state as 'wanted';
  return {
    ...push,
    state,
    leaseUntil: leaseUntil?.toISOString() ?? null,
    lastPushAt: lastPushAt?.toISOString() ?? null,
  };
}

export const FeedDetailSchema = objectOf({
  ...fields,
  polls: { type: 'array', items: PollSchema },
  push: { anyOf: [PushSchema, { type: 'null' }] },
});

export const ExplanationSchema = objectOf({
  feed: FeedSchema,
  isDue: Flag,
  reasons: {
    type: 'array',
    items: objectOf({ about: Text, says: Text }),
    description: 'Why it is due when it is, a sentence each.',
  },
  validators: objectOf({
    etag: NullableText,
    lastModified: NullableText,
    hasBodyHash: Flag,
    isTrusted: Flag,
    says: Text,
  }),
  answered: Integer,
  notModifiedRatio: NullableNumber,
  advice: NullableText,
  polls: { type: 'array', items: PollSchema },
});
export type ExplanationBody = ValueOf<typeof ExplanationSchema>;

export function explanationBody(feed: Feed, explanation: FeedExplanation): ExplanationBody {
  return { feed: feedBody(feed), ...explanation, polls: explanation.polls.map(pollBody) };
}

export const QueuedSchema = objectOf({ queued: { type: 'boolean', const: true } });

export const ImportedSchema = objectOf({
  added: Integer,
  existing: Integer,
  rejected: Integer,
  problems: {
    type: 'array',
    items: objectOf({ url: Text, message: Text }),
    description: 'The first hundred of the rejected.',
  },
  outlinesLeftOut: { ...Integer, description: 'Outlines without a feed beyond the 10,000 that are kept.' },
});

/** Field by field: what else is known of a feed may hold its owner's secrets. */
export function feedBody(feed: Feed): FeedBody {
  const { id, url, host, title, siteUrl, language, state, intervalSeconds } = feed;
  const { lastOutcome, lastStatus, lastError, failures, keepDays } = feed;
  return {
    ...{ id, url, host, title, siteUrl, language, state },
    categories: feed.categories,
    nextPollAt: feed.nextPollAt.toISOString(),
    intervalSeconds,
    lastPolledAt: feed.lastPolledAt?.toISOString() ?? null,
    lastSuccessAt: feed.lastSuccessAt?.toISOString() ?? null,
    ...{ lastOutcome, lastStatus, lastError, failures, keepDays },
  };
}
