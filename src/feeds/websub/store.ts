import { randomBytes } from 'node:crypto';
import type { Sql } from '../../engines/sql.ts';
import { type FeedId, feedId } from '../../ids.ts';
import {
  callbackOf,
  ENDED_KEPT_SECONDS,
  FIRST_RETRY_SECONDS,
  LONGEST_RETRY_SECONDS,
  MAX_ENDING_ATTEMPTS,
  type Subscription,
  type SubscriptionState,
} from './subscription.ts';

/** A subscription as people see it. */
export interface PushState {
  readonly hub: string;
  readonly topic: string;
  readonly state: SubscriptionState;
  readonly leaseUntil: Date | null;
  readonly lastPushAt: Date | null;
  readonly lastError: string | null;
}

export interface SubscriptionRow {
  readonly id: number;
  readonly feed_id: number | null;
  readonly hub: string;
  readonly topic: string;
  readonly public_url: string;
  readonly token: string;
  readonly secret: string;
  readonly state: SubscriptionState;
  readonly requested_at: Date | null;
}

export const COLUMNS = 'id, feed_id, hub, topic, public_url, token, secret, state, requested_at';

/** New subscriptions that one look makes at most, so that the first look at a hundred thousand feeds is short. */
const NEW_AT_ONCE = 1000;

const NEED = `feeds.state in ('active', 'quarantined')
  and feeds.hub_url = subscriptions.hub and feeds.topic_url = subscriptions.topic`;

export function toSubscription(row: SubscriptionRow): Subscription {
  return {
    ...{ id: row.id, feed: row.feed_id === null ? null : feedId(row.feed_id), hub: row.hub, topic: row.topic },
    ...{ callback: callbackOf(row.public_url, row.token), secret: row.secret, state: row.state },
    requestedAt: row.requested_at,
  };
}

/**
 * Brings what is subscribed to in line with what the feeds name: a feed that polls and names a hub has one subscription;
 * one that was removed, paused or retired, or names another hub, has its subscription taken back. Also lets go of leases
 * that ran out (their feeds are due) and of what is over.
 */
export async function matchSubscriptions(sql: Sql, publicUrl: string, now: Date): Promise<{ added: number }> {
  await sql.query(
    // One that no hub ever confirmed has nothing to take back.
    `update subscriptions set failures = 0,
       state = case when verified_at is null then 'ended' else 'ending' end,
       next_attempt_at = case when verified_at is null then $1::timestamptz + make_interval(secs => $3) else $1 end
     where state in ('wanted', 'verified', 'denied')
       and (public_url <> $2 or not exists (select from feeds where feeds.id = feed_id and ${NEED}))`,
    [now, publicUrl, ENDED_KEPT_SECONDS],
  );
  const expired = await sql.query<{ feed_id: number | null }>(
    `update subscriptions set state = 'wanted', lease_until = null
     where state = 'verified' and lease_until <= $1 returning feed_id`,
    [now],
  );
  // In a statement of its own: a poll locks its feed first, then the subscription.
  const unpushed = expired.rows.map((row) => row.feed_id);
  if (unpushed.length > 0) {
    await sql.query(
      `with locked as materialized (
         select id from feeds where id = any($2::bigint[]) order by id for no key update
       ) ${POLL_SOON} from locked where feeds.id = locked.id`,
      [now, unpushed],
    );
  }
  await sql.query(
    `update subscriptions set state = 'ended', next_attempt_at = $1::timestamptz + make_interval(secs => $3)
     where state = 'ending' and failures >= $2 and next_attempt_at <= $1`,
    [now, MAX_ENDING_ATTEMPTS, ENDED_KEPT_SECONDS],
  );
  await sql.query(`delete from subscriptions where state = 'ended' and next_attempt_at <= $1`, [now]);
  return { added: await addSubscriptions(sql, publicUrl, now) };
}

