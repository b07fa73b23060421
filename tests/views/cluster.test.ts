import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { after, before, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { noteCountChanges } from '../../src/articles/count-changes.ts';
import { closeRedis, openRedis, pingRedis, type RedisClient } from '../../src/engines/redis.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { openHostBudget } from '../../src/feeds/host-budget.ts';
import { type CategorySlug, shardOf } from '../../src/ids.ts';
import { keepTicking, openQueue, openWorker } from '../../src/queues/open.ts';
import { openRankings } from '../../src/ranking/build.ts';
import type { Scope } from '../../src/ranking/list.ts';
import { readSnapshots } from '../../src/ranking/store.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { openCollector } from '../../src/views/collector.ts';
import { readCounts } from '../../src/views/counts.ts';
import { keysOf } from '../../src/views/keys.ts';
import { countPending } from '../../src/views/pending.ts';
import { recountChanges } from '../../src/views/recount.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import { rollWindows } from '../../src/views/roll.ts';
import type { ViewReport } from '../../src/views/view.ts';
import { redisContract } from '../engines/redis-contract.ts';
import { insertArticles, insertCategories, type TestArticle, testArticle } from '../ranking/counts.ts';
import { skipWithoutCluster, startCluster, type TestCluster } from '../support/cluster.ts';
import { openTestSql } from '../support/engines.ts';
import { addScheduleArticles, runSchedule, schedule } from './schedules.ts';

const NOW = new Date('2026-03-01T10:07:00Z');

describe('Redis Cluster', { skip: skipWithoutCluster }, () => {
  let cluster: TestCluster;
  let database: Awaited<ReturnType<typeof openTestSql>>;
  let sql: Sql;
  let redis: RedisClient;
  let articles: readonly TestArticle[];
  let visitors = 0;

  before(async () => {
    [cluster, database] = await Promise.all([startCluster(), openTestSql()]);
    sql = database.sql;
    redis = await openRedis(cluster.urls, 'commands', () => {});
    await addScheduleArticles(sql);
    await insertCategories(sql, { politics: 'Politics', sports: 'Sports' });
    articles = Array.from({ length: 60 }, (_, i) => testArticle(NOW, i % 3 === 0 ? 'sports' : 'politics'));
    await insertArticles(sql, articles);
  });
  after(async () => {
    await closeRedis(redis);
    await Promise.all([cluster.close(), database.close()]);
  });
  beforeEach(async () => {
    await cluster.clear();
    await sql.script('truncate read_counts, archive_batches, count_changes, recounts');
    await restoreCounts(sql, redis, NOW);
  });

  const openApi = () => {
    const find = async (reports: readonly ViewReport[]) =>
      reports.map((report) => articles.find(({ id }) => id === report.article));
    return openCollector({ redis, catalogue: { find }, clock: () => NOW });
  };
  const reporter = { address: '192.0.2.1', userAgent: 'a server', isPrefetch: false, isTrusted: true };
  const viewOf = ({ id }: TestArticle): ViewReport => ({ article: id, visitor: String(visitors++) });
  /** Sends views again until they are answered, as their senders do. */
  const count = async (api: ReturnType<typeof openApi>, views: readonly ViewReport[]): Promise<number> => {
    for (let refused = 0; ; refused++) {
      const collected = await api.collect(views, reporter).catch(() => undefined);
      if (collected !== undefined) return refused;
    }
  };
  const readsOf = async ({ id, categories }: TestArticle) => (await readCounts(redis, id, categories))['24h'];
  const allReads = async () => (await Promise.all(articles.map(readsOf))).reduce((sum, reads) => sum + reads, 0);
  const archived = async () => {
    const { rows } = await sql.query<{ reads: number }>('select coalesce(sum(reads), 0) as reads from read_counts');
    return rows[0]?.reads;
  };

  redisContract('the contract of every Redis', async () => ({ url: cluster.url, close: async () => {} }));

  test('counts equal the reference after any schedule', async () => {
    const engines = { sql, redis, clear: () => cluster.clear() };
    await fc.assert(
      fc.asyncProperty(schedule, (actions) => runSchedule(engines, actions)),
      { includeErrorInReport: true, numRuns: 4 },
    );
  });

  test('lists are built over all masters', async () => {
    const api = openApi();
    const views = articles.flatMap((article, i) => Array.from({ length: i + 1 }, () => viewOf(article)));
    await count(api, views);
    await openRankings({ sql, redis, siteName: 'JN' }).tick(NOW);
    const key = (scope: string) => ({ kind: 'access', scope: scope as Scope, window: '24h' }) as const;
    const [site, sports] = await readSnapshots(redis, sql, [key('site'), key('sports')]);
    const expected = articles.map(({ id }, i) => ({ id, reads: i + 1 })).reverse();
    const shown = (list: typeof site) => list?.items.map(({ article, reads }) => ({ id: article.id, reads }));
    assert.deepEqual(shown(site)?.slice(0, 20), expected.slice(0, 20));
    assert.deepEqual(
      shown(sports)?.slice(0, 10),
      expected.filter((_, i) => (articles.length - 1 - i) % 3 === 0).slice(0, 10),
    );
  });

  test('counts follow an article to its new category', async () => {
    const article = articles[0] as TestArticle;
    await count(openApi(), [viewOf(article), viewOf(article)]);
    await archiveCounts(sql, redis, NOW);
    await sql.query("update article_categories set category = 'politics' where article_id = $1", [article.id]);
    await noteCountChanges(sql, [article.id], NOW);
    assert.equal(await recountChanges(sql, redis, NOW), 1);
    assert.equal((await readCounts(redis, article.id, ['politics'] as CategorySlug[]))['1h'], 2);
    assert.equal((await readCounts(redis, article.id, ['sports'] as CategorySlug[]))['1h'], 0);
    await sql.query("update article_categories set category = 'sports' where article_id = $1", [article.id]);
  });

  test('a batch of hosts takes from its budgets in one call', async () => {
    const budget = openHostBudget(redis, 1);
    assert.deepEqual(await budget.takeAll(['a.example', 'b.example', 'a.example'], NOW), [0, 0, 60]);
  });

  test('while the keys of a shard move, its views wait, and none is lost or counted twice', async () => {
    const api = openApi();
    const article = articles[0] as TestArticle;
    const { tag } = keysOf(shardOf(article.id));
    const others = articles.filter(({ id }) => shardOf(id) !== shardOf(article.id));
    let sent = 0;
    const send = (to: readonly TestArticle[]) => {
      sent += to.length;
      return count(api, to.map(viewOf));
    };
    await send(articles);
    await countPending(redis);
    const late: Promise<number>[] = [];
    const moved = await cluster.moveSlot(tag, async () => {
      late.push(send([article]));
      await Promise.all([
        assert.rejects(api.collect([viewOf(article)], reporter), { code: 'unavailable' }),
        assert.rejects(rollWindows(redis, NOW), /redirections|timed out/),
        assert.rejects(archiveCounts(sql, redis, NOW), /redirections|timed out/),
      ]);
      await send(others);
    });
    assert.ok(moved >= 10, `${moved} keys`);
    for (const refused of await Promise.all(late)) assert.ok(refused > 0);
    await send(articles);
    await cluster.keys();
    assert.equal(await allReads(), sent);
    await archiveCounts(sql, redis, NOW);
    await archiveCounts(sql, redis, NOW);
    assert.equal(await archived(), sent);
  });

  test('after a failover counting and jobs go on by themselves', async (t) => {
    const api = openApi();
    const open = (purpose: 'queue' | 'worker') => openRedis(cluster.url, purpose, () => {});
    const [adding, taking] = await Promise.all([open('queue'), open('worker')]);
    const queue = openQueue('clean-up', adding, () => {});
    const ticks = new EventEmitter();
    const handle = async () => {
      ticks.emit('tick');
      return {};
    };
    const worker = openWorker('clean-up', taking, 1, handle, { onError: () => {}, onStalled: () => {} });
    t.after(async () => {
      await worker.close(true);
      await queue.close();
      await Promise.all([closeRedis(adding), closeRedis(taking)]);
    });
    await keepTicking(queue, 100, new Date());
    void worker.run();
    await once(ticks, 'tick');

    await count(api, articles.map(viewOf));
    await archiveCounts(sql, redis, NOW);
    await count(api, articles.map(viewOf));
    for (const key of ['{newsrank}', keysOf(1).tag]) assert.ok(await cluster.isOnMortal(key), key);
    const during = cluster.failOver();
    const late = count(api, articles.map(viewOf));
    await during;
    await late;
    assert.equal(await allReads(), 3 * articles.length);
    await archiveCounts(sql, redis, NOW);
    assert.equal(await archived(), 3 * articles.length);
    await pingRedis(redis);
    await once(ticks, 'tick');
  });
});
