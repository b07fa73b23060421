/** How many series a process can come to export, whoever asks it for what. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Gauge, Histogram } from 'prom-client';
import { ROLES } from '../config/settings.ts';
import { measureRequests, openMeasure } from '../src/api/measure.ts';
import { FEED_HEALTHS } from '../src/feeds/count.ts';
import { FAILURE_CLASSES } from '../src/feeds/feed.ts';
import { FETCH_PHASES } from '../src/feeds/http-client.ts';
import { KILLED_BY } from '../src/feeds/reader.ts';
import { type Metrics, openMetrics } from '../src/metrics.ts';
import { QUEUE_NAMES } from '../src/queues/jobs.ts';
import { LIST_KINDS } from '../src/ranking/list.ts';

const MOST = 2000;
/** Node tells of handles, resources, spaces of the heap and collections by kind, and has not met all of them in a test. */
const MORE_OF_NODE = 60;

const SERVERS = ['postgresql', 'redis'];
const HTTP = 'http_request_duration_seconds';

/** All that a label may say, by metric; where it has two labels, in the order of these. HTTP is asked for below. */
const LABELS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  build_info: { version: ['test'], node: [process.versions.node] },
  role_info: { has: ROLES },
  feeds: { state: FEED_HEALTHS },
  polls_total: { outcome: ['fresh', 'unchanged', 'moved', 'gone', 'limited', ...FAILURE_CLASSES] },
  fetch_duration_seconds: { phase: FETCH_PHASES },
  fetch_bytes_total: { kind: ['wire', 'decoded'] },
  parse_kills_total: { reason: KILLED_BY },
  pushes_total: { result: ['stored', 'duplicate', 'unreadable', 'unwanted', 'unknown', 'unsigned', 'forged'] },
  subscriptions: { state: ['wanted', 'verified', 'denied', 'ending', 'ended'] },
  subscription_requests_total: { result: ['accepted', 'failed', 'deferred'] },
  articles_total: { result: ['inserted', 'updated', 'unchanged', 'copy', 'rejected'] },
  views_total: {
    result: ['read', 'duplicate', 'bot', 'prefetch', 'unknown_article', 'rate_limited', 'invalid', 'overload'],
  },
  ranking_build_duration_seconds: { list: ['current', 'closed'] },
  ranking_age_seconds: { list: ['current', 'closed'] },
  ranking_entries: { list: LIST_KINDS },
  queue_jobs: { queue: QUEUE_NAMES, state: ['waiting', 'active', 'delayed', 'failed'] },
  queue_oldest_job_age_seconds: { queue: QUEUE_NAMES },
  jobs_total: { queue: QUEUE_NAMES, result: ['done', 'failed'] },
  job_duration_seconds: { queue: QUEUE_NAMES },
  jobs_stalled_total: { queue: QUEUE_NAMES },
  dependency_up: { dependency: SERVERS },
  dependency_errors_total: { dependency: SERVERS },
  redis_memory_bytes: { kind: ['used', 'limit'] },
  redis_setting_wrong: { setting: ['maxmemory-policy', 'appendonly'] },
  db_pool_connections: { state: ['busy', 'idle', 'waiting'] },
};

function productOf(labels: Readonly<Record<string, readonly string[]>>): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (said, [label, values]) => said.flatMap((one) => values.map((value) => ({ ...one, [label]: value }))),
    [{}],
  );
}

/** Has all metrics of ours say all that they can. */
function sayAll({ registry }: Metrics): void {
  for (const { name } of registry.getMetricsAsArray()) {
    const short = name.replace(/^newsrank_/, '');
    if (short === name || short === HTTP) continue;
    const metric = registry.getSingleMetric(name);
    const { labelNames } = metric as unknown as { readonly labelNames: readonly string[] };
    const labels = LABELS[short] ?? {};
    assert.deepEqual([...labelNames].sort(), Object.keys(labels).sort(), `what may the labels of ${name} say?`);
    for (const said of productOf(labels)) {
      if (metric instanceof Histogram) metric.observe(said, 1);
      else if (metric instanceof Gauge) metric.set(said, 1);
      else if (metric instanceof Counter) metric.inc(said);
    }
  }
}

const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'other'];
const STATUSES = [200, 304, 404, 503];

test('a process with all roles exports 2,000 at most, whatever is polled and whoever asks for what', async () => {
  const metrics = openMetrics('test', ROLES);
  sayAll(metrics);
  const hooks: ((request: object, reply: object, done: () => void) => void)[] = [];
  const app = { addHook: (_: string, hook: (typeof hooks)[number]) => void hooks.push(hook) };
  measureRequests(app as unknown as Parameters<typeof measureRequests>[0], metrics);
  let asked = 0;
  for (let route = 0; route < 80; route++) {
    for (const method of METHODS) {
      for (const statusCode of STATUSES) {
        const request = { method, is404: false, routeOptions: { url: `/route/${route}` } };
        for (const hook of hooks) hook(request, { statusCode, elapsedTime: 3 }, () => {});
        asked++;
      }
    }
  }
  // What is answered before any routing measures for itself.
  for (const [method, route] of [
    ['POST', '/v1/views'],
    ['GET', '/v1/rankings/:kind'],
  ] as const) {
    const measure = openMeasure(metrics)(method, route);
    for (const status of STATUSES) {
      measure(status, 3);
      asked++;
    }
  }
  const lines = (await metrics.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.ok(lines.length + MORE_OF_NODE <= MOST, `${lines.length} series, and those that Node may add`);
  const counts = lines.filter((line) => line.startsWith(`newsrank_${HTTP}_count`));
  assert.equal(
    counts.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
    asked,
    'no request is forgotten',
  );
});
