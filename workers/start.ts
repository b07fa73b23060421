import { setTimeout as sleep } from 'node:timers/promises';
import type { Telemetry, Worker } from 'bullmq';
import type { Role, Settings } from '../config/settings.ts';
import { type Clock, HOUR, MINUTE, SECOND, systemClock } from '../src/clock.ts';
import type { Closers } from '../src/closers.ts';
import type { Engines } from '../src/engines/open.ts';
import type { SharedBudget } from '../src/feeds/host-budget.ts';
import type { OutageWatch } from '../src/feeds/outage.ts';
import type { PollTools } from '../src/feeds/poll.ts';
import type { Log } from '../src/log.ts';
import type { Metrics } from '../src/metrics.ts';
import { type Jobs, type QueueName, STAGES } from '../src/queues/jobs.ts';
import { type JobQueue, keepTicking, openQueue, openWorker, watchQueues } from '../src/queues/open.ts';

export interface WorkerTools {
  readonly settings: Settings;
  /** How long running jobs may take to finish, from the moment at which all begins to be closed (ms). */
  readonly drainMs: number;
  readonly engines: Engines;
  readonly polls: JobQueue<'poll-feed'>;
  /** What fetches feeds, opened for who needs it. */
  readonly fetching: () => Promise<PollTools & { readonly budget: SharedBudget }>;
  readonly outage: OutageWatch;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  /** Where jobs are traced. */
  readonly telemetry: Telemetry | undefined;
}

interface OpenedWorker {
  readonly worker: Worker;
  /** Once, whoever asks: until then (ms of performance.now()) its jobs may finish. */
  drainOnce(until: number): Promise<void>;
}

const CLEAN_UP_INTERVAL = HOUR;
/** Polls ask for it themselves; this is for what a lost job, a push or a split left waiting. */
const MATCH_INTERVAL = 10 * SECOND;
/** Hubs are seen to less often than due feeds are looked for: a subscription lasts for days. */
const SUBSCRIPTION_TICKS = 3;

/** A process that lives as long is not one of those that are killed, or fail, again and again. */
const PROVEN_AFTER = 10 * SECOND;

/** How often a worker that is to end is asked whether its jobs have. */
const IDLE_CHECK = 20;
const QUIET_CHECKS = 25;

/** How often tickers are looked after: a flushed Redis has forgotten them, a killed worker may have broken one. */
const TICKER_CHECK = 10 * SECOND;

