import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FailureClass, PollOutcome, PollTarget } from '../../src/feeds/feed.ts';
import { type ScheduleLimits, scheduleNext } from '../../src/feeds/schedule.ts';
import { entriesEvery, entryAt, fresh, later, middle, NOW, pollOf, targetOf } from './poll-fixtures.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const LIMITS: ScheduleLimits = { minSeconds: 300, maxSeconds: 6 * HOUR, isOwnOutage: false };
const UNCHANGED: PollOutcome = { kind: 'unchanged' };
const GONE: PollOutcome = { kind: 'gone' };

const failed = (failure: FailureClass): PollOutcome => ({ kind: 'failed', failure, message: 'm' });

function next(target: Partial<PollTarget>, outcome: PollOutcome, more: Parameters<typeof pollOf>[1] = {}, now = NOW) {
  return scheduleNext(targetOf(target), pollOf(outcome, more), 1, LIMITS, now, middle);
}

const waitOf = (schedule: { nextPollAt: Date }, now = NOW) => (schedule.nextPollAt.getTime() - now.getTime()) / 1000;

test('the interval is half the median gap, within the limits', () => {
  assert.equal(next({}, fresh(entriesEvery(HOUR))).intervalSeconds, HOUR / 2);
  assert.equal(waitOf(next({}, fresh(entriesEvery(HOUR)))), HOUR / 2);
  assert.equal(next({}, fresh(entriesEvery(10))).intervalSeconds, 300);
  assert.equal(next({}, fresh(entriesEvery(2 * DAY))).intervalSeconds, 6 * HOUR);
  assert.equal(next({}, fresh([...entriesEvery(HOUR), entryAt(later(-90 * DAY))])).intervalSeconds, HOUR / 2);
  assert.equal(next({}, fresh([entryAt(null)])).intervalSeconds, 900, 'nothing is known of its rhythm');
  assert.equal(next({}, fresh([])).intervalSeconds, 900);
});

test('silence makes polls rarer, up to a day', () => {
  assert.equal(next({}, fresh(entriesEvery(600, 12 * HOUR))).intervalSeconds, HOUR / 2);
  assert.equal(next({}, fresh(entriesEvery(600, 6.5 * DAY))).intervalSeconds, 6 * HOUR);
  assert.equal(next({}, fresh(entriesEvery(600, 10 * DAY))).intervalSeconds, 10 * HOUR);
  assert.equal(next({}, fresh(entriesEvery(600, 400 * DAY))).intervalSeconds, DAY);
  const known = { rhythmSeconds: 300, newestEntryAt: later(-2 * DAY), intervalSeconds: 300 };
  assert.equal(next(known, UNCHANGED).intervalSeconds, 2 * HOUR, 'also where the poll brings no body');
});

test('dates in the future do not make a feed look busy', () => {
  const future = [entryAt(later(DAY)), entryAt(later(2 * DAY)), ...entriesEvery(2 * HOUR)];
  const schedule = next({}, fresh(future));
  assert.equal(schedule.intervalSeconds, HOUR);
  assert.deepEqual(schedule.newestEntryAt, NOW);
});

test("the publisher's wishes are the least, capped at a day and kept through a 304", () => {
  const entries = entriesEvery(600);
  assert.equal(next({}, fresh(entries, { intervalSeconds: 2 * HOUR })).intervalSeconds, 2 * HOUR);
  assert.equal(next({}, fresh(entries), { freshForSeconds: 3 * HOUR }).intervalSeconds, 3 * HOUR);
  assert.equal(next({}, fresh(entries), { freshForSeconds: 1e9 }).intervalSeconds, DAY);
  assert.equal(next({}, fresh(entries, { intervalSeconds: 1e9 })).intervalSeconds, DAY);
  const first = next({}, fresh(entries, { intervalSeconds: HOUR }), { freshForSeconds: 2 * HOUR });
  const second = next(first, UNCHANGED, { status: 304 });
  assert.equal(second.intervalSeconds, 2 * HOUR);
  const shorter = next(second, UNCHANGED, { status: 304, freshForSeconds: 60 });
  assert.equal(shorter.intervalSeconds, HOUR, 'a 304 may shorten it');
  assert.equal(next(second, UNCHANGED, { status: 304, freshForSeconds: 0 }).intervalSeconds, HOUR, 'no-cache');
  assert.equal(next(second, UNCHANGED, { status: 200 }).intervalSeconds, HOUR, 'a full answer speaks for itself');
  assert.equal(next(next(second, UNCHANGED, { status: 304 }), failed('dns')).hints.freshForSeconds, 2 * HOUR);
});

