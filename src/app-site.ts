import { pollJob } from '../workers/schedule-feeds.ts';
import { openServer } from './api/server.ts';
import type { ApiTools, HealthTools } from './api/tools.ts';
import type { Fetching } from './app-fetching.ts';
import { findArticleIdsByUrl, findCounted } from './articles/store.ts';
import { SECOND } from './clock.ts';
import type { Closers } from './closers.ts';
import type { Engines } from './engines/open.ts';
import { messageOf } from './errors.ts';
import { putBack } from './feeds/claim.ts';
import { pollNow } from './feeds/store.ts';
import { openOnce } from './open-once.ts';
import { type JobQueue, watchQueues } from './queues/open.ts';
import { openCatalogue } from './views/catalogue.ts';
import { openCollector } from './views/collector.ts';
import { readCrawlers } from './views/crawlers.ts';
import { openRefusals } from './views/refusals.ts';
import { registerEmbed } from './web/embed/register.ts';
import { registerPages } from './web/pages.ts';

type SiteEngines = Pick<Engines, 'openImpatientSql' | 'redis' | 'connectRedis'>;

/** The API and the pages, not yet listening. */
export async function openSite(
  { engines, ...health }: HealthTools & Pick<ApiTools, 'localToken'> & { readonly engines: SiteEngines },
  fetching: () => Promise<Fetching>,
  polls: JobQueue<'poll-feed'>,
  closers: Closers,
) {
  const { clock, settings, metrics, log } = health;
  const { redis } = engines;
  const sql = engines.openImpatientSql();
  const tools = { ...health, sql, redis };
  const viewsLog = log.child({ stage: 'views' });
  const deskTools = { ...tools, log: log.child({ stage: 'feeds' }) };
  const byIds = (ids: readonly string[]) => findCounted(sql, ids);
  const byUrls = (urls: readonly string[]) => findArticleIdsByUrl(sql, urls);
  const isCrawler = await readCrawlers(settings.CRAWLER_RANGES_FILE);
  const catalogue = openCatalogue({ byIds, byUrls }, clock);
  const limits = { readsPerAddress: settings.READS_PER_ADDRESS };
  const onRecorded = (reads: number, ms: number) => {
    metrics.viewBatchSize.observe(reads);
    metrics.viewRecordDuration.observe(ms / SECOND);
  };
  const refusals = openRefusals(sql, { byUrls }, clock);
  closers.add('refused views', () => refusals.flush());
  const flushing = setInterval(
    () => void refusals.flush().catch((error: unknown) => viewsLog.warn({ error: messageOf(error) }, 'refused views')),
    settings.ARCHIVE_INTERVAL,
  );
  closers.add('writing of refused views', () => clearInterval(flushing));
  const onRefused = refusals.note;
  const collector = openCollector({ redis, clock, catalogue, isCrawler, onRecorded, onRefused }, limits);
  closers.add('collector of views', () => collector.close());
  const desk = openOnce(async () => (await import('./app-feed-desk.ts')).openFeedDesk(deskTools, await fetching()));
  const api: ApiTools = {
    ...tools,
    collector,
    discoverFeeds: async (url) => (await desk()).discoverFeeds(url),
    storePush: async (...push) => (await desk()).storePush(...push),
    checkFeed: async (url) => (await desk()).checkFeed(url),
    async pollNow(feed) {
      const claimedUntil = await pollNow(sql, feed, clock());
      // Before all others, since somebody waits for it.
      if (claimedUntil === undefined) return;
      const job = pollJob([feed], claimedUntil);
      try {
        // Before all others, since somebody waits for it.
        await polls.add(job.name, job.data, { lifo: true });
      } catch (error) {
        // Who asks again must not be told that it is on its way.
        await putBack(sql, [feed], claimedUntil, { isBegun: false });
        throw error;
      }
    },
  };
  const queues = await watchQueues(() => engines.connectRedis('queue'), log, closers);
  const ops = { ...api, queues, log: log.child({ stage: 'web' }) };
  return openServer(api, [(server) => registerEmbed(server, api), (server) => registerPages(server, api, ops)]);
}
