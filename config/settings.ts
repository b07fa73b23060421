import {
  baseUrl,
  cidrs,
  duration,
  integer,
  oneOf,
  type Parse,
  serversUrl,
  someOf,
  text,
  timeZone,
  url,
} from './parse.ts';

export const ROLES = ['scheduler', 'poller', 'counter', 'ranker', 'api'] as const;

/** A part of the work that a process takes on: `newsrank start --roles poller,ranker`. */
export type Role = (typeof ROLES)[number];

interface Setting<T> {
  readonly parse: Parse<T>;
  /** What counts where the environment says nothing; undefined leaves the setting unset. */
  readonly fallback: string | undefined;
  /** Never printed. */
  readonly isSecret?: true;
  readonly about: string;
}

const optional = <T>(parse: Parse<T>, about: string): Setting<T | undefined> => ({ parse, fallback: undefined, about });
const required = <T>(fallback: string, parse: Parse<T>, about: string): Setting<T> => ({ parse, fallback, about });
const secret = <T>(parse: Parse<T>, about: string): Setting<T | undefined> => ({
  parse,
  fallback: undefined,
  isSecret: true,
  about,
});

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * The one table of settings: name, default, what it may be, what it does. README's table is held to it by a test.
 * A setting is added here and nowhere else (CONTRIBUTING.md).
 */
export const SETTINGS = {
  DATABASE_URL: secret(
    url('postgres:', 'postgresql:'),
    'PostgreSQL 14 or later. Unset: an embedded PostgreSQL in DATA_DIR.',
  ),
  REDIS_URL: secret(
    serversUrl('redis:', 'rediss:'),
    'Redis 6.2, Valkey 7.2 or later, single or cluster (redis://a:6379,b:6379,c:6379). Unset: an embedded Valkey in memory.',
  ),
  DATA_DIR: required('.data', text(), 'Folder of the embedded PostgreSQL. One process at a time.'),
  HOST: required('127.0.0.1', text(), 'Address that the API listens on; 0.0.0.0 or :: for all.'),
  PORT: required('8080', integer(0, 65_535), 'Port that the API listens on; 0 takes a free one.'),
  PUBLIC_URL: optional(
    baseUrl,
    'Base URL at which we are reached from outside, which pages and feeds out name. Set (for all roles): WebSub hubs push what is new. Unset: polling only.',
  ),
  WEBSUB_HUB: optional(url('http:', 'https:'), 'WebSub hub that our own feeds name, where it knows them. Unset: none.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    baseUrl,
    'Base URL of an OpenTelemetry collector (OTLP over HTTP), which gets a trace of each job. Unset: nothing is traced.',
  ),
  LOG_LEVEL: required(
    'info',
    oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    'How much is logged.',
  ),
  ROLES: required('all', someOf(ROLES), 'What this process does: all, or some of the roles.'),
  FEEDS_FILE: required(
    'config/feeds.opml',
    text(),
    'OPML whose feeds are added at each start; its folders are the categories.',
  ),
  SITE_NAME: required('JN', text(1, 64), 'Name of the site, as in "JN ACCESS RANKING".'),
  SITE_TIME_ZONE: required('Asia/Tokyo', timeZone, 'Zone in which pages show times.'),
  ADMIN_TOKEN: secret(text(32, 512), 'Bearer token of the admin routes, 32 characters or more. Unset: they are off.'),
  INGEST_TOKEN: secret(
    text(32, 512),
    'Bearer token with which a server may name the visitor and time of a view, 32 characters or more.',
  ),
  FETCH_ALLOW_CIDRS: required('', cidrs, 'Non-public address ranges that feeds may be fetched from all the same.'),
  FETCH_USER_AGENT: required(
    'newsrank/0.1 (+https://www.npmjs.com/package/newsrank)',
    text(3, 256),
    'User-Agent of feed requests. Put a URL in it at which publishers find you.',
  ),
  TRUST_PROXY: required(
    '0',
    integer(0, 16),
    'Number of proxies in front of the API: the visitor is that many from the right in X-Forwarded-For.',
  ),
  READS_PER_ADDRESS: required(
    '20',
    integer(0, 10_000),
    'Reads of one article in half an hour that one address may give; a network of 256 three times as many. 0: no limit.',
  ),
  CRAWLER_RANGES_FILE: optional(
    text(),
    'JSON of the addresses that crawlers come from. Unset: what comes with newsrank.',
  ),
  POLL_CONCURRENCY: required('16', integer(1, 1000), 'Feeds that one poller fetches at the same time.'),
  POLL_MIN_INTERVAL: required('5m', duration(SECOND, DAY), 'A feed is never polled more often.'),
  POLL_MAX_INTERVAL: required('6h', duration(SECOND, 7 * DAY), 'A feed that publishes is never polled less often.'),
  HOST_REQUESTS_PER_MINUTE: required('60', integer(1, 1_000_000), 'Requests a minute to one registrable domain.'),
  SCHEDULE_INTERVAL: required('5s', duration(100, HOUR), 'How often due feeds are looked for.'),
  RANK_INTERVAL: required('5s', duration(100, HOUR), 'How often lists with new reads are rebuilt.'),
  ARCHIVE_INTERVAL: required('5s', duration(100, HOUR), 'How often counts go from Redis to PostgreSQL.'),
  READS_RETENTION: required(
    '400d',
    duration(40 * DAY, 36_500 * DAY),
    'How long reads are kept: by five minutes for two days, by hours for 35, then by days. Whole months go.',
  ),
  ARTICLE_RETENTION: required('90d', duration(DAY, 36_500 * DAY), 'How long articles that no feed carries are kept.'),
  SHUTDOWN_TIMEOUT: required(
    '25s',
    duration(SECOND, HOUR),
    'How long a stop may take after SIGTERM; running jobs have all of it but the last 5s.',
  ),
} as const;

export type SettingName = keyof typeof SETTINGS;

/** The value of each setting, under its own name. */
export type Settings = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never;
};
