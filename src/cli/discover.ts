import type { Settings } from '../../config/settings.ts';
import { systemClock } from '../clock.ts';
import type { DiscoveredFeed } from '../feeds/candidate-order.ts';
import type { DiscoveredFeeds } from '../feeds/discovery.ts';
import { asTable } from './terminal.ts';

/** Finds the feeds of a page. */
export type Discover = (settings: Settings, url: string) => Promise<DiscoveredFeeds>;

/**
 * From this process, which needs no engine for it. A person waits: the host's budget is left out. What fetches is loaded
 * here and not above, since no other verb needs it.
 */
export const discoverHere: Discover = async (settings, url) => {
  const [{ openAddressGuard }, { openHttpClient }, { openFeedReader }, { discoverFeeds }] = await Promise.all([
    ...([import('../feeds/address-guard.ts'), import('../feeds/http-client.ts')] as const),
    ...([import('../feeds/reader.ts'), import('../feeds/discovery.ts')] as const),
  ]);
  const guard = openAddressGuard(settings.FETCH_ALLOW_CIDRS);
  const client = openHttpClient({ guard, userAgent: settings.FETCH_USER_AGENT });
  const reader = openFeedReader({ threads: 1 });
  const budget = { take: async () => 0, takeAll: async () => [], stop: async () => {} };
  try {
    return await discoverFeeds({ client, reader, budget }, url, systemClock());
  } finally {
    await Promise.all([client.close(), reader.close()]);
  }
};

/** The feeds of a page as a table for people. */
export function candidateTable(feeds: readonly DiscoveredFeed[]): string {
  return asTable(
    feeds.map(({ title, format, language, entries, isComments, url }) => ({
      ...{ title, format, language, entries, url, note: isComments ? 'comments' : '' },
    })),
  );
}
