import type { Settings } from '../config/settings.ts';
import { pollFeedJob } from '../workers/poll-feed.ts';
import { pollJob } from '../workers/schedule-feeds.ts';
import { openFetching } from './app-fetching.ts';
import { matchArticles } from './articles/copies/match-articles.ts';
import { systemClock } from './clock.ts';
import { openClosers } from './closers.ts';
import type { Sql } from './engines/sql.ts';
import { limitsOf } from './feeds/interval.ts';
import { openOutageWatch } from './feeds/outage.ts';
import { pollNow } from './feeds/store.ts';
import type { FeedId } from './ids.ts';
import { openLog } from './log.ts';
import { openMetrics } from './metrics.ts';
import { readVersion } from './version.ts';

/** Polls one feed in this process, whatever its schedule says, where no newsrank runs that could be asked. */
export async function pollOnce(settings: Settings, sql: Sql, feed: FeedId): Promise<void> {
  const log = openLog('silent');
  const closers = openClosers(() => undefined);
  try {
    const unbounded = { take: async () => 0, takeAll: async () => [0], stop: async () => {} };
    const metrics = openMetrics(readVersion());
    const fetching = openFetching(settings, unbounded, metrics, closers);
    const tools = { sql, fetching, limits: limitsOf(settings), clock: systemClock, random: Math.random, log };
    const stopping = new AbortController().signal;
    const matchSoon = async () => void (await matchArticles(sql, systemClock()));
    const poll = pollFeedJob({
      ...tools,
      matchSoon,
      outage: openOutageWatch(),
      metrics,
      concurrency: 1,
      stopping,
      provenAfter: 0,
    });
    const claimedUntil = await pollNow(sql, feed, systemClock());
    if (claimedUntil !== undefined) await poll(pollJob([feed], claimedUntil).data);
  } finally {
    await closers.closeAll();
  }
}
