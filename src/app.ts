import type { Settings } from '../config/settings.ts';
import { openWorkers } from '../workers/start.ts';
import { openHealthServer } from './api/health-server.ts';
import { announceAccess, loopbackUrl, newLocalToken } from './api/local-access.ts';
import { checkPort, listen } from './api/port.ts';
import type { Readiness } from './api/tools.ts';
import type { Fetching } from './app-fetching.ts';
import { type Clock, SECOND, systemClock } from './clock.ts';
import { type Closers, openClosers } from './closers.ts';
import { measureClockOffset } from './engines/clock-offset.ts';
import { type Engines, openEngines } from './engines/open.ts';
import { pingRedis } from './engines/redis.ts';
import { openSharedClock } from './engines/shared-clock.ts';
import type { Sql } from './engines/sql.ts';
import { keepMemoryEven } from './even-memory.ts';
import { openHostBudget } from './feeds/host-budget.ts';
import { openOutageWatch } from './feeds/outage.ts';
import type { Log } from './log.ts';
import { type Metrics, openMetrics } from './metrics.ts';
import { openOnce } from './open-once.ts';
import { keepPulse } from './pulse.ts';
import { openQueue } from './queues/open.ts';
import { openTraces } from './queues/traces.ts';
import { hasSchema, type Migration, migrate, readMigrations } from './schema/migrate.ts';
import { readVersion } from './version.ts';
import { archiveCounts } from './views/archive.ts';
import { restoreCounts } from './views/restore.ts';

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
  /** Once aborted, the start goes no further: what it opened is closed, and openApp() fails with the signal's reason. */
  readonly stopping?: AbortSignal;
}

/** Opens everything that the settings' roles need; when one thing cannot be opened, what was opened before is closed. */
export async function openApp(settings: Settings, log: Log, options: AppOptions = {}): Promise<App> {
  const { jobsMs, closedMs } = stopLimits(settings);
  const closers = openClosers(tellUnclosed(log), { limitMs: closedMs });
  const { stopping = new AbortController().signal } = options;
  try {
    const opened = open(settings, log, { clock: systemClock, random: Math.random, ...options, stopping }, closers);
    return await Promise.race([opened, givenUp(stopping, jobsMs)]);
  } catch (error) {
    await closers.closeAll();
    if (options.stopping?.aborted) log.info('stopped before it was ready');
    throw error;
  }
}

/**
 * Of the time that a stop may take: by when running jobs must have ended, and by when all is closed (ms after its begin).
 * In between counts are written, if PostgreSQL answers, which takes two seconds to find out. Then Node has to end.
 */
function stopLimits({ SHUTDOWN_TIMEOUT: whole }: Settings): { readonly jobsMs: number; readonly closedMs: number } {
  return {
    jobsMs: Math.max(whole - 5 * SECOND, whole / 2),
    closedMs: Math.max(whole - 2 * SECOND, (whole * 4) / 5),
  };
}

/** Fails so long after the signal (ms): what does not answer while it is opened is not waited for when the end has come. */
function givenUp(stopping: AbortSignal, afterMs: number): Promise<never> {
  return new Promise((_, reject) => {
    const giveUp = () => void setTimeout(reject, afterMs, stopping.reason).unref();
    stopping.addEventListener('abort', giveUp, { once: true });
  });
}

const tellUnclosed = (log: Log) => (name: string, error: string) => log.error({ name, error }, 'not closed');

