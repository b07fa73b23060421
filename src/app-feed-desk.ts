import type { Settings } from '../config/settings.ts';
import { storePush } from '../workers/store-push.ts';
import type { ApiTools } from './api/tools.ts';
import type { Fetching } from './app-fetching.ts';
import { previewFeed } from './articles/preview.ts';
import type { Clock } from './clock.ts';
import type { Sql } from './engines/sql.ts';
import { openAddressGuard } from './feeds/address-guard.ts';
import { discoverFeeds } from './feeds/discovery.ts';
import { limitsOf } from './feeds/interval.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

interface Tools {
  readonly settings: Settings;
  readonly sql: Sql;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
}

/** What an API does with feeds itself, when an admin or a hub asks: most never do, and do without what it loads. */
export function openFeedDesk(
  tools: Tools,
  fetching: Fetching,
): Pick<ApiTools, 'discoverFeeds' | 'storePush' | 'checkFeed'> {
  const { settings, clock } = tools;
  const { FETCH_ALLOW_CIDRS, FETCH_USER_AGENT: userAgent } = settings;
  const { reader } = fetching;
  const checking = { guard: openAddressGuard(FETCH_ALLOW_CIDRS), userAgent, reader, limits: limitsOf(settings) };
  return {
    discoverFeeds: (url) => discoverFeeds(fetching, url, clock()),
    storePush: storePush({ ...tools, reader }),
    checkFeed: (url) => previewFeed(checking, url, clock()),
  };
}
