import { type Clock, SECOND } from '../src/clock.ts';
import type { Sql } from '../src/engines/sql.ts';
import { claimDueFeeds } from '../src/feeds/claim.ts';
import { mendSchedule, watchClock } from '../src/feeds/mend-schedule.ts';
import type { FeedId } from '../src/ids.ts';
import type { JobQueue } from '../src/queues/open.ts';

interface Tools {
  readonly sql: Sql;
  readonly polls: Pick<JobQueue<'poll-feed'>, 'addBulk' | 'getWaitingCount'>;
  readonly clock: Clock;
  /** Feeds that are claimed at once, and of these from one host. */
  readonly limit: number;
  readonly perHost: number;
}

/** A feed whose job is lost (a flushed Redis) or not begun in time is due again after this long. */
const LEASE_MS = 60 * SECOND;

/**
 * Feeds in one job at most: half a claim, since each job costs as much as a few of its polls. Fewer due feeds than a claim
 * takes are shared out in this many jobs, so that several pollers have some of them.
 */
const MAX_BATCH = 125;
const MIN_JOBS = 3;

/**
 * How many feeds one tick may hand out: what waits longer than its lease has been claimed for nothing. It grows where it
 * was used up and the pollers have emptied the queue by the next tick, and shrinks where they have not.
 */
const ALLOWANCE = { first: 1000, least: 50, most: 50_000 };

/** Claims due feeds in PostgreSQL and hands them to the pollers in batches, as many as these get done. */
export function scheduleFeeds({ sql, polls, clock, limit, perHost }: Tools) {
  let allowance = ALLOWANCE.first;
  let claimed = 0;
  const isClockBack = watchClock(clock);
  return async (): Promise<{ claimed: number; mended: number }> => {
    const mended = isClockBack() ? await mendSchedule(sql, clock()) : 0;
    const waiting = await polls.getWaitingCount();
    if (waiting > 0) allowance = Math.max(ALLOWANCE.least, Math.floor(allowance / 2));
    else if (claimed >= allowance) allowance = Math.min(ALLOWANCE.most, allowance * 2);
    let room = allowance - waiting * MAX_BATCH;
    claimed = 0;
    for (let isMore = room > 0; isMore; ) {
      const asked = Math.min(limit, room);
      const leasedUntil = new Date(clock().getTime() + LEASE_MS);
      const { feeds, ...found } = await claimDueFeeds(sql, { limit: asked, perHost, leasedUntil }, clock());
      if (feeds.length > 0) await polls.addBulk(batchesOf(feeds).map((batch) => pollJob(batch, leasedUntil)));
      claimed += feeds.length;
      room -= feeds.length;
      isMore = found.isMore && room > 0;
    }
    return { claimed, mended };
  };
}

function batchesOf(feeds: readonly FeedId[]): FeedId[][] {
  const isMany = feeds.length >= 2 * MAX_BATCH;
  const size = isMany ? MAX_BATCH : Math.min(MAX_BATCH, Math.ceil(feeds.length / MIN_JOBS));
  return Array.from({ length: Math.ceil(feeds.length / size) }, (_, index) =>
    feeds.slice(index * size, (index + 1) * size),
  );
}

/** The job that polls feeds under the lease that they were claimed with. */
export function pollJob(feeds: readonly FeedId[], leasedUntil: Date) {
  return { name: 'poll-feed', data: { feeds, claimedUntil: leasedUntil.getTime() } };
}
