import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MINUTE, SECOND } from '../../src/clock.ts';
import { openClosers } from '../../src/closers.ts';
import { openLog } from '../../src/log.ts';
import { openMetrics } from '../../src/metrics.ts';
import { QUEUE_NAMES } from '../../src/queues/jobs.ts';
import { keepTicking, openQueue, openWorker, watchQueues } from '../../src/queues/open.ts';
import { observeInstallation } from '../../workers/observe.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { eventually } from '../support/product.ts';

type Engines = { sql: Awaited<ReturnType<typeof openTestSql>>; redis: Awaited<ReturnType<typeof openTestRedis>> };
let engines: Engines;
const closers = openClosers(() => undefined);

before(async () => {
  const [sql, redis] = await Promise.all([openTestSql(), openTestRedis()]);
  engines = { sql, redis };
});
after(async () => {
  await closers.closeAll();
  await Promise.all([engines.sql.close(), engines.redis.close()]);
});

test('every queue is watched, and how long a job has waited is told from when its turn came', async () => {
  const { redis } = engines.redis;
  let now = new Date();
  const metrics = openMetrics('test');
  const queues = await watchQueues(async () => redis, openLog('silent'), closers);
  observeInstallation({ sql: engines.sql.sql, redis, isRedisEphemeral: false, clock: () => now, metrics, queues });
  const first = await metrics.render();
  for (const state of ['active', 'backoff', 'failing', 'retired', 'quarantined', 'paused'])
    assert.match(
      first,
      new RegExp(`^newsrank_feeds{state="${state}"} 0$`, 'm'),
      'a state that no feed has is told, too',
    );
  assert.match(first, /^newsrank_feeds_overdue 0$/m);
  assert.match(first, /^newsrank_feeds_held_by_host 0$/m);
  assert.match(first, /^newsrank_database_size_bytes [1-9]\d{6,}$/m);
  assert.match(first, /^newsrank_redis_memory_bytes{kind="used"} [1-9]\d{5,}$/m);
  // What the tests run on keeps no file.
  assert.match(first, /^newsrank_redis_setting_wrong{setting="appendonly"} 1$/m);
  assert.match(first, /^newsrank_redis_setting_wrong{setting="maxmemory-policy"} 0$/m);
  for (const queue of QUEUE_NAMES) {
    for (const state of ['waiting', 'active', 'delayed', 'failed'])
      assert.match(first, new RegExp(`^newsrank_queue_jobs{queue="${queue}",state="${state}"} 0$`, 'm'));
    assert.match(first, new RegExp(`^newsrank_queue_oldest_job_age_seconds{queue="${queue}"} 0$`, 'm'));
  }

  const ticker = openQueue('build-rankings', redis, () => undefined);
  await keepTicking(ticker, SECOND, new Date());
  // One job runs, and with it the next is ordered, a second ahead; then nobody works any more.
  const worker = openWorker('build-rankings', redis, 1, async () => ({}), { onError() {}, onStalled() {} });
  const isDone = new Promise((resolve) => worker.once('completed', resolve));
  void worker.run();
  await isDone;
  await worker.close();
  const waiting = await eventually('the next tick waits', async () => {
    // Whoever looks for work moves what is due.
    await ticker.promoteJobs();
    return (await ticker.getJobs(['waiting']))[0];
  });
  assert.ok(waiting.opts.delay, 'ordered ahead of its time');
  now = new Date(waiting.timestamp + waiting.opts.delay + MINUTE);
  const later = await metrics.render();
  assert.match(later, /^newsrank_queue_jobs{queue="build-rankings",state="waiting"} 1$/m);
  assert.match(later, /^newsrank_queue_oldest_job_age_seconds{queue="build-rankings"} 60$/m);
  await ticker.close();
});
