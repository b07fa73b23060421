import { type Static, type TStringOptions, Type } from 'typebox';
import type { FeedExplanation } from '../../feeds/explain.ts';
import type { Feed } from '../../feeds/feed.ts';
import type { PollRecord } from '../../feeds/store.ts';
import type { PushState } from '../../feeds/websub/store.ts';
import { Cursor, NullableInteger, NullableText, NullableTime, Time } from './common.ts';

export const DEFAULT_FEEDS = 100;
export const MAX_FEEDS = 500;

/** A string of digits, not a number: params are text, and a feed's id never has a sign or a fraction. */
export const FeedParams = Type.Object({ id: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }) });
export type FeedParams = Static<typeof FeedParams>;

const FeedState = Type.Enum(['active', 'paused', 'retired', 'quarantined']);

export const FeedsQuery = Type.Object({
  state: Type.Optional(FeedState),
  category: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'Slug of a category.' })),
  failing: Type.Optional(Type.Boolean({ description: 'Those whose last poll failed, or those whose did not.' })),
  url: Type.Optional(Type.String({ maxLength: 2048, description: 'The feed that has this URL, or had it once.' })),
  cursor: Type.Optional(Cursor),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_FEEDS, description: '100 where absent.' })),
});
export type FeedsQuery = Static<typeof FeedsQuery>;

const Url = Type.String({ minLength: 1, maxLength: 2048 });
const Title = Type.String({ maxLength: 255 });
const CategoryNames = Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 64 });

/** null takes the value away. */
const nullable = (options: TStringOptions) => Type.Union([Type.String(options), Type.Null()]);

export const CheckBody = Type.Object({ url: Url }, { additionalProperties: false });
export type CheckBody = Static<typeof CheckBody>;

export const NewFeedBody = Type.Object(
  {
    url: Url,
    title: Type.Optional(Title),
    categories: Type.Optional(CategoryNames),
    discover: Type.Optional(
      Type.Boolean({ description: 'The URL may be a page: its feed is added. Where it has several, 422 names them.' }),
    ),
  },
  { additionalProperties: false },
);
export type NewFeedBody = Static<typeof NewFeedBody>;

export const FeedChangesBody = Type.Object(
  {
    title: Type.Optional(Title),
    state: Type.Optional(Type.Enum(['active', 'paused'])),
    categories: Type.Optional(CategoryNames),
    userAgent: Type.Optional(nullable({ pattern: '^[\\x20-\\x7e]{3,256}$' })),
    requestHeaders: Type.Optional(Type.Record(Type.String({ maxLength: 128 }), Type.String({ maxLength: 4096 }))),
    basicAuth: Type.Optional(nullable({ pattern: '^[^:\\x00-\\x1f]+:[^\\x00-\\x1f]*$', maxLength: 512 })),
    defaultZone: Type.Optional(nullable({ maxLength: 64, description: 'IANA zone of dates without one.' })),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type FeedChangesBody = Static<typeof FeedChangesBody>;

const fields = {
  id: Type.Integer(),
  url: Type.String(),
  host: Type.String(),
  title: Type.String(),
  siteUrl: NullableText,
  language: NullableText,
  state: FeedState,
  categories: Type.Array(Type.String()),
  nextPollAt: Time,
  intervalSeconds: Type.Integer(),
  lastPolledAt: NullableTime,
  lastSuccessAt: NullableTime,
  lastOutcome: NullableText,
  lastStatus: NullableInteger,
  lastError: NullableText,
  failures: Type.Integer(),
};

export const FeedSchema = Type.Object(fields);
export type FeedBody = Static<typeof FeedSchema>;

const PollSchema = Type.Object({
  startedAt: Time,
  outcome: Type.String(),
  status: NullableInteger,
  wireBytes: Type.Integer(),
  durationMs: Type.Integer(),
  inserted: Type.Integer(),
  updated: Type.Integer(),
  unchanged: Type.Integer(),
  error: NullableText,
});

export function pollBody(poll: PollRecord): Static<typeof PollSchema> {
  return { ...poll, startedAt: poll.startedAt.toISOString() };
}

const PushSchema = Type.Object(
  {
    hub: Type.String(),
    topic: Type.String(),
    state: Type.Enum(['wanted', 'verified', 'denied']),
    leaseUntil: NullableTime,
    lastPushAt: NullableTime,
    lastError: NullableText,
  },
  { description: 'The WebSub subscription; null where there is none.' },
);

export function pushBody(push: PushState | undefined): Static<typeof PushSchema> | null {
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

export const FeedDetailSchema = Type.Object({
  ...fields,
  polls: Type.Array(PollSchema),
  push: Type.Union([PushSchema, Type.Null()]),
});

export const ExplanationSchema = Type.Object({
  feed: FeedSchema,
  isDue: Type.Boolean(),
  reasons: Type.Array(Type.Object({ about: Type.String(), says: Type.String() }), {
    description: 'Why it is due when it is, a sentence each.',
  }),
  validators: Type.Object({
    etag: NullableText,
    lastModified: NullableText,
    hasBodyHash: Type.Boolean(),
    isTrusted: Type.Boolean(),
    says: Type.String(),
  }),
  answered: Type.Integer(),
  notModifiedRatio: Type.Unsafe<number | null>({ type: ['number', 'null'] }),
  advice: NullableText,
  polls: Type.Array(PollSchema),
});
export type ExplanationBody = Static<typeof ExplanationSchema>;

export function explanationBody(feed: Feed, explanation: FeedExplanation): ExplanationBody {
  return {
    feed: feedBody(feed),
    ...explanation,
    reasons: [...explanation.reasons],
    polls: explanation.polls.map(pollBody),
  };
}

export const QueuedSchema = Type.Object({ queued: Type.Literal(true) });

export const ImportedSchema = Type.Object({
  added: Type.Integer(),
  existing: Type.Integer(),
  rejected: Type.Integer(),
  problems: Type.Array(Type.Object({ url: Type.String(), message: Type.String() }), {
    description: 'The first hundred of the rejected.',
  }),
});

/** Field by field: what else is known of a feed may hold its owner's secrets. */
export function feedBody(feed: Feed): FeedBody {
  const { id, url, host, title, siteUrl, language, state, intervalSeconds } = feed;
  const { lastOutcome, lastStatus, lastError, failures } = feed;
  return {
    ...{ id, url, host, title, siteUrl, language, state },
    categories: [...feed.categories],
    nextPollAt: feed.nextPollAt.toISOString(),
    intervalSeconds,
    lastPolledAt: feed.lastPolledAt?.toISOString() ?? null,
    lastSuccessAt: feed.lastSuccessAt?.toISOString() ?? null,
    ...{ lastOutcome, lastStatus, lastError, failures },
  };
}
