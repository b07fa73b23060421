import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import { openClosers } from '../../src/closers.ts';
import { openSharedClock } from '../../src/engines/shared-clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { openLog } from '../../src/log.ts';

const START = Date.parse('2026-11-23T03:00:00Z');
const HOUR = 3_600_000;
const LOOK = 15_000;

afterEach(() => mock.timers.reset());

/** A database and a machine, each with its clock; time passes for both. */
async function openWorld(aheadMs: number) {
  mock.timers.enable({ apis: ['setInterval'] });
  const world = { passed: 0, aheadMs, serverAheadMs: 0, isAway: false, answersAfter: 0, asked: 0 };
  const sql = {
    async query() {
      world.asked += 1;
      if (world.isAway) throw new Error('away');
      world.passed += world.answersAfter;
      return { rows: [{ now: START + world.serverAheadMs + world.passed }], count: 1 };
    },
  } as unknown as Sql;
  const own = {
    clock: () => new Date(START + world.passed + world.aheadMs),
    // It began some time before.
    monotonic: () => 5000 + world.passed,
  };
  const closers = openClosers(() => undefined);
  const clock = await openSharedClock(sql, own, openLog('silent'), closers);
  return {
    world,
    async pass(ms: number) {
      world.passed += ms;
      mock.timers.tick(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
    /** By how much the time is wrong. */
    error: () => clock().getTime() - START - world.serverAheadMs - world.passed,
    close: () => closers.closeAll(),
  };
}

test('a clock that is a little off is left alone; far off, PostgreSQL’s goes', async () => {
  for (const [ahead, error] of [
    [0, 0],
    [14_000, 14_000],
    [-14_000, -14_000],
    [2 * HOUR, 0],
    [-30 * HOUR, 0],
  ] as const) {
    const opened = await openWorld(ahead);
    assert.equal(opened.error(), error);
    await opened.pass(7000);
    assert.equal(opened.error(), error);
    await opened.close();
    mock.timers.reset();
  }
});

test('a clock that is set while the process runs is noticed at once, also while PostgreSQL is away', async () => {
  const { world, pass, error, close } = await openWorld(0);
  world.aheadMs = 2 * HOUR;
  assert.equal(error(), 0);
  await pass(4 * LOOK);
  assert.equal(error(), 0);
  world.isAway = true;
  await pass(4 * LOOK);
  world.aheadMs = -HOUR;
  assert.equal(error(), 0);
  world.isAway = false;
  await pass(LOOK);
  world.aheadMs = 3000;
  assert.equal(error(), 3000, 'right again');
  await close();
  const { asked } = world;
  await pass(4 * LOOK);
  assert.equal(world.asked, asked, 'closed, it asks no more');
});

test('where PostgreSQL’s clock is set all follow, but for an answer that took long', async () => {
  const { world, pass, error, close } = await openWorld(0);
  world.serverAheadMs = HOUR;
  world.answersAfter = 3000;
  await pass(LOOK);
  assert.equal(error(), -HOUR);
  world.answersAfter = 100;
  await pass(LOOK);
  assert.ok(Math.abs(error()) <= 50, 'give or take half of what asking takes');
  await close();
});
