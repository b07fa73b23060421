import type { Queue } from 'bullmq';
import fastify, { type FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import { loadSettings } from '../../config/load.ts';
import type { Clock } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { ArticleId, FeedId } from '../../src/ids.ts';
import { openLog } from '../../src/log.ts';
import { QUEUE_NAMES } from '../../src/queues/jobs.ts';
import { openQueue } from '../../src/queues/open.ts';
import type { OpsTools } from '../../src/web/ops/tools.ts';
import { registerPages } from '../../src/web/pages.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { seed } from './newsroom.ts';

export const PASSWORD = `${'a'.repeat(16)}0123456789abcdef`;

export interface OpsUnderTest {
  readonly app: FastifyInstance;
  readonly sql: Sql;
  readonly redis: Redis;
  readonly queues: readonly Queue[];
  readonly clock: Clock;
  /** Ids of the feeds that were to be polled now. */
  readonly polled: FeedId[];
  /** What was logged. */
  readonly lines: string[];
  feedAt(name: string): { url: string; title: string; siteUrl: null; categories: [] };
  newArticles(count: number): Promise<ArticleId[]>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** The pages with the ops page, on engines of their own. Feeds are found at any URL but those of nothing.example. */
export async function openOps(environment: Record<string, string> = {}): Promise<OpsUnderTest> {
  const [{ sql, close }, store] = await Promise.all([openTestSql(), openTestRedis()]);
  const { redis } = store;
  const clock = () => new Date();
  const settings = loadSettings({ ADMIN_TOKEN: PASSWORD, ...environment });
  const polled: FeedId[] = [];
  const lines: string[] = [];
  const queues = QUEUE_NAMES.map((name) => openQueue(name, redis, () => undefined) as unknown as Queue);
  const found = (url: string) => ({ url, title: 'News', format: 'rss', via: 'itself' });
  const tools = {
    ...{ settings, sql, redis, clock, queues },
    log: openLog('info', { write: (line) => void lines.push(line) }),
    pollNow: async (id: FeedId) => void polled.push(id),
    discoverFeeds: async (url: string) =>
      url.includes('nothing.example')
        ? { feeds: [], best: null, message: null }
        : { feeds: [found(url)], best: found(url), message: null },
    checkFeed: async () => ({
      ...{ outcome: 'fresh', message: null, advice: null, took: 12, feed: { title: '<b>The News' } },
      steps: [{ step: 'url', says: 'One of news.example', isGood: true }],
      entries: [{ title: 'A <headline>' }],
    }),
  } as unknown as OpsTools;
  const app = fastify();
  await registerPages(app, { settings, sql, redis, clock }, tools);
  await app.ready();
  return {
    ...{ app, sql, redis, queues, clock, polled, lines },
    feedAt: (name) => ({ url: `https://${name}.example/feed`, title: '', siteUrl: null, categories: [] }),
    newArticles: (count) =>
      seed(
        sql,
        'Source',
        Array.from({ length: count }, (_, index) => ({
          title: `Headline ${index}`,
          categories: [],
          minutesAgo: index,
        })),
      ),
    async clear() {
      await sql.script('truncate feeds, curations cascade');
      polled.length = 0;
      lines.length = 0;
    },
    async close() {
      await app.close();
      await Promise.all(queues.map((queue) => queue.close()));
      await close();
      await store.close();
    },
  };
}
