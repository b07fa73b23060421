import { availableParallelism } from 'node:os';
import type { Settings } from '../config/settings.ts';
import { pollFeedJob } from '../workers/poll-feed.ts';
import { pollJob } from '../workers/schedule-feeds.ts';
import { openWorkers } from '../workers/start.ts';
import { storePush } from '../workers/store-push.ts';
import { announceAccess, loopbackUrl, newLocalToken } from './api/local-access.ts';
import { checkPort } from './api/port.ts';
import { listen, openHealthServer, openServer } from './api/server.ts';
import type { ApiTools, HealthTools, Readiness } from './api/tools.ts';
import { matchArticles } from './articles/copies/match-articles.ts';
import { previewFeed } from './articles/preview.ts';
import { findArticleIdsByUrl, findCounted } from './articles/store.ts';
import { type Clock, SECOND, systemClock } from './clock.ts';
import { type Closers, openClosers } from './closers.ts';
import { type Engines, openEngines } from './engines/open.ts';
import { pingRedis } from './engines/redis.ts';
import type { Sql } from './engines/sql.ts';
import { messageOf } from './errors.ts';
import { openAddressGuard } from './feeds/address-guard.ts';
import { discoverFeeds } from './feeds/discovery.ts';
import { readFeedsFile } from './feeds/feeds-file.ts';
import { openHostBudget, type SharedBudget } from './feeds/host-budget.ts';
import { openHttpClient } from './feeds/http-client.ts';
import { limitsOf } from './feeds/interval.ts';
import { measureFetching } from './feeds/measure.ts';
import { openOutageWatch } from './feeds/outage.ts';
import type { PollTools } from './feeds/poll.ts';
import { openFeedReader } from './feeds/reader.ts';
import { addFeeds, pollNow } from './feeds/store.ts';
import type { FeedId } from './ids.ts';
import { type Log, openLog } from './log.ts';
import { type Metrics, openMetrics } from './metrics.ts';
import { keepPulse } from './pulse.ts';
import { type JobQueue, openQueue, watchQueues } from './queues/open.ts';
import { openTraces } from './queues/traces.ts';
import { migrate } from './schema/migrate.ts';
import { readVersion } from './version.ts';
import { archiveCounts } from './views/archive.ts';
import { openCatalogue } from './views/catalogue.ts';
import { openCollector } from './views/collector.ts';
import { readCrawlers } from './views/crawlers.ts';
import { openRefusals } from './views/refusals.ts';
import { restoreCounts } from './views/restore.ts';
import { registerEmbed } from './web/embed/register.ts';
import { registerPages } from './web/pages.ts';

/** The whole product, running. */
export interface App {
  /** Where it answers, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Stops accepting, finishes what runs, writes what is counted, closes all. Returns when nothing is left open. */
  stop(): Promise<void>;
}

