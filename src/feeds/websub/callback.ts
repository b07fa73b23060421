import type { Sql } from '../../engines/sql.ts';
import { cleanText } from '../categories.ts';
import { COLUMNS, POLL_SOON, type SubscriptionRow, toSubscription } from './store.ts';
import {
  DENIED_RETRY_SECONDS,
  ENDED_KEPT_SECONDS,
  leaseSecondsOf,
  renewalSeconds,
  type Subscription,
  VERIFIABLE_SECONDS,
} from './subscription.ts';

/** What a hub asks or tells at a callback, as its query says. */
export interface HubMessage {
  readonly mode: string;
  readonly topic: string;
  readonly leaseSeconds?: string | undefined;
  readonly reason?: string | undefined;
}

const MAX_ERROR = 1000;

/**
 * Whether we meant it: the hub asks before it begins or ends to push, and tells when it will not. Asked again, as after
 * a lost answer, it hears the same. False for what nobody here asked for.
 */
export async function answerHub(sql: Sql, token: string, message: HubMessage, now: Date): Promise<boolean> {
  switch (message.mode) {
    case 'subscribe':
      return confirmBegin(sql, token, message, now);
    case 'unsubscribe':
      return confirmEnd(sql, token, message, now);
    case 'denied':
      return noteDenial(sql, token, message, now);
    default:
      return false;
  }
}

async function confirmBegin(sql: Sql, token: string, message: HubMessage, now: Date): Promise<boolean> {
  const lease = leaseSecondsOf(message.leaseSeconds);
  const { rows } = await sql.query(
    `update subscriptions set state = 'verified', failures = 0, last_error = null, verified_at = $3,
       lease_until = $3::timestamptz + make_interval(secs => $4),
       next_attempt_at = $3::timestamptz + make_interval(secs => $5 * (0.95 + 0.05 * random()))
     where token = $1 and topic = $2 and state in ('wanted', 'verified')
       and requested_at > $3::timestamptz - make_interval(secs => $6)
     returning id`,
    [token, message.topic, now, lease, renewalSeconds(lease), VERIFIABLE_SECONDS],
  );
  return rows.length > 0;
}

async function confirmEnd(sql: Sql, token: string, message: HubMessage, now: Date): Promise<boolean> {
  const { rows } = await sql.query(
    `update subscriptions set state = 'ended', next_attempt_at = $3::timestamptz + make_interval(secs => $4)
     where token = $1 and topic = $2 and state in ('ending', 'ended') returning id`,
    [token, message.topic, now, ENDED_KEPT_SECONDS],
  );
  return rows.length > 0;
}

/** A hub may deny at any time, also what it confirmed before. Polling takes over at once. */
async function noteDenial(sql: Sql, token: string, message: HubMessage, now: Date): Promise<boolean> {
  const reason = cleanText(message.reason ?? '', MAX_ERROR);
  const { rows } = await sql.query<{ feed_id: number | null }>(
    `update subscriptions set lease_until = null, last_error = $4,
       state = case when state in ('ending', 'ended') then 'ended' else 'denied' end,
       next_attempt_at = $3::timestamptz + make_interval(secs => $5)
     where token = $1 and topic = $2 returning feed_id`,
    [token, message.topic, now, reason === '' ? 'The hub will not push this feed.' : reason, DENIED_RETRY_SECONDS],
  );
  const [denied] = rows;
  if (denied === undefined) return false;
  if (denied.feed_id !== null) await sql.query(`${POLL_SOON} where feeds.id = $2`, [now, denied.feed_id]);
  return true;
}

/** The subscription that pushes to this callback; undefined where none is to. */
export async function findPushed(sql: Sql, token: string): Promise<Subscription | undefined> {
  const { rows } = await sql.query<SubscriptionRow>(
    `select ${COLUMNS} from subscriptions where token = $1 and state in ('wanted', 'verified') and feed_id is not null`,
    [token],
  );
  return rows[0] && toSubscription(rows[0]);
}
