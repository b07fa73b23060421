import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { mergeArticle } from '../../src/articles/copies/merge.ts';
import { splitArticle } from '../../src/articles/copies/split.ts';
import { findArticleIdsByUrl, findCounted } from '../../src/articles/store.ts';
import { DAY, MINUTE } from '../../src/clock.ts';
import { type ArticleId, newArticleId } from '../../src/ids.ts';
import { openMetrics } from '../../src/metrics.ts';
import { openRankings } from '../../src/ranking/build.ts';
import { readSnapshot } from '../../src/ranking/store.ts';
import { openCatalogue } from '../../src/views/catalogue.ts';
import { type Collector, openCollector } from '../../src/views/collector.ts';
import { archiveViews } from '../../workers/archive-views.ts';
import { buildRankings } from '../../workers/build-rankings.ts';
import { cleanUp } from '../../workers/clean-up.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';

const START = new Date('2026-11-23T03:10:00Z');
const [ORIGINAL, COPY] = [1, 2].map((n) => newArticleId(START, n)) as [ArticleId, ArticleId];
const REPORTER = { address: '127.0.0.1', userAgent: 'test', isPrefetch: false, isTrusted: true };

let database: Awaited<ReturnType<typeof openTestSql>>;
let server: Awaited<ReturnType<typeof openTestRedis>>;
let collector: Collector;
let now = START;
const clock = () => now;
const metrics = openMetrics('test');

before(async () => {
  [database, server] = await Promise.all([openTestSql(), openTestRedis()]);
});

after(async () => {
  await Promise.all([database.close(), server.close()]);
});

beforeEach(async () => {
  const { sql, redis } = { ...database, ...server };
  now = START;
  await redis.flushdb();
  await sql.script(`
    delete from articles; delete from categories;
    truncate read_counts, archive_batches, count_changes, recounts, article_successors, list_snapshots;
    insert into categories (slug, name) values ('news', 'News'), ('world', 'World')`);
  await sql.query(
    `insert into articles (id, title, published_at, published_from, first_seen_at, updated_at, content_hash)
     select id, id, $2, 'feed', now(), now(), '' from unnest($1::text[]) as id`,
    [[ORIGINAL, COPY], START],
  );
  await sql.query(`insert into article_categories values ($1, 'news'), ($2, 'world')`, [ORIGINAL, COPY]);
  const finder = {
    byIds: (ids: string[]) => findCounted(sql, ids),
    byUrls: (u: string[]) => findArticleIdsByUrl(sql, u),
  };
  collector = openCollector({ redis, clock, catalogue: openCatalogue(finder, clock) });
  await archiveViews({ sql, redis, clock, metrics, site: { siteName: 'JN', zone: 'UTC' } })();
});

const read = async (article: ArticleId, ...visitors: string[]) =>
  (
    await collector.collect(
      visitors.map((visitor) => ({ article, visitor })),
      REPORTER,
    )
  ).accepted;

/** The list of the last 24 hours as it is published after the counter's and the ranker's next run. */
async function listed(scope: string): Promise<[string, number][]> {
  const { sql, redis } = { ...database, ...server };
  await archiveViews({ sql, redis, clock, metrics, site: { siteName: 'JN', zone: 'UTC' } })();
  await buildRankings({ rankings: openRankings({ sql, redis, siteName: 'JN' }), clock, metrics })();
  const snapshot = await readSnapshot(redis, sql, { kind: 'access', scope: scope as 'site', window: '24h' });
  return snapshot?.items.filter(({ fill }) => fill === null).map(({ article, reads }) => [article.id, reads]) ?? [];
}

test('readers of a copy count for its original, each once; a split gives each its own back', async () => {
  const { sql } = database;
  assert.equal(await read(ORIGINAL, 'ann', 'both'), 2);
  assert.equal(await read(COPY, 'bob', 'eve', 'both'), 3);
  assert.deepEqual(await listed('site'), [
    [COPY, 3],
    [ORIGINAL, 2],
  ]);
  await mergeArticle(sql, COPY, ORIGINAL, now);
  assert.deepEqual(await listed('site'), [[ORIGINAL, 5]]);
  assert.deepEqual(await listed('news'), [[ORIGINAL, 5]]);
  assert.deepEqual(await listed('world'), [], 'a copy stands in no list');

  // The collector has asked anew.
  now = new Date(now.getTime() + 2 * MINUTE);
  assert.equal(await read(COPY, 'late'), 1);
  assert.equal(await read(ORIGINAL, 'late'), 0, 'the same reader of the same text');
  assert.deepEqual(await listed('site'), [[ORIGINAL, 6]]);

  await splitArticle(sql, COPY, now);
  assert.deepEqual(await listed('site'), [
    [COPY, 3],
    [ORIGINAL, 3],
  ]);
  assert.deepEqual(await listed('world'), [[COPY, 3]]);
});

test('a copy takes the place of its original that is removed, with all reads', async () => {
  const { sql } = database;
  await read(ORIGINAL, 'ann', 'bob');
  await read(COPY, 'eve');
  await mergeArticle(sql, COPY, ORIGINAL, now);
  assert.deepEqual(await listed('site'), [[ORIGINAL, 3]]);
  await sql.query('update articles set published_at = $2 where id = $1', [
    ORIGINAL,
    new Date(now.getTime() - 40 * DAY),
  ]);
  // Not archived yet when the article goes.
  assert.equal(await read(ORIGINAL, 'dan'), 1);
  const clean = cleanUp({ sql, clock, articleRetentionMs: 30 * DAY, readsRetentionMs: 400 * DAY, zone: 'UTC' });
  assert.equal((await clean()).articles, 1);
  assert.deepEqual(await listed('site'), [[COPY, 4]]);
  assert.deepEqual(await listed('world'), [[COPY, 4]]);
  assert.deepEqual(await listed('news'), []);
  now = new Date(now.getTime() + 2 * MINUTE);
  assert.equal(await read(ORIGINAL, 'joe'), 1, 'an old page of it still stands somewhere');
  assert.deepEqual(await listed('site'), [[COPY, 5]]);
});