/** Opens the workers of the roles, without taking jobs yet; the result starts them. Their closers drain them. */
export async function openWorkers(roles: readonly Role[], tools: WorkerTools, closers: Closers): Promise<() => void> {
  const workers: OpenedWorker[] = [];
  const tickers: (() => Promise<void>)[] = [];
  const connection = await tools.engines.connectRedis('queue');
  const logOf = (queue: QueueName) => tools.log.child({ stage: STAGES[queue], queue });

  const work = async <Name extends QueueName>(
    name: Name,
    concurrency: number,
    handle: (payload: Jobs[Name]) => Promise<object>,
    stop = () => {},
  ) => {
    let running = 0;
    const log = logOf(name);
    // From 0, so that alerts see the first of them.
    for (const result of ['done', 'failed']) tools.metrics.jobs.inc({ queue: name, result }, 0);
    tools.metrics.jobsStalled.inc({ queue: name }, 0);
    const counted = async (payload: Jobs[Name]) => {
      running++;
      return await measured(name, log, handle)(payload).finally(() => running--);
    };
    const events = {
      onError: (error: string) => log.warn({ error }, 'worker error'),
      onStalled: () => tools.metrics.jobsStalled.inc({ queue: name }),
    };
    const connected = await tools.engines.connectRedis('worker');
    const worker = openWorker(name, connected, concurrency, counted, events, tools.telemetry);
    let drained: Promise<void> | undefined;
    const drainOnce = (until: number): Promise<void> => {
      if (drained !== undefined) return drained;
      drained = drain(worker, () => running === 0, until);
      stop();
      return drained;
    };
    workers.push({ worker, drainOnce });
    closers.add(`worker of ${name}`, async (begunAt) => {
      // All at once: none takes jobs while another finishes its own, and all have the same time. Each tells its own failure.
      const until = begunAt + tools.drainMs;
      for (const { drainOnce } of workers) drainOnce(until).catch(() => {});
      await drainOnce(until);
      if (running > 0) log.warn({ running }, 'jobs have not ended in time: others will run them again');
    });
  };
  const tick = (name: Exclude<QueueName, 'poll-feed'>, everyMs: number) => {
    const log = logOf(name);
    const queue = openQueue(name, connection, (error) => log.warn({ error }, 'queue'), tools.telemetry);
    closers.add(`queue ${name}`, () => queue.close());
    // By the machine's clock, as BullMQ goes.
    tickers.push(() => keepTicking(queue, everyMs, systemClock()));
    return queue;
  };
  const measured =
    <Name extends QueueName>(queue: Name, log: Log, handle: (payload: Jobs[Name]) => Promise<object>) =>
    async (payload: Jobs[Name]) => {
      const stop = tools.metrics.jobDuration.startTimer({ queue });
      try {
        const result = await handle(payload);
        tools.metrics.jobs.inc({ queue, result: 'done' });
        return result;
      } catch (error) {
        tools.metrics.jobs.inc({ queue, result: 'failed' });
        log.error({ err: error }, 'job failed');
        throw error;
      } finally {
        stop();
      }
    };

  const { settings, engines, outage, clock, metrics } = tools;
  const { sql, redis } = engines;
  // Each loads what it needs: to load all that others need takes longer than all else of a start.
  const openRole: Record<Role, () => Promise<void>> = {
    async scheduler() {
      const [{ scheduleFeeds }, { cleanUp }, { observeInstallation }, { dropSubscriptions }] = await Promise.all([
        ...([import('./schedule-feeds.ts'), import('./clean-up.ts'), import('./observe.ts')] as const),
        import('../src/feeds/websub/store.ts'),
      ]);
      tick('schedule-feeds', settings.SCHEDULE_INTERVAL);
      tick('clean-up', CLEAN_UP_INTERVAL);
      // Callbacks are not served any more: what was subscribed to before is forgotten, and polled like all else.
      if (settings.PUBLIC_URL === undefined) await dropSubscriptions(sql);
      else tick('keep-subscriptions', SUBSCRIPTION_TICKS * settings.SCHEDULE_INTERVAL);
      const queues = await watchQueues(() => engines.connectRedis('queue'), tools.log, closers);
      const isWorked = (queue: string) => queue !== 'keep-subscriptions' || settings.PUBLIC_URL !== undefined;
      const { isRedisEphemeral } = engines;
      const worked = queues.filter(({ name }) => isWorked(name));
      observeInstallation({ sql, redis, isRedisEphemeral, clock, metrics, queues: worked });
      // What a host's budget allows until the next tick, and some more, since other feeds of it may be put off.
      const span = Math.max(settings.SCHEDULE_INTERVAL, 15 * SECOND) / MINUTE;
      const share = { limit: 250, perHost: Math.ceil(settings.HOST_REQUESTS_PER_MINUTE * span) };
      await work('schedule-feeds', 1, scheduleFeeds({ sql, polls: tools.polls, clock, ...share }));
      const {
        ARTICLE_RETENTION: articleRetentionMs,
        READS_RETENTION: readsRetentionMs,
        SITE_TIME_ZONE: zone,
      } = settings;
      await work('clean-up', 1, cleanUp({ sql, clock, articleRetentionMs, readsRetentionMs, zone }));
    },
    async poller() {
      const [{ pollFeedJob }, { matchArticlesJob, matchSoon }, { measureOutage }] = await Promise.all([
        ...([import('./poll-feed.ts'), import('./match-articles.ts')] as const),
        import('../src/feeds/measure.ts'),
      ]);
      const shared = { ...tools, fetching: await tools.fetching(), sql };
      const limits = {
        minSeconds: settings.POLL_MIN_INTERVAL / SECOND,
        maxSeconds: settings.POLL_MAX_INTERVAL / SECOND,
      };
      const { POLL_CONCURRENCY: concurrency } = settings;
      const stopping = new AbortController();
      measureOutage(metrics, outage, clock);
      const matches = tick('match-articles', MATCH_INTERVAL);
      await work('match-articles', 1, matchArticlesJob({ sql, clock, metrics }));
      const hints = { matchSoon: matchSoon(matches) };
      const poll = pollFeedJob({
        ...{ ...shared, ...hints, limits, concurrency, log: logOf('poll-feed') },
        ...{ stopping: stopping.signal, provenAfter: PROVEN_AFTER },
      });
      // Each slot may be held by the last, slow feed of another batch.
      await work('poll-feed', concurrency, poll, () => stopping.abort());
      const { PUBLIC_URL: publicUrl } = settings;
      if (publicUrl === undefined) return;
      const { keepSubscriptionsJob } = await import('./keep-subscriptions.ts');
      await work('keep-subscriptions', 1, keepSubscriptionsJob({ ...shared, publicUrl }));
    },
    async counter() {
      const [{ archiveViews }, { auditCountsJob }] = await Promise.all([
        import('./archive-views.ts'),
        import('./audit-counts.ts'),
      ]);
      const site = { siteName: settings.SITE_NAME, zone: settings.SITE_TIME_ZONE };
      tick('archive-views', settings.ARCHIVE_INTERVAL);
      await work('archive-views', 1, archiveViews({ sql, redis, clock, metrics, site }));
      tick('audit-counts', HOUR);
      await work(
        'audit-counts',
        1,
        auditCountsJob({ ...tools, log: logOf('audit-counts'), sql, redis, zone: settings.SITE_TIME_ZONE }),
      );
    },
    async ranker() {
      const [{ buildRankings }, { openRankings }] = await Promise.all([
        import('./build-rankings.ts'),
        import('../src/ranking/build.ts'),
      ]);
      tick('build-rankings', settings.RANK_INTERVAL);
      const rankings = openRankings({ sql, redis, siteName: settings.SITE_NAME });
      await work('build-rankings', 1, buildRankings({ rankings, clock, metrics }));
    },
    async api() {},
  };
  for (const role of roles) await openRole[role]();

  const keepAll = async () => {
    const results = await Promise.allSettled(tickers.map((keep) => keep()));
    const failed = results.filter((result) => result.status === 'rejected').length;
    if (failed > 0) tools.log.warn({ failed }, 'tickers could not be looked after; trying again');
  };
  const timer = setInterval(() => void keepAll(), TICKER_CHECK);
  closers.add('tickers', () => clearInterval(timer));
  await keepAll();
  return () => {
    for (const { worker } of workers) void worker.run();
  };
}

/**
 * Lets running jobs finish until then; those that do not are run again elsewhere, as stalled. pause() ends
 * the wait for jobs, so that none is taken any more, and settles when those that were taken are done. Not always: it waits
 * for the end of its blocking connection, which never comes when that broke just before (2 of 16 trials) or, on a cluster,
 * when BullMQ takes the end for a failure and connects anew (1 of 3). Then quiet must do. The rest goes by force, since an
 * orderly close() waits for the same.
 */
async function drain(worker: Worker, isIdle: () => boolean, until: number): Promise<void> {
  const quiet = becomesQuiet(isIdle, until);
  await Promise.race([worker.pause().catch(() => quiet), quiet]);
  await worker.close(true);
}

/** Settles once no job has run for a while: one may be on its way here, and orders the next tick before it begins. */
async function becomesQuiet(isIdle: () => boolean, until: number): Promise<void> {
  for (let quiet = 0; quiet < QUIET_CHECKS && performance.now() < until; quiet = isIdle() ? quiet + 1 : 0) {
    await sleep(IDLE_CHECK, undefined, { ref: false });
  }
}