test('a success clears what failures left', () => {
  const bad = { failures: 7, strikes: 2, goneAt: later(-HOUR), state: 'quarantined' } as const;
  for (const outcome of [fresh(), UNCHANGED]) {
    const { state, failures, strikes, goneAt } = next(bad, outcome);
    assert.deepEqual({ state, failures, strikes, goneAt }, { state: 'active', failures: 0, strikes: 0, goneAt: null });
  }
  assert.equal(next({ state: 'retired' }, fresh()).state, 'active');
  assert.equal(next({ state: 'paused' }, fresh()).state, 'paused');
});

test('failures wait longer each time, by their class', () => {
  const waits = (failure: FailureClass) =>
    [0, 1, 2, 30].map((failures) => waitOf(next({ failures, intervalSeconds: 6 * HOUR }, failed(failure))));
  assert.deepEqual(waits('dns'), [300, 600, 1200, DAY]);
  assert.deepEqual(waits('http-5xx'), [600, 1200, 2400, DAY]);
  assert.deepEqual(waits('http-4xx'), [HOUR, 2 * HOUR, 4 * HOUR, 7 * DAY]);
  assert.deepEqual(waits('parse'), [HOUR, 2 * HOUR, 4 * HOUR, DAY]);
  assert.equal(waitOf(next({ intervalSeconds: 300 }, failed('http-4xx'))), 300, 'a lively feed is tried again soon');
  assert.equal(next({ failures: 3 }, failed('tls')).failures, 4);
});

test('our own outage moves no count, and ends soon; what answered is not excused', () => {
  const limits = { ...LIMITS, isOwnOutage: true };
  const of = (outcome: PollOutcome) => scheduleNext(targetOf({ failures: 2 }), pollOf(outcome), 0, limits, NOW, middle);
  for (const failure of ['dns', 'connect', 'tls', 'timeout'] as const) {
    assert.equal(of(failed(failure)).failures, 2);
    assert.ok(waitOf(of(failed(failure))) <= 600);
  }
  assert.equal(of(failed('http-5xx')).failures, 3);
});

test('410 twice an hour apart retires, with a probe each month', () => {
  const first = next({}, GONE);
  assert.equal(first.state, 'active');
  assert.ok(waitOf(first) >= HOUR);
  const hasty = next(first, GONE, {}, later(60));
  assert.equal(hasty.state, 'active');
  assert.deepEqual(hasty.goneAt, NOW);
  const second = next(hasty, GONE, {}, later(HOUR));
  assert.equal(second.state, 'retired');
  assert.ok(waitOf(second, later(HOUR)) >= 30 * DAY);
  const probe = next(second, failed('dns'), {}, later(31 * DAY));
  assert.equal(probe.state, 'retired');
  assert.equal(waitOf(probe, later(31 * DAY)), 30 * DAY);
  const alive = next(second, UNCHANGED);
  assert.deepEqual([alive.state, alive.goneAt], ['active', null]);
});

test('404 or 403 for four weeks retires too, and any other answer starts the weeks anew', () => {
  const missing = (target: Partial<PollTarget>, days: number, status = 404) =>
    next(target, failed(status >= 500 ? 'http-5xx' : 'http-4xx'), { status }, later(days * DAY));
  const first = missing({ failures: 0 }, 0);
  assert.deepEqual([first.state, first.missingSince], ['active', NOW]);
  const silent = next({ ...first, failures: 8 }, failed('dns'), { status: null }, later(27 * DAY));
  assert.deepEqual(silent.missingSince, NOW, 'no answer says nothing');
  assert.equal(missing(silent, 27.9, 403).state, 'active');
  const retired = missing(silent, 28, 403);
  assert.equal(retired.state, 'retired');
  assert.equal(waitOf(retired, later(28 * DAY)), 30 * DAY);
  assert.equal(waitOf(missing(retired, 58), later(58 * DAY)), 30 * DAY, 'a probe that fails');
  const revived = next(retired, fresh(), {}, later(58 * DAY));
  assert.deepEqual([revived.state, revived.missingSince, revived.failures], ['active', null, 0]);
  assert.equal(missing(silent, 27, 500).missingSince, null);
  assert.equal(next(silent, UNCHANGED).missingSince, null);
  assert.equal(missing({ ...first, failures: 3 }, 90).state, 'active', 'we were away: two polls prove nothing');
  assert.equal(missing({ ...silent, state: 'paused' }, 40).state, 'paused');
});

