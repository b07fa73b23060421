/** Queries and panels that several dashboards show. */
import type { Panel } from './grafana.ts';

/** What every query is narrowed by: the variables above each dashboard. */
export const HERE = 'instance=~"$instance"';
export const rate = (metric: string, labels = '') => `rate(newsrank_${metric}{${HERE}${labels}}[$__rate_interval])`;
export const sumBy = (label: string, metric: string, labels = '') => `sum by (${label}) (${rate(metric, labels)})`;
export const quantiles = (metric: string, labels = ''): Record<string, string> =>
  Object.fromEntries(
    [0.5, 0.9, 0.99].map((q) => [
      `p${q * 100}`,
      `histogram_quantile(${q}, sum by (le) (${rate(`${metric}_bucket`, labels)}))`,
    ]),
  );
export const p90By = (label: string, metric: string) =>
  `histogram_quantile(0.9, sum by (le, ${label}) (${rate(`${metric}_bucket`)}))`;

export const polls: Panel = {
  title: 'Polls',
  unit: 'cps',
  queries: { '{{outcome}}': sumBy('outcome', 'polls_total') },
};
export const views: Panel = { title: 'Views', unit: 'cps', queries: { '{{result}}': sumBy('result', 'views_total') } };
export const requests: Panel = {
  title: 'Requests',
  unit: 'reqps',
  queries: { '{{status_class}}': sumBy('status_class', 'http_request_duration_seconds_count') },
};
export const articles: Panel = {
  title: 'Entries stored',
  unit: 'cps',
  queries: { '{{result}}': sumBy('result', 'articles_total') },
};
export const waiting: Panel = {
  title: 'Jobs that wait',
  queries: { '{{queue}}': 'max by (queue) (newsrank_queue_jobs{state="waiting"})' },
};
export const overdue: Panel = {
  title: 'Feeds overdue',
  help: 'Due for over a minute. More than a few for long: there are too few pollers. Those of a host wait for its budget.',
  isStat: true,
  queries: { overdue: 'max(newsrank_feeds_overdue)', 'held by their host': 'max(newsrank_feeds_held_by_host)' },
};
export const listAge: Panel = {
  title: 'Lists built',
  help: 'Since any ranker built the current lists last, and any counter looked for periods that have ended (each minute).',
  unit: 's',
  isStat: true,
  red: { from: 120 },
  queries: { '{{list}}': 'min by (list) (newsrank_ranking_age_seconds)' },
};
export const archiveAge: Panel = {
  title: 'Counts archived',
  help: 'Since any counter archived last: so much an empty Redis would lose.',
  unit: 's',
  isStat: true,
  red: { from: 120 },
  queries: { lag: 'min(newsrank_archive_lag_seconds)' },
};
export const redisFullness: Panel = {
  title: 'Redis full',
  help: 'What the fullest Redis server holds of its maxmemory: at 100 % it refuses all views. Empty where it has no limit.',
  unit: 'percentunit',
  isStat: true,
  red: { from: 0.85 },
  queries: { 'of its limit': 'max(newsrank_redis_memory_ratio)' },
};
