import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * What is exposed at /metrics. Names carry the prefix `newsrank_`, base units and `_total` on counters; no label ever
 * holds a feed, URL, host, article or user agent, so that the number of series stays small whatever is polled.
 */
export type Metrics = ReturnType<typeof openMetrics>;

const PREFIX = 'newsrank_';
/** Prometheus waits for ten seconds: a server that hangs must not take along what says so. */
const REFRESH_PATIENCE_MS = 2000;
const FETCH_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const JOB_SECONDS = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30];
const PARSE_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];
const RECORD_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2];
const BATCH_SIZES = [1, 2, 5, 10, 20, 50, 100, 200];
const LATENESS_SECONDS = [0.5, 1, 5, 10, 30, 60, 300, 900, 3600];

/** Gauges of prom-client's that end in `_total`, as only counters may; the same numbers by type have other names. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Results that are counted from 0, so that a rate or an alert sees the first of them. */
const RESULTS = {
  articles: ['inserted', 'updated', 'unchanged', 'copy', 'rejected'],
  views: [...['read', 'duplicate', 'bot', 'prefetch'], ...['unknown_article', 'rate_limited', 'invalid', 'overload']],
} as const;

export function openMetrics(version: string, roles: readonly string[] = []) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Counter({ name: PREFIX + name, help, labelNames, registers });
  // Without a value until it is set: the 0 of a process that does no such work would be the least of all, and the best.
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) => {
    const made = new Gauge({ name: PREFIX + name, help, labelNames, registers });
    if (labelNames.length === 0) made.remove();
    return made;
  };
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly Label[] = [],
  ) => new Histogram({ name: PREFIX + name, help, buckets, labelNames, registers });

  const buildInfo = gauge('build_info', 'Always 1; the labels say what runs.', ['version', 'node']);
  buildInfo.set({ version, node: process.versions.node }, 1);
  const roleInfo = gauge('role_info', 'Always 1; of each role that the process has.', ['has']);
  for (const has of roles) roleInfo.set({ has }, 1);

  const refreshers: (() => Promise<void>)[] = [];
  const refreshing = new Map<() => Promise<void>, Promise<void>>();
  const handovers: (() => void)[] = [];

  const metrics = {
    registry,
    /** Registers what brings gauges up to date just before they are read. */
    onScrape(refresh: () => Promise<void>): void {
      refreshers.push(refresh);
    },
    /** Registers what hands over counts that are kept elsewhere, since to count there is cheaper. */
    onSettle(handOver: () => void): void {
      handovers.push(handOver);
    },
    /** Brings the counters up to date, at no cost worth speaking of; gauges stay as they are. */
    settle(): void {
      for (const handOver of handovers) handOver();
    },
    /** The Prometheus text; a gauge whose refresh fails, or hangs, keeps its last value. */
    async render(): Promise<string> {
      metrics.settle();
      const patience = new AbortController();
      const late = sleep(REFRESH_PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined);
      await Promise.race([Promise.allSettled(refreshers.map(refreshOnce)), late]);
      patience.abort();
      return registry.metrics();
    },
    feeds: gauge('feeds', 'Feeds by state. Whole installation, exported by the scheduler role.', ['state']),
    feedsOverdue: gauge('feeds_overdue', 'Feeds due for over a minute. Whole installation, scheduler role.'),
    feedsHeldByHost: gauge(
      'feeds_held_by_host',
      'Of feeds_overdue, those whose host has more due than it may be asked for at once. Whole installation, scheduler role.',
    ),
    pollLateness: histogram('poll_lateness_seconds', 'From due to started, per poll.', LATENESS_SECONDS),
    polls: counter(
      'polls_total',
      'Polls by outcome, failures by class. moved: as good as fresh or unchanged, and the feed has a new URL from then on.',
      ['outcome'],
    ),
    fetchDuration: histogram(
      'fetch_duration_seconds',
      'One fetch, and its parts: dns, connect (dns and TLS included), first_byte (connect included, of each redirect).',
      FETCH_SECONDS,
      ['phase'],
    ),
    fetchBytes: counter('fetch_bytes_total', 'Bytes of feed bodies, on the wire and decoded.', ['kind']),
    parseDuration: histogram('parse_duration_seconds', 'Reading one body in its thread.', PARSE_SECONDS),
    parseKills: counter('parse_kills_total', 'Bodies that took their thread down, by what ended it.', ['reason']),
    pushes: counter('pushes_total', 'Bodies that WebSub hubs pushed, by what became of them.', ['result']),
    subscriptions: gauge('subscriptions', 'WebSub subscriptions by state. Whole installation, scheduler role.', [
      'state',
    ]),
    subscriptionRequests: counter('subscription_requests_total', 'Requests to WebSub hubs.', ['result']),
    articles: counter('articles_total', 'Entries stored, by what became of them.', ['result']),
    views: counter('views_total', 'Views reported, by what became of them.', ['result']),
    viewBatchSize: histogram('view_batch_size', 'Reads that one script call recorded.', BATCH_SIZES),
    viewRecordDuration: histogram(
      'view_record_duration_seconds',
      'One script call that records reads.',
      RECORD_SECONDS,
    ),
    archiveLag: gauge(
      'archive_lag_seconds',
      'Since this process last archived counts. Any counter does it: read with min.',
    ),
    archiveRows: counter('archive_rows_total', 'Rows of counts written to PostgreSQL.'),
    recounts: counter('recounts_total', 'Articles whose counts were set anew, since they changed. Each one twice.'),
    auditDifferences: counter('audit_differences_total', 'Articles and sums whose counts an audit found wrong.'),
    // Of access, popular and rising together: one tick makes them all from counts that it reads once.
    rankingBuild: histogram(
      'ranking_build_duration_seconds',
      'One round of building lists: the current ones (a tick of the ranker), or those of closed periods (counter).',
      JOB_SECONDS,
      ['list'],
    ),
    rankingAge: gauge(
      'ranking_age_seconds',
      'Since this process last built lists, current ones or those of closed periods. Any of its role does it: read with min.',
      ['list'],
    ),
    rankingEntries: gauge(
      'ranking_entries',
      'Entries of all lists of a kind, as this process last built them all. Any ranker does it: read with max.',
      ['list'],
    ),
    rankingsPublished: counter('rankings_published_total', 'Lists published.'),
    queueJobs: gauge('queue_jobs', 'Jobs by queue and state. Whole installation, scheduler role: read with max.', [
      'queue',
      'state',
    ]),
    queueOldestJobAge: gauge(
      'queue_oldest_job_age_seconds',
      'How long the first of the waiting jobs has waited. Whole installation, scheduler role: read with max.',
      ['queue'],
    ),
    jobs: counter('jobs_total', 'Jobs finished.', ['queue', 'result']),
    jobDuration: histogram('job_duration_seconds', 'One job.', JOB_SECONDS, ['queue']),
    jobsStalled: counter('jobs_stalled_total', 'Jobs whose worker died or hung.', ['queue']),
    httpDuration: histogram('http_request_duration_seconds', 'One HTTP request.', HTTP_SECONDS, [
      'method',
      'route',
      'status_class',
    ]),
    dependencyUp: gauge('dependency_up', '1 while the dependency answers.', ['dependency']),
    dependencyErrors: counter('dependency_errors_total', 'Calls and connections that failed.', ['dependency']),
    redisReconnects: counter(
      'redis_reconnects_total',
      'Times that connections to Redis were made anew: all that come back together are one.',
    ),
    databaseSize: gauge('database_size_bytes', 'Disk that the database takes. Whole installation, scheduler role.'),
    redisMemory: gauge('redis_memory_bytes', 'Memory of Redis, used and allowed. Whole installation, scheduler role.', [
      'kind',
    ]),
    redisFullness: gauge(
      'redis_memory_ratio',
      'What the fullest Redis server holds of its maxmemory. Whole installation, scheduler role.',
    ),
    redisMisset: gauge(
      'redis_setting_wrong',
      '1 where Redis is set so that counts may be lost. Whole installation, scheduler role.',
      ['setting'],
    ),
    clockOffset: gauge('clock_offset_seconds', 'By how much the clock of this process is ahead of that of PostgreSQL.'),
    databaseConnections: gauge('db_pool_connections', 'Connections of this process to PostgreSQL.', ['state']),
    ownOutage: gauge('own_outage', '1 while most hosts fail at once, so that no feed is blamed.'),
  };

  /** One that still hangs is not begun again beside itself. */
  function refreshOnce(refresh: () => Promise<void>): Promise<void> {
    const begun = refreshing.get(refresh) ?? refresh().finally(() => refreshing.delete(refresh));
    refreshing.set(refresh, begun);
    return begun;
  }

  for (const result of RESULTS.articles) metrics.articles.inc({ result }, 0);
  for (const result of RESULTS.views) metrics.views.inc({ result }, 0);
  return metrics;
}
