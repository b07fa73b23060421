import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scheduleNext } from '../../../src/feeds/schedule.ts';
import { leaseSecondsOf, renewalSeconds } from '../../../src/feeds/websub/subscription.ts';
import { entriesEvery, fresh, later, middle, NOW, pollOf, targetOf } from '../poll-fixtures.ts';

const HOUR = 3600;
const limits = { minSeconds: 300, maxSeconds: 6 * HOUR, isOwnOutage: false };
const intervalWith = (pushAliveUntil: Date | null, inserted = 0, maxSeconds = limits.maxSeconds) =>
  scheduleNext(
    targetOf({ pushAliveUntil }),
    pollOf(fresh(entriesEvery(1200))),
    inserted,
    { ...limits, maxSeconds },
    NOW,
    middle,
  ).intervalSeconds;

test('polls of a feed that is pushed are as rare as POLL_MAX_INTERVAL and a day allow', () => {
  assert.equal(intervalWith(null), 600);
  assert.equal(intervalWith(later(60)), 6 * HOUR);
  assert.equal(intervalWith(later(60), 0, 7 * 24 * HOUR), 24 * HOUR);
  assert.equal(intervalWith(later(-1)), 600, 'no sign of life for long');
  assert.equal(intervalWith(later(60), 1), 600, 'this poll found what was not pushed');
});

test('the lease is what the hub says, within reason, and is renewed in time', () => {
  assert.equal(leaseSecondsOf('3600'), 3600);
  assert.equal(leaseSecondsOf('999999999'), 90 * 24 * HOUR);
  for (const text of [undefined, '', '0', '-5', 'NaN', '1e9', '9'.repeat(40)]) {
    assert.equal(leaseSecondsOf(text), 10 * 24 * HOUR, text);
  }
  assert.ok(renewalSeconds(10 * 24 * HOUR) < 10 * 24 * HOUR);
  assert.equal(renewalSeconds(1), 300);
});
