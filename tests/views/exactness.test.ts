import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { addScheduleArticles, runSchedule, type ScheduleEngines, schedule } from './schedules.ts';

let engines: ScheduleEngines;
let close: () => Promise<void>;

before(async () => {
  const [sql, redis] = await Promise.all([openTestSql(), openTestRedis()]);
  engines = { sql: sql.sql, redis: redis.redis, clear: () => redis.redis.flushdb() };
  close = async () => {
    await Promise.all([sql.close(), redis.close()]);
  };
  await addScheduleArticles(sql.sql);
});

after(() => close());

test('counts equal the reference after any schedule of views, replays, waits, rolls, archives, losses and crashes', async () => {
  await fc.assert(
    fc.asyncProperty(schedule, (actions) => runSchedule(engines, actions)),
    { includeErrorInReport: true, numRuns: Number(process.env['EXACTNESS_RUNS'] ?? 8) },
  );
});
