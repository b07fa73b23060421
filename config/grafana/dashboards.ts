/**
 * The Grafana dashboards, as rows of panels: what they show is decided here, and `npm run dashboards` writes the JSON that
 * Grafana reads. Gauges of the whole installation are exported by one role, and read with max.
 */
import type { Dashboard } from './grafana.ts';
import {
  archiveAge,
  articles,
  HERE,
  listAge,
  overdue,
  p90By,
  polls,
  quantiles,
  rate,
  redisFullness,
  requests,
  sumBy,
  views,
  waiting,
} from './panels.ts';

export const DASHBOARDS: readonly Dashboard[] = [
  {
    uid: 'newsrank-overview',
    title: 'newsrank: overview',
    rows: [
      [
        {
          title: 'Servers',
          help: 'Up while every process reaches them.',
          isStat: true,
          red: { below: 1 },
          words: { 0: 'down', 1: 'up' },
          queries: { '{{dependency}}': 'min by (dependency) (newsrank_dependency_up)' },
        },
        overdue,
        listAge,
        archiveAge,
        redisFullness,
        {
          title: 'Own outage',
          help: 'Yes while most publishers fail at once; no feed is blamed for it.',
          isStat: true,
          red: { from: 1 },
          words: { 0: 'no', 1: 'yes' },
          queries: { outage: 'max(newsrank_own_outage)' },
        },
      ],
      [polls, views],
      [articles, requests],
      [
        waiting,
        { title: 'Processes by role', queries: { '{{has}}': 'count by (has) (newsrank_role_info)' } },
        {
          title: 'What runs',
          queries: { '{{version}} on Node {{node}}': 'count by (version, node) (newsrank_build_info)' },
        },
      ],
    ],
  },
  {
    uid: 'newsrank-feeds',
    title: 'newsrank: feeds',
    rows: [
      [{ title: 'Feeds', queries: { '{{state}}': 'max by (state) (newsrank_feeds)' } }, overdue],
      [polls, { title: 'From due to started', unit: 's', queries: quantiles('poll_lateness_seconds') }],
      [
        { title: 'Fetches', unit: 's', queries: quantiles('fetch_duration_seconds', ',phase="total"') },
        {
          title: 'Parts of a fetch, p90',
          unit: 's',
          queries: { '{{phase}}': p90By('phase', 'fetch_duration_seconds') },
        },
      ],
      [
        { title: 'Bytes fetched', unit: 'Bps', queries: { '{{kind}}': sumBy('kind', 'fetch_bytes_total') } },
        { title: 'Reading a body', unit: 's', queries: quantiles('parse_duration_seconds') },
        { title: 'Parsers killed', unit: 'cps', queries: { '{{reason}}': sumBy('reason', 'parse_kills_total') } },
      ],
      [
        articles,
        { title: 'Pushed bodies', unit: 'cps', queries: { '{{result}}': sumBy('result', 'pushes_total') } },
        { title: 'Subscriptions', queries: { '{{state}}': 'max by (state) (newsrank_subscriptions)' } },
        {
          title: 'Requests to hubs',
          unit: 'cps',
          queries: { '{{result}}': sumBy('result', 'subscription_requests_total') },
        },
      ],
    ],
  },
  {
    uid: 'newsrank-queues',
    title: 'newsrank: queues',
    rows: [
      [
        waiting,
        {
          title: 'The longest wait',
          unit: 's',
          queries: { '{{queue}}': 'max by (queue) (newsrank_queue_oldest_job_age_seconds)' },
        },
      ],
      [
        { title: 'Jobs by state', queries: { '{{queue}} {{state}}': 'max by (queue, state) (newsrank_queue_jobs)' } },
        { title: 'Jobs done', unit: 'cps', queries: { '{{queue}} {{result}}': sumBy('queue, result', 'jobs_total') } },
      ],
      [
        {
          title: 'A job, p90',
          unit: 's',
          queries: { '{{queue}}': p90By('queue', 'job_duration_seconds') },
        },
        { title: 'Jobs stalled', unit: 'cps', queries: { '{{queue}}': sumBy('queue', 'jobs_stalled_total') } },
      ],
    ],
  },
  {
    uid: 'newsrank-lists',
    title: 'newsrank: views and rankings',
    rows: [
      [
        listAge,
        archiveAge,
        {
          title: 'Wrong counts',
          help: 'Found by audits within a day. Never should there be any.',
          isStat: true,
          red: { from: 0.5 },
          queries: { wrong: 'sum(increase(newsrank_audit_differences_total[1d]))' },
        },
        redisFullness,
        {
          title: 'Settings of Redis',
          help: 'Wrong where counts may be lost: it evicts keys, or keeps no append-only file.',
          isStat: true,
          red: { from: 1 },
          words: { 0: 'right', 1: 'wrong' },
          queries: { '{{setting}}': 'max by (setting) (newsrank_redis_setting_wrong)' },
        },
      ],
      [views, { title: 'Reads a script call', queries: quantiles('view_batch_size') }],
      [
        { title: 'A script call', unit: 's', queries: quantiles('view_record_duration_seconds') },
        {
          title: 'Rows archived, counts set anew',
          unit: 'cps',
          queries: { archived: `sum(${rate('archive_rows_total')})`, recounted: `sum(${rate('recounts_total')})` },
        },
      ],
      [
        {
          title: 'Building lists, p90',
          unit: 's',
          queries: { '{{list}}': p90By('list', 'ranking_build_duration_seconds') },
        },
        { title: 'Lists published', unit: 'cps', queries: { lists: `sum(${rate('rankings_published_total')})` } },
        { title: 'Entries of all lists', queries: { '{{list}}': 'max by (list) (newsrank_ranking_entries)' } },
      ],
    ],
  },
  {
    uid: 'newsrank-api',
    title: 'newsrank: API',
    rows: [
      [requests, { title: 'A request', unit: 's', queries: quantiles('http_request_duration_seconds') }],
      [
        {
          title: 'Routes asked most',
          unit: 'reqps',
          queries: {
            '{{method}} {{route}}': `topk(10, ${sumBy('method, route', 'http_request_duration_seconds_count')})`,
          },
        },
        {
          title: 'Slowest routes, p90',
          unit: 's',
          queries: { '{{route}}': `topk(10, ${p90By('route', 'http_request_duration_seconds')})` },
        },
      ],
      [
        {
          title: 'Failed requests',
          unit: 'reqps',
          queries: { '{{route}}': sumBy('route', 'http_request_duration_seconds_count', ',status_class="5xx"') },
        },
        views,
      ],
    ],
  },
  {
    uid: 'newsrank-runtime',
    title: 'newsrank: runtime',
    rows: [
      [
        {
          title: 'CPU',
          help: 'Cores in use.',
          queries: { '{{instance}}': `rate(process_cpu_seconds_total{${HERE}}[$__rate_interval])` },
        },
        { title: 'Memory', unit: 'bytes', queries: { '{{instance}}': `process_resident_memory_bytes{${HERE}}` } },
      ],
      [
        {
          title: 'Event loop late, p99',
          unit: 's',
          queries: { '{{instance}}': `nodejs_eventloop_lag_p99_seconds{${HERE}}` },
        },
        { title: 'Heap', unit: 'bytes', queries: { '{{instance}}': `nodejs_heap_size_used_bytes{${HERE}}` } },
      ],
      [
        {
          title: 'Connections to PostgreSQL',
          queries: { '{{instance}} {{state}}': `newsrank_db_pool_connections{${HERE}}` },
        },
        {
          title: 'Failures of servers',
          unit: 'cps',
          queries: { '{{dependency}}': sumBy('dependency', 'dependency_errors_total') },
        },
        {
          title: 'Reconnects to Redis',
          unit: 'cps',
          queries: { '{{instance}}': sumBy('instance', 'redis_reconnects_total') },
        },
      ],
      [
        {
          title: 'Memory of Redis',
          unit: 'bytes',
          queries: { '{{kind}}': 'max by (kind) (newsrank_redis_memory_bytes)' },
        },
        { title: 'Disk of the database', unit: 'bytes', queries: { database: 'max(newsrank_database_size_bytes)' } },
        {
          title: 'Clocks',
          help: 'By how much the clock of a process is ahead of that of PostgreSQL.',
          unit: 's',
          isSigned: true,
          queries: { '{{instance}}': `newsrank_clock_offset_seconds{${HERE}}` },
        },
      ],
    ],
  },
];
