import assert from 'node:assert/strict';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { saveArticles } from '../../src/articles/save.ts';
import type { RedisClient } from '../../src/engines/redis.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import { addFeeds, findFeed } from '../../src/feeds/store.ts';
import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import { type ListKey, listRedisKey, type Snapshot } from '../../src/ranking/list.ts';
import { emptySnapshot } from '../../src/ranking/store.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { type FakeCollector, fakeCollector, serverFor } from './server-under-test.ts';

const NOW = new Date('2026-01-31T09:00:00Z');
const ACCESS: ListKey = { kind: 'access', scope: 'politics' as CategorySlug, window: '24h' };

/** An API over five articles of a category, and its access list as published. */
export interface FilledApi {
  readonly app: FastifyInstance;
  readonly sql: Sql;
  readonly redis: RedisClient;
  /** Newest first, as the list has them. */
  readonly ids: readonly ArticleId[];
  readonly published: Snapshot;
  readonly seen: FakeCollector;
  get(url: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  close(): Promise<void>;
}

export async function openFilledApi(): Promise<FilledApi> {
  const [database, cache] = await Promise.all([openTestSql(), openTestRedis()]);
  const { sql } = database;
  const { redis } = cache;
  const ids = await seed(sql);
  const published = accessOf(ids);
  await redis.set(listRedisKey(ACCESS), JSON.stringify(published));
  const seen = fakeCollector();
  const app = await serverFor({}, { sql, redis, collected: seen });
  return {
    ...{ app, sql, redis, ids, published, seen },
    get: (url, headers = {}) => app.inject({ url, headers }),
    async close() {
      await app.close();
      await Promise.all([database.close(), cache.close()]);
    },
  };
}

/** Asserts that the URL is refused so, and that scripts of any site may read why. */
export async function assertProblem(api: FilledApi, url: string, status: number, code: string): Promise<void> {
  const answer = await api.get(url);
  assert.deepEqual([answer.statusCode, answer.json().code], [status, code], url);
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
  assert.equal(answer.headers['access-control-allow-origin'], '*', 'scripts may read why');
}

const entry = (number: number): Entry => ({
  guid: `guid-${number}`,
  url: number === 4 ? null : `https://news.example/${number}`,
  title: `Minister number ${number} speaks`,
  summary: 'About <taxes> & the budget. '.repeat(30),
  content: `<p>Text ${number}</p>`,
  author: 'A. Writer',
  keywords: [],
  image: null,
  enclosures: [],
  publishedAt: new Date(NOW.getTime() - number * 60_000),
  updatedAt: null,
  language: 'en',
});

async function seed(sql: Sql): Promise<ArticleId[]> {
  const feed = { url: 'https://news.example/politics.xml', title: 'News', siteUrl: null, categories: ['Politics'] };
  const sports = {
    url: 'https://news.example/sports.xml',
    title: 'Sports',
    siteUrl: null,
    categories: ['政治 とスポーツ'],
  };
  const { added } = await addFeeds(sql, [feed, sports], NOW);
  const target = added[0] && (await findFeed(sql, added[0]));
  assert.ok(target);
  const { insertedIds } = await saveArticles(sql, target, [1, 2, 3, 4, 5].map(entry), NOW);
  return [...insertedIds].sort().reverse();
}

function accessOf(articles: readonly ArticleId[]): Snapshot {
  const time = NOW.toISOString();
  return {
    ...emptySnapshot(ACCESS, { siteName: 'JN', categoryName: 'Politics' }, NOW),
    version: 'abc123',
    confidence: 'thin',
    items: articles.map((id, index) => ({
      rank: index + 1,
      previousRank: index === 0 ? null : index,
      movement: index === 0 ? 'new' : 'down',
      peakRank: 1,
      since: time,
      reads: 10 - index,
      fill: index === 4 ? 'site' : null,
      article: {
        id,
        title: `T${index}`,
        url: null,
        source: 'News',
        publishedAt: time,
        updatedAt: time,
        categories: ['politics' as CategorySlug],
        image: null,
      },
    })),
  };
}
