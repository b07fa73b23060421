import type { FastifyInstance } from 'fastify';
import type { Settings } from '../../config/settings.ts';
import type { PreviewedFeed } from '../articles/preview.ts';
import type { Clock } from '../clock.ts';
import type { RedisClient } from '../engines/redis.ts';
import type { Sql } from '../engines/sql.ts';
import type { DiscoveredFeeds } from '../feeds/discovery.ts';
import type { PushResult } from '../feeds/websub/pushes.ts';
import type { Subscription } from '../feeds/websub/subscription.ts';
import type { FeedId } from '../ids.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Collector } from '../views/collector.ts';

/** Whether this process can serve, and the state of what it depends on. */
export interface Readiness {
  readonly isReady: boolean;
  readonly dependencies: Readonly<Record<string, 'up' | 'down'>>;
}

/** All that the API stands on. The work of other stages (polling, checking) comes in as functions. */
export interface ApiTools {
  readonly settings: Settings;
  readonly sql: Sql;
  readonly redis: RedisClient;
  readonly collector: Collector;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  /** False from the moment that shutdown begins. */
  isReady(): Promise<Readiness>;
  /** Has the feed polled as soon as a poller is free, whatever its schedule says. */
  pollNow(feed: FeedId): Promise<void>;
  /** Accepted beside ADMIN_TOKEN from this machine only; undefined where nobody was told one. */
  readonly localToken?: string;
  /** The feeds that a page leads to; stores nothing. */
  discoverFeeds(url: string): Promise<DiscoveredFeeds>;
  /** Reads and stores what a WebSub hub pushed. */
  storePush(subscription: Subscription, body: Uint8Array, contentType: string | null): Promise<PushResult>;
  /** Fetches and parses; stores nothing. */
  checkFeed(url: string): Promise<PreviewedFeed>;
}

/** What every process serves, whatever its roles. */
export type HealthTools = Pick<ApiTools, 'settings' | 'metrics' | 'log' | 'isReady' | 'clock'>;

/** Adds routes, in a context of their own. */
export type Plugin = (app: FastifyInstance) => Promise<void>;
