import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMetrics } from '../../src/metrics.ts';
import { openQueue, openWorker } from '../../src/queues/open.ts';
import { matchArticlesJob, matchSoon } from '../../workers/match-articles.ts';
import { originals, store } from '../articles/copies/stored.ts';
import { NOW } from '../articles/entries.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';

test('match-articles matches what waits; run twice, nothing more', async () => {
  const { sql, close } = await openTestSql();
  const metrics = openMetrics('test');
  const title = 'Central bank holds rates, sees slower growth next year';
  const ids = [await store(sql, { title }), await store(sql, { title: `${title} - Reuters`, age: 30 })];
  const job = matchArticlesJob({ sql, clock: () => NOW, metrics });
  assert.deepEqual(await job(), { matched: 2, copies: 1 });
  assert.deepEqual(await job(), { matched: 0, copies: 0 });
  assert.deepEqual(await originals(sql, ids), [null, ids[0]]);
  assert.match(await metrics.render(), /^newsrank_articles_total{result="copy"} 1$/m);
  await close();
});

test('polls that store at the same time share a job; what is stored while it runs gets the next', async () => {
  const { redis, close } = await openTestRedis();
  const queue = openQueue('match-articles', redis, () => {});
  const connection = redis.duplicate();
  const ask = matchSoon(queue);
  await Promise.all([ask(), ask(), ask()]);
  assert.equal(await queue.getDelayedCount(), 1, 'and what comes in the next moment shares it too');
  let runs = 0;
  const closers: (() => Promise<void>)[] = [];
  const secondRun = new Promise<void>((resolve) => {
    const worker = openWorker(
      'match-articles',
      connection,
      1,
      async () => {
        runs += 1;
        if (runs === 1) await Promise.all([ask(), ask()]);
        else setImmediate(resolve);
        return {};
      },
      { onError: () => {}, onStalled: () => {} },
    );
    void worker.run();
    closers.push(() => worker.close());
  });
  await secondRun;
  assert.equal(runs, 2);
  for (const stop of closers) await stop();
  assert.deepEqual(await queue.getJobCounts('waiting', 'delayed', 'active'), { waiting: 0, delayed: 0, active: 0 });
  await queue.close();
  connection.disconnect();
  await close();
});
