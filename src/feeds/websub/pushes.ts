import type { Sql } from '../../engines/sql.ts';
import type { PollOutcome, PollTarget } from '../feed.ts';

/** What became of a push: `unwanted`, as its feed is not polled any more; `duplicate`, as it came before. */
export type PushResult = 'stored' | 'duplicate' | 'unreadable' | 'unwanted';

/** Of a subscription, so many bodies are known again when a hub, or somebody who listened, sends one twice. */
const REMEMBERED = 32;
const UNREADABLE_SECONDS = 7 * 24 * 3600;

/** Whether this very body was pushed before: an old one, sent again, must not undo what came after it. */
export async function isKnownPush(sql: Sql, id: number, hash: Uint8Array): Promise<boolean> {
  const { rows } = await sql.query('select id from subscriptions where id = $1 and $2::bytea = any(recent_pushes)', [
    id,
    hash,
  ]);
  return rows.length > 0;
}

/**
 * Writes down that this body was pushed. Called in the transaction that stores its articles, after them: a poll locks
 * rows in the same order (articles, feed, subscription), so that neither waits for the other in a circle.
 */
export async function notePush(sql: Sql, id: number, hash: Uint8Array, now: Date): Promise<void> {
  await sql.query(
    `update subscriptions set last_push_at = $3, missed_at = null,
       recent_pushes = ($2::bytea || recent_pushes)[1:${REMEMBERED}]
     where id = $1 and not ($2::bytea = any(recent_pushes))`,
    [id, hash, now],
  );
}

/** A hub whose push took its reader down is not listened to for a week. */
export async function refusePushes(sql: Sql, id: number, message: string, now: Date): Promise<void> {
  await sql.query(
    `update subscriptions set state = 'denied', lease_until = null, last_error = $2,
       next_attempt_at = $3::timestamptz + make_interval(secs => $4)
     where id = $1 and state in ('wanted', 'verified')`,
    [id, message, now, UNREADABLE_SECONDS],
  );
}

/**
 * What a poll tells about push: which hub the feed names now, and whether it found what should have been pushed; from
 * then on polling does not rely on the hub, until it pushes again. Writes nothing where nothing changed.
 */
export async function noteHub(
  sql: Sql,
  target: Pick<PollTarget, 'id' | 'url' | 'hubUrl' | 'topicUrl'>,
  outcome: PollOutcome,
  inserted: number,
  now: Date,
): Promise<void> {
  if (outcome.kind !== 'fresh') return;
  const { hubUrl, selfUrl } = outcome.feed;
  // A feed that does not name itself is known to its hub by the URL that everybody polls.
  const topicUrl = hubUrl === null ? null : (selfUrl ?? target.url);
  if (hubUrl !== target.hubUrl || topicUrl !== target.topicUrl) {
    await sql.query('update feeds set hub_url = $2, topic_url = $3 where id = $1', [target.id, hubUrl, topicUrl]);
  } else if (hubUrl !== null && inserted > 0) {
    await sql.query(`update subscriptions set missed_at = $2 where feed_id = $1 and state = 'verified'`, [
      target.id,
      now,
    ]);
  }
}
