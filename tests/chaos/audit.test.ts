/** What the chaos suite compares with finds what is wrong: each kind of loss is made by hand, and told as what it is. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { auditArticles, findEmptyValidators } from '../../chaos/audit/articles.ts';
import { openChecks, percentile } from '../../chaos/audit/checks.ts';
import { auditReads, topBySql } from '../../chaos/audit/reads.ts';
import type { Feed } from '../../chaos/load/origin.ts';
import { saveArticles } from '../../src/articles/save.ts';
import { addFeeds, readPollTarget } from '../../src/feeds/store.ts';
import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import { ensurePartition } from '../../src/views/partitions.ts';
import { entryAt } from '../feeds/poll-fixtures.ts';
import { countReads, openShards } from '../ranking/counts.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';

const NOW = new Date();
const URL = 'https://news.example';

describe('the audit', () => {
  let engines: { sql: Awaited<ReturnType<typeof openTestSql>>; redis: Awaited<ReturnType<typeof openTestRedis>> };
  let ids: ArticleId[];
  let feeds: Feed[];
  before(async () => {
    const [sql, redis] = await Promise.all([openTestSql(), openTestRedis()]);
    engines = { sql, redis };
  });
  after(() => Promise.all([engines.sql.close(), engines.redis.close()]));

  /** Two articles, three reads of the first and one of the second, all as it must be. */
  beforeEach(async () => {
    const { sql } = engines.sql;
    const { redis } = engines.redis;
    await sql.script('truncate feeds, articles, read_counts restart identity cascade');
    await redis.flushdb();
    const told = ['First words of all', 'Second matter altogether'].map((title, n) => ({
      ...{ guid: `entry-${n}`, path: `/news/${n}`, title, publishedAt: NOW, since: n + 1 },
    }));
    feeds = [{ path: '/feeds/0.xml', category: 'Politics', version: 2, entries: told, asked: [] }];
    const { added } = await addFeeds(sql, [{ url: `${URL}/feeds/0.xml`, categories: ['Politics'] }], NOW);
    const feed = added[0] && (await readPollTarget(sql, added[0]));
    assert.ok(feed);
    const entries = told.map(({ guid, path, title }) => ({ ...entryAt(NOW), guid, title, url: URL + path }));
    await saveArticles(sql, feed, entries, NOW);
    await sql.query(`update feeds set etag = '"v2"'`);
    const { rows } = await sql.query<{ id: ArticleId }>('select id from articles order by title');
    ids = rows.map(({ id }) => id);
    await openShards(redis, NOW);
    const categories = ['politics' as CategorySlug];
    await countReads(
      redis,
      [3, 1].map((reads, n) => ({ article: { id: ids[n] as ArticleId, categories }, at: NOW, reads })),
      NOW,
    );
    await sql.transaction((tx) => ensurePartition(tx, 'slot', NOW));
    await sql.query(
      `insert into read_counts (grain, slot, article_id, reads)
       select 'slot', date_bin('5 minutes', $1, '2000-01-01'), * from unnest($2::text[], $3::int[])`,
      [NOW, ids, [3, 1]],
    );
  });

  const articles = () => auditArticles(engines.sql.sql, { feeds, url: URL } as never);
  const reads = async (acknowledged: readonly number[]) => {
    const told = new Map(ids.map((id, n) => [id as string, acknowledged[n] ?? 0]));
    const { lost, doubled, uneven } = await auditReads(engines.sql.sql, engines.redis.redis, told);
    return { lost, doubled, uneven };
  };
  const run = (text: string, values: readonly unknown[] = []) => engines.sql.sql.query(text, values);

  test('finds nothing where all is well', async () => {
    assert.deepEqual(await articles(), { lost: 0, doubled: 0, stale: 0, behind: [] });
    assert.deepEqual(await findEmptyValidators(engines.sql.sql, { feeds, url: URL } as never), []);
    assert.deepEqual(await reads([3, 1]), { lost: 0, doubled: 0, uneven: 0 });
    assert.deepEqual(await topBySql(engines.sql.sql, 5), [`${ids[0]} 3`, `${ids[1]} 1`]);
  });

  test('finds a lost entry, and the validator that hides it', async () => {
    await run('delete from sources where article_id = $1', [ids[1]]);
    await run('delete from articles where id = $1', [ids[1]]);
    const { lost, behind } = await articles();
    assert.equal(lost, 1);
    assert.match(behind[0] ?? '', /feeds\/0\.xml active/);
    assert.equal((await findEmptyValidators(engines.sql.sql, { feeds, url: URL } as never)).length, 1);
    await run(`update feeds set etag = '"v1"'`);
    assert.deepEqual(await findEmptyValidators(engines.sql.sql, { feeds, url: URL } as never), []);
  });

  test('finds an article twice, and one that is behind its entry', async () => {
    await run(
      `insert into articles (id, title, summary, language, published_at, published_from, first_seen_at, updated_at, content_hash)
       select 'twice', title, summary, language, published_at, published_from, first_seen_at, updated_at, content_hash
       from articles where id = $1`,
      [ids[0]],
    );
    assert.equal((await articles()).doubled, 1);
    await run("update articles set title = 'Old words' where id = $1", [ids[1]]);
    assert.equal((await articles()).stale, 1);
  });

  test('finds reads that are lost, doubled, or not the same in Redis', async () => {
    assert.deepEqual(await reads([4, 1]), { lost: 1, doubled: 0, uneven: 0 });
    assert.deepEqual(await reads([3, 0]), { lost: 0, doubled: 1, uneven: 0 });
    await run('update read_counts set reads = reads + 2 where article_id = $1', [ids[1]]);
    assert.deepEqual(await reads([3, 1]), { lost: 0, doubled: 2, uneven: 1 });
    await run('delete from sources where article_id = $1', [ids[0]]);
    await run('delete from articles where id = $1', [ids[0]]);
    assert.equal((await reads([3, 3])).lost, 3, 'those of an article that is gone');
  });
});

test('a figure above its bar, or that is no number, fails', () => {
  const checks = openChecks();
  checks.atMost('fine', 1, 1);
  assert.deepEqual(checks.failures, []);
  checks.atMost('much', 2, 1);
  checks.atMost('none', Number.NaN, 1);
  checks.atMost('never', Number.POSITIVE_INFINITY, 1);
  checks.hold('so', false);
  assert.equal(checks.failures.length, 4);
  assert.deepEqual(checks.figures.slice(0, 2), ['fine 1', 'much 2']);
  assert.equal(percentile([5, 1, 4, 2, 3], 0.5), 3);
});
