import assert from 'node:assert/strict';
import type { Redis } from 'ioredis';
import { HOUR } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { Scope, Snapshot } from '../../src/ranking/list.ts';
import { readSnapshot } from '../../src/ranking/store.ts';
import type { WindowId } from '../../src/views/keys.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { countReads, insertArticles, insertCategories, openShards, type TestArticle, testArticle } from './counts.ts';

export const now = new Date('2026-11-26T03:00:00.000Z');
export const later = (ms: number) => new Date(now.getTime() + ms);

/** Both engines, with the categories politics and sports, and short words for what the tests of the builder do. */
export interface Site {
  readonly sql: Sql;
  readonly redis: Redis;
  /** Everything as at the start: no articles, no reads, no lists. */
  clear(): Promise<void>;
  /** Stores articles that are an hour old. */
  newArticles(count: number, ...categories: string[]): Promise<TestArticle[]>;
  /** Counts each article's number of reads, at `at`. */
  count(at: Date, ...pairs: (readonly [TestArticle | undefined, number])[]): Promise<void>;
  /** The list as a reader gets it. */
  list(scope: string, window?: WindowId | 'popular'): Promise<Snapshot>;
  close(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  const [database, server] = await Promise.all([openTestSql(), openTestRedis()]);
  const { sql } = database;
  const { redis } = server;
  return {
    sql,
    redis,
    async clear() {
      await sql.script('truncate articles, categories, list_snapshots cascade');
      await insertCategories(sql, { politics: 'Politics', sports: 'Sports' });
      await openShards(redis, now);
    },
    async newArticles(count, ...categories) {
      const articles = Array.from({ length: count }, () => testArticle(later(-HOUR), ...categories));
      await insertArticles(sql, articles);
      return articles;
    },
    async count(at, ...pairs) {
      const reads = pairs.flatMap(([article, reads]) => (article === undefined ? [] : [{ article, at, reads }]));
      await countReads(redis, reads, at);
    },
    async list(scope, window = '24h') {
      const kind = window === 'popular' ? 'popular' : 'access';
      const key = { kind, scope: scope as Scope, window: window === 'popular' ? null : window } as const;
      const snapshot = await readSnapshot(redis, sql, key);
      assert.ok(snapshot, `no list ${scope} ${window}`);
      return snapshot;
    },
    async close() {
      await Promise.all([database.close(), server.close()]);
    },
  };
}