test('a limit is kept to within the least and a day, and is no failure', () => {
  const limited = (retryAfterSeconds: number): PollOutcome => ({ kind: 'limited', retryAfterSeconds, wholeHost: true });
  const wait = (seconds: number, status: number | null) => waitOf(next({ failures: 1 }, limited(seconds), { status }));
  assert.ok(wait(0, 429) >= 300 && wait(0, 429) < 320);
  assert.ok(wait(7200, 503) >= 7200 && wait(7200, 503) < 7200 * 1.1);
  assert.equal(wait(1e9, 429), DAY);
  assert.equal(wait(-1e9, 429), wait(0, 429));
  assert.ok(wait(2, null) >= 2 && wait(2, null) < 10, 'our own budget counts in seconds');
  assert.equal(next({ failures: 1 }, limited(60)).failures, 1);
});

test('three killed parsers are a day of quarantine; one more afterwards another day', () => {
  const killed: PollOutcome = { kind: 'failed', failure: 'parse', message: 'm', isKilled: true };
  const first = next({}, killed);
  const second = next(first, killed);
  const third = next(second, killed);
  assert.deepEqual(
    [first, second, third].map((each) => each.state),
    ['active', 'active', 'quarantined'],
  );
  assert.equal(waitOf(third), DAY);
  assert.equal(next(third, killed).state, 'quarantined');
  assert.deepEqual([next(third, fresh()).state, next(third, fresh()).strikes], ['active', 0]);
});

test('a permanent redirect is believed after three agreeing polls over a day', () => {
  const there = { movedTo: 'https://b.example/feed' };
  const first = next({}, UNCHANGED, there);
  const second = next(first, fresh(), there, later(HOUR));
  const early = next(second, UNCHANGED, there, later(2 * HOUR));
  assert.deepEqual([first.newUrl, second.newUrl, early.newUrl], [null, null, null]);
  assert.equal(next(early, UNCHANGED, there, later(DAY)).newUrl, 'https://b.example/feed');
  assert.equal(next(first, UNCHANGED, there, later(DAY)).newUrl, null, 'two polls are not enough');
  const elsewhere = next(early, UNCHANGED, { movedTo: 'https://c.example/' }, later(DAY));
  assert.deepEqual([elsewhere.newUrl, elsewhere.movedPolls], [null, 1]);
  assert.equal(next(early, UNCHANGED, {}, later(DAY)).movedTo, null, 'the feed is back where it was');
  assert.equal(next(early, failed('dns'), {}, later(DAY)).movedPolls, 3, 'a failure says nothing');
});

test('a move from https back to http is followed, and never believed', () => {
  const there = { movedTo: 'http://a.example/feed' };
  const first = next({}, UNCHANGED, there);
  assert.deepEqual([first.movedTo, first.newUrl], [null, null]);
  const up = next({ url: 'http://a.example/feed' }, UNCHANGED, { movedTo: 'https://a.example/feed' });
  assert.equal(up.movedTo, 'https://a.example/feed');
});

test('hours and days that the publisher rules out are left out, within a day', () => {
  // NOW is a Wednesday, 10:30.
  const hours = next({}, fresh(entriesEvery(600), { skipHours: [10, 11, 12] })).nextPollAt;
  assert.equal(hours.getUTCHours(), 13);
  const days = next({}, fresh(entriesEvery(600), { skipDays: [3] })).nextPollAt;
  assert.deepEqual([days.getUTCDay(), days.getUTCHours()], [4, 0]);
  const never = next({}, fresh(entriesEvery(600), { skipDays: [0, 1, 2, 3, 4, 5, 6] }));
  assert.equal(waitOf(never), DAY);
  const free = next({}, fresh(entriesEvery(600), { skipHours: [9], skipDays: [4] }));
  assert.equal(waitOf(free), 300 * 1.05);
});

