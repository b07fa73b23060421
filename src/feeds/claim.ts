import { readFileSync } from 'node:fs';
import { SECOND } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { FeedId } from '../ids.ts';
import type { PollTarget } from './feed.ts';
import { TARGET_COLUMNS, TARGETS_JSON, type TargetJson, toFeedId, toPollTarget } from './rows.ts';
import { MAX_STRIKES, QUARANTINE_SECONDS } from './schedule.ts';

export interface Claim {
  /** Feeds at most, and of these of one host. */
  readonly limit: number;
  readonly perHost: number;
  /** Without a poll begun by then the feed is due again. */
  readonly leasedUntil: Date;
}

export interface Claimed {
  /** In turns of their hosts. */
  readonly feeds: FeedId[];
  /** Whether another claim at once may find more. */
  readonly isMore: boolean;
}

const CLAIM = readFileSync(new URL('./claim.sql', import.meta.url), 'utf8');

/**
 * Due feeds that are looked at for each that is taken. More would be a little fairer and cost more: each is a page of the
 * table, which among a million feeds is seldom in memory. A host that fills the head is moved out of the way.
 */
const HEAD_PER_PLACE = 2;

/** Claims due feeds, fairly by host, each for one poller. Safe to run in any number of processes at once. */
export async function claimDueFeeds(sql: Sql, { limit, perHost, leasedUntil }: Claim, now: Date): Promise<Claimed> {
  const parameters = [now, limit, perHost, leasedUntil, limit * HEAD_PER_PLACE, MAX_STRIKES, QUARANTINE_SECONDS];
  const { rows } = await sql.query<{ id: number; is_leased: boolean; is_chosen: boolean }>(CLAIM, parameters);
  const chosen = rows.filter((row) => row.is_chosen).length;
  return {
    feeds: rows.filter((row) => row.is_leased).map(toFeedId),
    isMore: chosen === limit || chosen < rows.length,
  };
}

/**
 * Takes the polls of claimed feeds: gives each a new lease, in place of the claim's, and what polling it needs. Left out
 * are feeds that are gone and those whose lease is not the claim's or has run out: somebody else took the same polls, as
 * with a duplicate of a job, or may do so any moment. So of any number of attempts under one claim only one polls.
 *
 * Of feeds that are suspect of killing their parser, or the process with it, the strike is written down here, before the
 * attempt; savePoll takes it back where the attempt ends well. The strikes that come back are those before this one.
 * Feeds with more than `mostStrikes` are left as they are claimed.
 */
export async function beginPolls(
  sql: Sql,
  feeds: readonly FeedId[],
  claimedUntil: Date,
  pollSeconds: number,
  now: Date,
  mostStrikes = MAX_STRIKES,
): Promise<PollTarget[]> {
  // Never the same as the claim's, or a duplicate would take it for that.
  const until = new Date(Math.max(now.getTime() + pollSeconds * SECOND, claimedUntil.getTime() + 1));
  const { rows } = await sql.query<{ targets: TargetJson[] }>(
    `with target as (
       update feeds set leased_until = $4, strikes = case when strikes > 0 then strikes + 1 else 0 end
       where id = any($1::bigint[]) and leased_until = $2 and leased_until > $3 and strikes <= $5
       returning ${TARGET_COLUMNS}, case when strikes > 0 then strikes - 1 else 0 end as strikes
     ) select ${TARGETS_JSON} from target`,
    [feeds, claimedUntil, now, until, mostStrikes],
  );
  return (rows[0]?.targets ?? []).map(toPollTarget);
}

/** Strikes of a feed that the next one keeps away for a day. */
const LAST_CHANCE = MAX_STRIKES - 1;
/** Feeds with more strikes are not polled beside others: whoever takes the process along would be blamed on all of them. */
export const MOST_STRIKES_TOGETHER = LAST_CHANCE - 1;

/** Of feeds claimed so, those that are to be begun one at a time. */
export async function findLastChances(sql: Sql, feeds: readonly FeedId[], claimedUntil: Date): Promise<FeedId[]> {
  const { rows } = await sql.query<{ id: number }>(
    'select id from feeds where id = any($1::bigint[]) and leased_until = $2 and strikes >= $3 order by id',
    [feeds, claimedUntil, LAST_CHANCE],
  );
  return rows.map(toFeedId);
}

/** Gives back what was claimed but not polled: the feeds are due again at once. `isBegun` takes their strike back. */
export async function putBack(
  sql: Sql,
  feeds: readonly FeedId[],
  leasedUntil: Date,
  { isBegun }: { isBegun: boolean },
): Promise<void> {
  await sql.query(
    `update feeds set leased_until = null, strikes = case when $3::boolean then greatest(strikes - 1, 0) else strikes end
     where id = any($1::bigint[]) and leased_until = $2`,
    [feeds, leasedUntil, isBegun],
  );
}
