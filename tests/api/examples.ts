import type { RedisClient } from '../../src/engines/redis.ts';
import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import { closePeriods } from '../../src/ranking/closed.ts';
import { ALL_SHARDS, keysOf } from '../../src/views/keys.ts';
import { addCounts } from '../../src/views/read-counts.ts';
import { insertArticles } from '../ranking/counts.ts';
import type { FilledApi } from './filled-api.ts';
import type { toolsFor } from './server-under-test.ts';

const [ONE, TWO] = ['0t9rrc400001', '0t9rrc400002'] as ArticleId[] as [ArticleId, ArticleId];

/** Puts what the examples of the API's description and guide ask for beside what is there. */
export async function seedExamples({ sql, redis, ids }: Pick<FilledApi, 'sql' | 'ids'> & { redis: RedisClient }) {
  const categories = ['politics' as CategorySlug];
  await insertArticles(
    sql,
    [ONE, TWO].map((id) => ({ id, categories })),
  );
  await sql.query('update articles set original_id = $1 where id = $2', [ONE, TWO]);
  await sql.script('insert into stories (id, first_at) overriding system value values (1, now())');
  await sql.query('update articles set story_id = 1 where id = $1', [ONE]);
  await Promise.all(
    ALL_SHARDS.map((shard) => redis.hset(keysOf(shard).marks, { restored: 1, 'L:180': 1_700_000_000 })),
  );
  const slot = Date.parse('2026-01-31T04:00:00Z') / 300_000;
  await addCounts(sql, [{ slot, article: ids[0] ?? ONE, class: 'beacon', reads: 10, boxReads: 0 }]);
  await closePeriods(sql, { siteName: 'JN', zone: 'Asia/Tokyo' }, new Date('2026-01-31T15:05:00Z'));
}

/** A check of a feed that is always good, and asks nobody. */
export const checkNothing: ReturnType<typeof toolsFor>['checkFeed'] = async () => ({
  ...{ outcome: 'fresh', status: 200, movedTo: null, steps: [], feed: null, entries: [], rejected: [] },
  ...{ intervalSeconds: 300, candidates: [], message: null, advice: null, took: 5 },
});