test('whatever comes, the next poll is neither too soon nor lost', () => {
  const outcome: fc.Arbitrary<PollOutcome> = fc.oneof(
    fc.array(fc.option(fc.date({ noInvalidDate: true })), { maxLength: 30 }).map((dates) => fresh(dates.map(entryAt))),
    fc.constantFrom(UNCHANGED, GONE, failed('dns'), failed('http-4xx'), failed('parse')),
    fc.double({ min: 0, max: 1e12, noNaN: true }).map((seconds) => ({
      ...{ kind: 'limited' as const, retryAfterSeconds: seconds, wholeHost: false },
    })),
  );
  const target = fc.record({
    failures: fc.nat(10_000),
    strikes: fc.nat(3),
    intervalSeconds: fc.nat(1e6),
    state: fc.constantFrom('active' as const, 'retired' as const, 'quarantined' as const),
  });
  const random = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(outcome, target, random, fc.option(fc.nat(1e9)), (outcome, target, chance, freshForSeconds) => {
      const poll = pollOf(outcome, { freshForSeconds });
      const schedule = scheduleNext(targetOf(target), poll, 0, LIMITS, NOW, () => chance);
      const wait = waitOf(schedule);
      assert.ok(wait >= LIMITS.minSeconds, `${wait} s`);
      assert.ok(wait <= 33 * DAY, `${wait} s`);
    }),
  );
});

const chance = fc.double({ min: 0, max: 0.999, noNaN: true });
const seconds = fc.option(fc.oneof(fc.nat(2 * DAY), fc.nat(1e9)));
const dates = fc.array(fc.option(fc.integer({ min: -400 * DAY, max: 30 * DAY }).map((ago) => later(ago))), {
  maxLength: 30,
});

test('the interval stays within its limits, and never below what the publisher asks for', () => {
  const hours = fc.uniqueArray(fc.nat(23), { maxLength: 24 });
  const days = fc.uniqueArray(fc.nat(6), { maxLength: 7 });
  fc.assert(
    fc.property(dates, seconds, seconds, hours, days, chance, (given, ttl, freshFor, skipHours, skipDays, roll) => {
      const outcome = fresh(given.map(entryAt), { intervalSeconds: ttl, skipHours, skipDays });
      const poll = pollOf(outcome, { freshForSeconds: freshFor });
      const schedule = scheduleNext(targetOf(), poll, 1, LIMITS, NOW, () => roll);
      const wished = Math.min(Math.max(ttl ?? 0, freshFor ?? 0), DAY);
      assert.ok(schedule.intervalSeconds >= Math.max(LIMITS.minSeconds, wished));
      assert.ok(schedule.intervalSeconds <= DAY);
      const wait = waitOf(schedule);
      assert.ok(wait >= Math.max(LIMITS.minSeconds, wished), `${wait} s after a wish for ${wished} s`);
      assert.ok(wait <= 1.1 * DAY, `${wait} s`);
      // Within ten per cent of the interval, save where the publisher rules that moment out.
      if (skipHours.length + skipDays.length > 0) return;
      assert.ok(Math.abs(wait - schedule.intervalSeconds) <= 0.1 * schedule.intervalSeconds + 1);
    }),
  );
});

test('no poll falls into hours that are ruled out, unless all of the next day is', () => {
  const hours = fc.uniqueArray(fc.nat(23), { maxLength: 12 });
  fc.assert(
    fc.property(dates, hours, chance, (given, skipHours, roll) => {
      const outcome = fresh(given.map(entryAt), { skipHours });
      const { nextPollAt } = scheduleNext(targetOf(), pollOf(outcome), 1, LIMITS, NOW, () => roll);
      if (nextPollAt.getTime() - NOW.getTime() < DAY * 1000) {
        assert.ok(!skipHours.includes(nextPollAt.getUTCHours()), nextPollAt.toISOString());
      }
    }),
  );
});

test('what feeds ask for in a 304 or leave unsaid never makes them polled more often than their last full answer', () => {
  fc.assert(
    fc.property(dates, seconds, chance, (given, freshFor, roll) => {
      const full = pollOf(fresh(given.map(entryAt)), { freshForSeconds: freshFor });
      const first = scheduleNext(targetOf(), full, 1, LIMITS, NOW, () => roll);
      const again = pollOf(UNCHANGED, { status: 304 });
      const second = scheduleNext(targetOf(first), again, 0, LIMITS, first.nextPollAt, () => roll);
      assert.ok(second.intervalSeconds >= first.intervalSeconds);
    }),
  );
});