/** Of feeds whose push ended: many may end at once, and are spread. */
export const POLL_SOON = `update feeds set
  next_poll_at = least(next_poll_at, $1::timestamptz + random() * interval '5 minutes')`;

async function addSubscriptions(sql: Sql, publicUrl: string, now: Date): Promise<number> {
  const { rows } = await sql.query<{ id: number }>(
    `select id from feeds where hub_url is not null and state = 'active' and not exists (
       select from subscriptions where feed_id = feeds.id and subscriptions.state not in ('ending', 'ended')
     ) order by id limit $1`,
    [NEW_AT_ONCE],
  );
  if (rows.length === 0) return 0;
  const { count } = await sql.query(
    `insert into subscriptions (feed_id, hub, topic, public_url, token, secret, next_attempt_at)
     select feeds.id, hub_url, topic_url, $4, token, secret, $5
     from feeds join unnest($1::bigint[], $2::text[], $3::text[]) as new (feed, token, secret) on feeds.id = new.feed
     where hub_url is not null
     on conflict do nothing`,
    [rows.map(({ id }) => id), rows.map(() => secretOf(24)), rows.map(() => secretOf(32)), publicUrl, now],
  );
  return count;
}

function secretOf(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

/** All subscriptions as over: the callback is not served any more, and polling relies on no push. */
export async function dropSubscriptions(sql: Sql): Promise<void> {
  await sql.query('delete from subscriptions');
}

/**
 * Takes subscriptions whose hub is to be asked now: to begin, to renew or to end. Each is written down as asked before
 * it is, since the hub may ask back before it answers, and is due again should nothing come of it.
 */
export async function claimSubscriptions(sql: Sql, limit: number, now: Date): Promise<Subscription[]> {
  const { rows } = await sql.query<SubscriptionRow>(
    `update subscriptions set requested_at = $1, failures = failures + 1,
       state = case when state = 'denied' then 'wanted' else state end,
       next_attempt_at = $1::timestamptz
         + make_interval(secs => least($3::float8 * power(2, least(failures, 20)), $4) * (0.9 + 0.2 * random()))
     where id in (
       select id from subscriptions where state <> 'ended' and next_attempt_at <= $1
       order by next_attempt_at limit $2 for update skip locked
     )
     returning ${COLUMNS}`,
    [now, limit, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS],
  );
  return rows.map(toSubscription);
}

/** The hub was not asked, as it had been asked often: that is no failure, and the next attempt comes when it may. */
export async function putOffRequest(sql: Sql, { id, requestedAt }: Subscription, until: Date): Promise<void> {
  await sql.query(
    `update subscriptions set failures = greatest(failures - 1, 0), next_attempt_at = $3
     where id = $1 and requested_at = $2 and failures > 0`,
    [id, requestedAt, until],
  );
}

/** What went wrong with a request, and before when the hub wants no other. */
export async function noteFailedRequest(
  sql: Sql,
  { id, requestedAt }: Subscription,
  message: string,
  notBefore: Date,
): Promise<void> {
  await sql.query(
    `update subscriptions set last_error = $3, next_attempt_at = greatest(next_attempt_at, $4)
     where id = $1 and requested_at = $2 and failures > 0`,
    [id, requestedAt, message, notBefore],
  );
}

/** How the feed's push stands; undefined where it has none. */
export async function findPushState(sql: Sql, feed: FeedId): Promise<PushState | undefined> {
  const { rows } = await sql.query<PushState>(
    `select hub, topic, state, lease_until as "leaseUntil", last_push_at as "lastPushAt", last_error as "lastError"
     from subscriptions where feed_id = $1 and state not in ('ending', 'ended')`,
    [feed],
  );
  return rows[0];
}

export async function countSubscriptions(sql: Sql): Promise<Partial<Record<SubscriptionState, number>>> {
  const { rows } = await sql.query<{ state: SubscriptionState; count: number }>(
    'select state, count(*) as count from subscriptions group by state',
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}
