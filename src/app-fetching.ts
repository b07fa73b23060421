import { availableParallelism } from 'node:os';
import type { Settings } from '../config/settings.ts';
import type { Closers } from './closers.ts';
import { openAddressGuard } from './feeds/address-guard.ts';
import type { SharedBudget } from './feeds/host-budget.ts';
import { openHttpClient } from './feeds/http-client.ts';
import { measureFetching } from './feeds/measure.ts';
import type { PollTools } from './feeds/poll.ts';
import { openFeedReader } from './feeds/reader.ts';
import type { Metrics } from './metrics.ts';

/** What feeds are fetched and read with, in one process. */
export type Fetching = PollTools & { readonly budget: SharedBudget };

/** Opens what fetches and reads feeds, within the budgets of their hosts. */
export function openFetching(
  settings: Pick<Settings, 'FETCH_ALLOW_CIDRS' | 'FETCH_USER_AGENT'>,
  budget: SharedBudget,
  metrics: Metrics,
  closers: Closers,
): Fetching {
  const guard = openAddressGuard(settings.FETCH_ALLOW_CIDRS);
  const { notePhase, onRead } = measureFetching(metrics);
  const client = openHttpClient({ guard, userAgent: settings.FETCH_USER_AGENT, notePhase });
  closers.add('feed connections', () => client.close());
  const reader = openFeedReader({ threads: Math.max(1, availableParallelism() - 1), onRead });
  closers.add('feed reader', () => reader.close());
  return { client, reader, budget };
}
