import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * What is exposed at /metrics. Names carry the prefix `newsrank_`, base units and `_total` on counters; no label ever
 * holds a feed, URL, host, article or user agent, so that the number of series stays small whatever is polled.
 */
export type Metrics = ReturnType<typeof openMetrics>;

const PREFIX = 'newsrank_';
const FETCH_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const JOB_SECONDS = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30];
const LATENESS_SECONDS = [0.5, 1, 5, 10, 30, 60, 300, 900, 3600];

export function openMetrics(version: string) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Counter({ name: PREFIX + name, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Gauge({ name: PREFIX + name, help, labelNames, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly Label[] = [],
  ) => new Histogram({ name: PREFIX + name, help, buckets, labelNames, registers });

  const buildInfo = gauge('build_info', 'Always 1; the labels say what runs.', ['version', 'node']);
  buildInfo.set({ version, node: process.versions.node }, 1);

  const refreshers: (() => Promise<void>)[] = [];

  return {
    registry,
    /** Registers what brings gauges up to date just before they are read. */
    onScrape(refresh: () => Promise<void>): void {
      refreshers.push(refresh);
    },
    /** The Prometheus text; a gauge whose refresh fails keeps its last value. */
    async render(): Promise<string> {
      await Promise.allSettled(refreshers.map((refresh) => refresh()));
      return registry.metrics();
    },
    feeds: gauge('feeds', 'Feeds by state. Whole installation, exported by the scheduler role.', ['state']),
    feedsOverdue: gauge('feeds_overdue', 'Feeds due for over a minute. Whole installation, scheduler role.'),
    pollLateness: histogram('poll_lateness_seconds', 'From due to started, per poll.', LATENESS_SECONDS),
    polls: counter('polls_total', 'Polls by outcome, failures by class.', ['outcome']),
    fetchDuration: histogram('fetch_duration_seconds', 'One poll, from request to parsed.', FETCH_SECONDS),
    fetchBytes: counter('fetch_bytes_total', 'Bytes of feed bodies, on the wire and decoded.', ['kind']),
    pushes: counter('pushes_total', 'Bodies that WebSub hubs pushed, by what became of them.', ['result']),
    subscriptions: gauge('subscriptions', 'WebSub subscriptions by state. Whole installation, scheduler role.', [
      'state',
    ]),
    subscriptionRequests: counter('subscription_requests_total', 'Requests to WebSub hubs.', ['result']),
    articles: counter('articles_total', 'Entries stored, by what became of them.', ['result']),
    views: counter('views_total', 'Views reported, by what became of them.', ['result']),
    archiveLag: gauge(
      'archive_lag_seconds',
      'Since this process last archived counts. Any counter does it: read with min.',
    ),
    archiveRows: counter('archive_rows_total', 'Rows of counts written to PostgreSQL.'),
    recounts: counter('recounts_total', 'Articles whose counts were set anew, since they changed. Each one twice.'),
    auditDifferences: gauge(
      'audit_differences',
      'Articles and sums whose counts were wrong when this process last compared them all. Read with max.',
    ),
    rankingBuild: histogram('ranking_build_duration_seconds', 'One tick of the ranker.', JOB_SECONDS),
    rankingAge: gauge('ranking_age_seconds', 'Since this process last built lists. Any ranker does it: read with min.'),
    rankingsPublished: counter('rankings_published_total', 'Lists published.'),
    queueJobs: gauge('queue_jobs', 'Jobs by queue and state. Whole installation, scheduler role: read with max.', [
      'queue',
      'state',
    ]),
    jobs: counter('jobs_total', 'Jobs finished.', ['queue', 'result']),
    jobDuration: histogram('job_duration_seconds', 'One job.', JOB_SECONDS, ['queue']),
    jobsStalled: counter('jobs_stalled_total', 'Jobs whose worker died or hung.', ['queue']),
    httpDuration: histogram('http_request_duration_seconds', 'One HTTP request.', HTTP_SECONDS, [
      'method',
      'route',
      'status_class',
    ]),
    dependencyUp: gauge('dependency_up', '1 while the dependency answers.', ['dependency']),
    ownOutage: gauge('own_outage', '1 while most hosts fail at once, so that no feed is blamed.'),
  };
}