async function open(settings: Settings, log: Log, tools: Required<AppOptions>, closers: Closers): Promise<App> {
  const { stopping } = tools;
  const roles = new Set(settings.ROLES);
  const keepFeeds = roles.has('scheduler') ? await readFeeds(settings, log) : async () => {};
  await checkPort(settings);
  const version = readVersion();
  const metrics = openMetrics(version, settings.ROLES);
  const engines = await openEngines(settings, closers, log, {
    onError: (dependency) => metrics.dependencyErrors.inc({ dependency }),
    onReconnect: () => metrics.redisReconnects.inc(),
  });
  stopping.throwIfAborted();
  observeEngines(engines, metrics, tools.clock);
  const { sql, redis } = engines;
  const migrations = await readMigrations();
  await migrate(sql, log, migrations);
  stopping.throwIfAborted();
  const clock = await clockOf(settings, tools, sql, log, closers);
  if (roles.has('counter')) {
    await restoreCounts(sql, redis, clock());
    closers.add('last archive of counts', async () => {
      if (await engines.answersAtLast()) metrics.archiveRows.inc(await archiveCounts(sql, redis, clock()));
      else tellUncounted(engines, log);
    });
  }
  await keepFeeds(sql, clock);
  stopping.throwIfAborted();

  const { OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl } = settings;
  const traces = collectorUrl === undefined ? undefined : await openTraces(collectorUrl, version, log);
  if (traces !== undefined) closers.add('traces', () => traces.close());
  const polls = openQueue(
    'poll-feed',
    await engines.connectRedis('queue'),
    (error) => log.warn({ queue: 'poll-feed', error }, 'queue'),
    traces?.telemetry,
  );
  closers.add('queue poll-feed', () => polls.close());
  // Whenever it is opened, it is closed after those that use it.
  const fetchingClosers = openClosers(tellUnclosed(log));
  closers.add('what fetches feeds', () => fetchingClosers.closeAll());
  const fetching = openOnce(async (): Promise<Fetching> => {
    const { openFetching } = await import('./app-fetching.ts');
    const budget = openHostBudget(redis, settings.HOST_REQUESTS_PER_MINUTE);
    return openFetching(settings, budget, metrics, fetchingClosers);
  });
  const outage = openOutageWatch();
  const run = await openWorkers(
    settings.ROLES,
    {
      ...{ ...tools, clock, settings, engines, polls, fetching, outage, metrics, log, telemetry: traces?.telemetry },
      drainMs: stopLimits(settings).jobsMs,
    },
    closers,
  );
  stopping.throwIfAborted();

  keepPulse(redis, metrics, clock, closers);
  keepMemoryEven(roles, closers);
  let isStopping = false;
  const isReady = () => readiness(engines, migrations, metrics, isStopping);
  metrics.onScrape(async () => void (await isReady()));
  const health = { settings, metrics, log, isReady, clock };
  const localToken = newLocalToken();
  const server = roles.has('api')
    ? await (await import('./app-site.ts')).openSite({ ...health, engines, localToken }, fetching, polls, closers)
    : await openHealthServer(health);
  closers.add('HTTP server', () => server.close());
  stopping.throwIfAborted();
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

function tellUncounted({ isRedisEphemeral }: Engines, log: Log): void {
  const what = isRedisEphemeral
    ? 'reads since the last archive are lost'
    : 'reads stay in Redis and are archived later';
  log.warn(`PostgreSQL does not answer: ${what}`);
}

/** With the embedded engines there is nobody to agree with. */
async function clockOf(
  { DATABASE_URL }: Settings,
  { clock }: Required<AppOptions>,
  sql: Sql,
  log: Log,
  closers: Closers,
): Promise<Clock> {
  if (DATABASE_URL === undefined) return clock;
  return await openSharedClock(sql, { clock, monotonic: () => performance.now() }, log, closers);
}

/** FEEDS_FILE is read at once, so that who made a mistake in it hears of it at once; its feeds are added later. */
async function readFeeds({ FEEDS_FILE: file }: Settings, log: Log): Promise<(sql: Sql, clock: Clock) => Promise<void>> {
  const [{ readFeedsFile }, { importFeedsAtStart }, { keepOutlines }] = await Promise.all([
    import('./feeds/feeds-file.ts'),
    import('./articles/import-feeds.ts'),
    import('./feeds/other-outlines.ts'),
  ]);
  const { feeds, others, outlinesLeftOut } = await readFeedsFile(file);
  return async (sql, clock) => {
    const { added, rejected } = await importFeedsAtStart(sql, feeds, clock());
    await keepOutlines(sql, others);
    if (added.length > 0) log.info({ added: added.length }, `feeds added from ${file}`);
    if (outlinesLeftOut > 0) log.warn({ outlinesLeftOut }, `${file} holds more outlines without a feed than are kept`);
    for (const { url, message } of rejected) log.warn({ url }, `a feed of ${file} is left out: ${message}`);
  };
}

/** An embedded data folder is open to one process only: commands beside it go through that one's API. */
async function letCommandsIn(settings: Settings, listening: string, token: string, closers: Closers): Promise<void> {
  const url = loopbackUrl(listening);
  if (settings.DATABASE_URL !== undefined || url === undefined) return;
  const { remove } = await announceAccess(settings.DATA_DIR, { url, token });
  closers.add('way in for commands', remove);
}

function observeEngines({ askDatabase, databaseConnections }: Engines, metrics: Metrics, clock: Clock): void {
  for (const dependency of ['postgresql', 'redis'] as const) metrics.dependencyErrors.inc({ dependency }, 0);
  metrics.onScrape(async () => {
    for (const [state, count] of Object.entries(databaseConnections()))
      metrics.databaseConnections.set({ state }, count);
  });
  metrics.onScrape(async () => metrics.clockOffset.set(await askDatabase((sql) => measureClockOffset(sql, clock))));
}

/** Asks both servers at once; one that takes over a second counts as down. */
async function readiness(
  { askDatabase, redis }: Engines,
  migrations: readonly Migration[],
  metrics: Metrics,
  isStopping: boolean,
): Promise<Readiness> {
  const patience = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('late')), SECOND).unref());
  const [database, cache] = await Promise.allSettled([
    askDatabase((sql) => hasSchema(sql, migrations)),
    Promise.race([pingRedis(redis), patience]),
  ]);
  const isUp = {
    postgresql: database.status === 'fulfilled',
    redis: cache.status === 'fulfilled',
    schema: database.status === 'fulfilled' && database.value,
  };
  for (const dependency of ['postgresql', 'redis'] as const) {
    metrics.dependencyUp.set({ dependency }, isUp[dependency] ? 1 : 0);
  }
  const states = Object.entries(isUp).map(([name, is]) => [name, is ? 'up' : 'down'] as const);
  return { isReady: !isStopping && Object.values(isUp).every(Boolean), dependencies: Object.fromEntries(states) };
}
