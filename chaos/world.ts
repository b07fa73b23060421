import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openClosers } from '../src/closers.ts';
import { openPostgres as openSql } from '../src/engines/postgres.ts';
import { openRedis as openClient, type RedisClient } from '../src/engines/redis.ts';
import type { Sql } from '../src/engines/sql.ts';
import { type Crew, openCrew } from './crew.ts';
import { type Origin, type OriginOptions, openOrigin } from './load/origin.ts';
import { openReaders, type Readers } from './load/readers.ts';
import { openPostgres, type Postgres } from './servers/postgres.ts';
import { mustBecome } from './servers/process.ts';
import { openRedis, type RedisServer } from './servers/redis.ts';
import { openWire, type Wire } from './servers/wire.ts';

/** The product as it runs in earnest, with publishers and readers, and everything in our hands. */
export interface World {
  readonly folder: string;
  readonly postgres: Postgres;
  readonly redisServer: RedisServer;
  /** Between the product and its servers. */
  readonly wires: { readonly postgres: Wire; readonly redis: Wire } | undefined;
  readonly crew: Crew;
  readonly origin: Origin;
  readonly readers: Readers;
  /** Our own connections, past all wires. */
  readonly sql: Sql;
  readonly redis: RedisClient;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** Where everything lies; emptied by nobody but its owner. */
  readonly folder: string;
  /** Roles of the processes. */
  readonly crew: readonly string[];
  readonly settings?: Record<string, string>;
  readonly origin?: Partial<OriginOptions>;
  readonly isWired?: boolean;
  /** Where the servers' data lies, if elsewhere. */
  readonly dataFolder?: string;
  openRedis?(folder: string, log: string): Promise<RedisServer>;
}

/** A feed is polled every so many seconds. */
export const POLL_SECONDS = 12;
/** A thousand polls a minute: from one poll of a feed to its next it is 13.6 s, with half of the jitter and a tick. */
const LOAD: OriginOptions = { feeds: 227, perSecond: 10, entries: 3 };
export const VIEWS_PER_SECOND = 500;
const TOKEN = 'a-token-of-the-chaos-suite-no-secret-at-all';
const READABLE_ARTICLES = 400;
const UNSEEN_SECONDS = 8;

export async function openWorld(options: WorldOptions): Promise<World> {
  const closers = openClosers((name, message) => process.stderr.write(`could not be closed: ${name}: ${message}\n`));
  try {
    return await open(options, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function open(options: WorldOptions, closers: ReturnType<typeof openClosers>): Promise<World> {
  const { folder, isWired = false, dataFolder = folder } = options;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const keep = <T extends { close(): Promise<void> }>(name: string, thing: T): T => {
    closers.add(name, () => thing.close());
    return thing;
  };
  const log = join(folder, 'servers.log');
  const postgres = await openPostgres(dataFolder, log);
  closers.add('PostgreSQL', () => postgres.stop('SIGINT'));
  const redisServer = keep('Redis', await (options.openRedis ?? openRedis)(dataFolder, log));
  const wires = isWired
    ? {
        postgres: keep('wire to PostgreSQL', await openWire(postgres.port)),
        redis: keep('wire to Redis', await openWire(redisServer.port)),
      }
    : undefined;
  const origin = keep('origin', await openOrigin({ ...LOAD, ...options.origin }));
  const feedsFile = join(folder, 'feeds.opml');
  writeFileSync(feedsFile, origin.opml);

  const environment = {
    DATABASE_URL: postgres.url(wires?.postgres.port),
    REDIS_URL: redisServer.url(wires?.redis.port),
    FEEDS_FILE: feedsFile,
    INGEST_TOKEN: TOKEN,
    ADMIN_TOKEN: TOKEN,
    FETCH_ALLOW_CIDRS: '127.0.0.0/8',
    HOST_REQUESTS_PER_MINUTE: '1000000',
    POLL_MIN_INTERVAL: `${POLL_SECONDS}s`,
    POLL_MAX_INTERVAL: `${POLL_SECONDS}s`,
    SCHEDULE_INTERVAL: '1s',
    RANK_INTERVAL: '1s',
    ARCHIVE_INTERVAL: '1s',
    ...options.settings,
  };
  const crew = keep(
    'processes',
    openCrew(() => environment, folder),
  );
  await Promise.all(options.crew.map((roles) => crew.add(roles)));

  const own = await openSql(postgres.url());
  closers.add('own connection to PostgreSQL', own.close);
  const redis = await openClient(redisServer.url(), 'worker', () => {});
  closers.add('own connection to Redis', () => redis.disconnect());
  const readable = await followArticles(own.sql, closers);
  const readers = keep(
    'readers',
    openReaders({ urls: () => crew.members('api').map(({ url }) => url), articles: () => readable.ids, token: TOKEN }),
  );
  const expected = origin.feeds.reduce((sum, { entries }) => sum + entries.length, 0);
  if (crew.members('poller').length > 0) {
    await mustBecome(
      'the first articles',
      async () => (await readable.refresh()) >= Math.min(expected, READABLE_ARTICLES),
      90,
    );
  }
  return {
    ...{ folder, postgres, redisServer, wires, crew, origin, readers, sql: own.sql, redis },
    close: () => closers.closeAll(),
  };
}

/** What readers find: the newest articles, once they have been there for a while. */
async function followArticles(sql: Sql, closers: ReturnType<typeof openClosers>) {
  const found = {
    ids: [] as string[],
    async refresh(): Promise<number> {
      const { rows } = await sql.query<{ id: string }>(
        `select id from articles where first_seen_at < now() - make_interval(secs => $2) order by id desc limit $1`,
        [READABLE_ARTICLES, UNSEEN_SECONDS],
      );
      found.ids = rows.map(({ id }) => id).reverse();
      return found.ids.length;
    },
  };
  const timer = setInterval(() => void found.refresh().catch(() => {}), 1000);
  closers.add('search for articles', () => clearInterval(timer));
  return found;
}