export interface AppOptions {
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** Opens everything that the settings' roles need; when one thing cannot be opened, what was opened before is closed. */
export async function openApp(settings: Settings, log: Log, options: AppOptions = {}): Promise<App> {
  const closers = openClosers((name, message) => log.error({ name, error: message }, 'could not be closed'));
  try {
    return await open(settings, log, { clock: systemClock, random: Math.random, ...options }, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function open(settings: Settings, log: Log, tools: Required<AppOptions>, closers: Closers): Promise<App> {
  const { clock } = tools;
  const roles = new Set(settings.ROLES);
  const feeds = roles.has('scheduler') ? await readFeedsFile(settings.FEEDS_FILE) : [];
  await checkPort(settings);
  const version = readVersion();
  const metrics = openMetrics(version);
  const engines = await openEngines(settings, closers, log, {
    onError: (dependency) => metrics.dependencyErrors.inc({ dependency }),
    onReconnect: () => metrics.redisReconnects.inc(),
  });
  observeConnections(engines, metrics);
  const { sql, redis } = engines;
  await migrate(sql, log);
  if (roles.has('counter')) {
    await restoreCounts(sql, redis, clock());
    closers.add('last archive of counts', async () => {
      metrics.archiveRows.inc(await archiveCounts(sql, redis, clock()));
    });
  }
  const added = await addFeeds(sql, feeds, clock());
  if (added.added.length > 0) log.info({ added: added.added.length }, `feeds added from ${settings.FEEDS_FILE}`);
  for (const { url, message } of added.rejected)
    log.warn({ url }, `a feed of ${settings.FEEDS_FILE} is left out: ${message}`);

  const { OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl } = settings;
  const traces = collectorUrl === undefined ? undefined : await openTraces(collectorUrl, version, log);
  if (traces !== undefined) closers.add('traces', () => traces.close());
  const polls = openQueue(
    'poll-feed',
    await engines.connectRedis('queue'),
    (error) => log.warn({ queue: 'poll-feed', error: error.message }, 'queue'),
    traces?.telemetry,
  );
  closers.add('queue poll-feed', () => polls.close());
  const budget = openHostBudget(redis, settings.HOST_REQUESTS_PER_MINUTE);
  const fetching = openFetching(settings, budget, metrics, closers);
  const outage = openOutageWatch();
  const run = await openWorkers(
    settings.ROLES,
    { ...tools, settings, engines, polls, fetching, outage, metrics, log, telemetry: traces?.telemetry },
    closers,
  );

  keepPulse(redis, metrics, clock, closers);
  let isStopping = false;
  const isReady = () => readiness(engines, metrics, isStopping);
  metrics.onScrape(async () => void (await isReady()));
  const health = { settings, metrics, log, isReady, clock };
  const localToken = newLocalToken();
  const server = roles.has('api')
    ? await openSite({ ...health, engines, localToken }, fetching, polls, closers)
    : await openHealthServer(health);
  closers.add('HTTP server', () => server.close());
  const url = await listen(server, settings);
  if (roles.has('api')) await letCommandsIn(settings, url, localToken, closers);
  run();
  log.info({ url, roles: settings.ROLES }, `newsrank ${version} is ready: ${url}`);
  return {
    url,
    async stop() {
      isStopping = true;
      await closers.closeAll();
      log.info('stopped');
    },
  };
}

/** An embedded data folder is open to one process only: commands beside it go through that one's API. */
async function letCommandsIn(settings: Settings, listening: string, token: string, closers: Closers): Promise<void> {
  const url = loopbackUrl(listening);
  if (settings.DATABASE_URL !== undefined || url === undefined) return;
  const { remove } = await announceAccess(settings.DATA_DIR, { url, token });
  closers.add('way in for commands', remove);
}

/** The API and the pages, not yet listening. */
async function openSite(
  { engines, ...health }: HealthTools & Pick<ApiTools, 'localToken'> & { readonly engines: Engines },
  fetching: PollTools,
  polls: JobQueue<'poll-feed'>,
  closers: Closers,
) {
  const { clock, settings, metrics, log } = health;
  const { sql, redis } = engines;
  const tools = { ...health, sql, redis };
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
    () => void refusals.flush().catch((error: unknown) => log.warn({ error: messageOf(error) }, 'refused views')),
    settings.ARCHIVE_INTERVAL,
  );
  closers.add('writing of refused views', () => clearInterval(flushing));
  const onRefused = refusals.note;
  const collector = openCollector({ redis, clock, catalogue, isCrawler, onRecorded, onRefused }, limits);
  closers.add('collector of views', () => collector.close());
  const { FETCH_ALLOW_CIDRS, FETCH_USER_AGENT: userAgent } = settings;
  const checking = { guard: openAddressGuard(FETCH_ALLOW_CIDRS), userAgent, limits: limitsOf(settings) };
  const api: ApiTools = {
    ...tools,
    collector,
    discoverFeeds: (url) => discoverFeeds(fetching, url, clock()),
    storePush: storePush({ ...tools, reader: fetching.reader }),
    checkFeed: (url) => previewFeed({ ...checking, reader: fetching.reader }, url, clock()),
    async pollNow(feed) {
      const claimedUntil = await pollNow(sql, feed, clock());
      // Before all others, since somebody waits for it.
      const job = claimedUntil && pollJob([feed], claimedUntil);
      if (job !== undefined) await polls.add(job.name, job.data, { lifo: true });
    },
  };
  const queues = await watchQueues(() => engines.connectRedis('queue'), log, closers);
  const ops = { ...api, queues };
  return openServer(api, [(server) => registerEmbed(server, api), (server) => registerPages(server, api, ops)]);
}

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
    const poll = pollFeedJob({ ...tools, matchSoon, outage: openOutageWatch(), metrics, concurrency: 1, stopping });
    const claimedUntil = await pollNow(sql, feed, systemClock());
    if (claimedUntil !== undefined) await poll(pollJob([feed], claimedUntil).data);
  } finally {
    await closers.closeAll();
  }
}

function openFetching(settings: Settings, budget: SharedBudget, metrics: Metrics, closers: Closers) {
  const guard = openAddressGuard(settings.FETCH_ALLOW_CIDRS);
  const { notePhase, onRead } = measureFetching(metrics);
  const client = openHttpClient({ guard, userAgent: settings.FETCH_USER_AGENT, notePhase });
  closers.add('feed connections', () => client.close());
  const reader = openFeedReader({ threads: Math.max(1, availableParallelism() - 1), onRead });
  closers.add('feed reader', () => reader.close());
  return { client, reader, budget };
}

function observeConnections({ databaseConnections }: Engines, metrics: Metrics): void {
  for (const dependency of ['postgresql', 'redis'] as const) metrics.dependencyErrors.inc({ dependency }, 0);
  metrics.onScrape(async () => {
    for (const [state, count] of Object.entries(databaseConnections()))
      metrics.databaseConnections.set({ state }, count);
  });
}

/** Asks both servers at once; one that takes over a second counts as down. */
async function readiness({ sql, redis }: Engines, metrics: Metrics, isStopping: boolean): Promise<Readiness> {
  const patience = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('late')), SECOND).unref());
  const [database, cache] = await Promise.allSettled([
    Promise.race([sql.query('select 1'), patience]),
    Promise.race([pingRedis(redis), patience]),
  ]);
  const state = (result: PromiseSettledResult<unknown>) => (result.status === 'fulfilled' ? 'up' : 'down');
  const dependencies = { postgresql: state(database), redis: state(cache) } as const;
  metrics.dependencyUp.set({ dependency: 'postgresql' }, database.status === 'fulfilled' ? 1 : 0);
  metrics.dependencyUp.set({ dependency: 'redis' }, cache.status === 'fulfilled' ? 1 : 0);
  return { isReady: !isStopping && database.status === 'fulfilled' && cache.status === 'fulfilled', dependencies };
}
