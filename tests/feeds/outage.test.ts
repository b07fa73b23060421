import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PollOutcome } from '../../src/feeds/feed.ts';
import { measureOutage } from '../../src/feeds/measure.ts';
import { openOutageWatch } from '../../src/feeds/outage.ts';
import { feedId } from '../../src/ids.ts';
import { openMetrics } from '../../src/metrics.ts';
import { later, NOW } from './poll-fixtures.ts';

const down: PollOutcome = { kind: 'failed', failure: 'dns', message: '' };
const broken: PollOutcome = { kind: 'failed', failure: 'http-5xx', message: '' };
const well: PollOutcome = { kind: 'unchanged' };

function watchOf(outcomes: readonly PollOutcome[], at = NOW) {
  const watch = openOutageWatch();
  for (const [index, outcome] of outcomes.entries()) watch.note(`h${index}.example`, outcome, at);
  return watch;
}

test('most of five hosts or more have to be out of reach', () => {
  const verdict = (...outcomes: PollOutcome[]) => watchOf(outcomes).isOwnOutage(NOW);
  assert.equal(verdict(), false);
  assert.equal(verdict(down, down, down, down), false, 'four hosts are too few');
  assert.equal(verdict(down, down, down, down, down), true);
  assert.equal(verdict(down, down, down, well, well), true);
  assert.equal(verdict(down, down, down, well, well, well), false);
  assert.equal(verdict(broken, broken, broken, broken, broken), false, 'what answers is reached');
});

test('one host counts once, by its last poll', () => {
  const watch = openOutageWatch();
  for (let poll = 0; poll < 50; poll++) watch.note('one.example', down, NOW);
  assert.equal(watch.isOwnOutage(NOW), false);
});

test('it is seen soon after hundreds of polls went well, and is over as soon as hosts answer', () => {
  const watch = watchOf(Array.from({ length: 500 }, () => well));
  for (let host = 0; host < 11; host++) watch.note(`x${host}.example`, down, later(1));
  assert.equal(watch.isOwnOutage(later(1)), true);
  for (let host = 0; host < 11; host++) watch.note(`x${host}.example`, well, later(60));
  assert.equal(watch.isOwnOutage(later(60)), false);
});

test('what is older than two minutes says nothing, nor does a poll that was put off', () => {
  const watch = watchOf([down, down, down, down, down]);
  assert.equal(watch.isOwnOutage(later(120)), true);
  assert.equal(watch.isOwnOutage(later(121)), false);
  const put = openOutageWatch();
  for (let host = 0; host < 9; host++) {
    put.note(`h${host}.example`, { kind: 'limited', retryAfterSeconds: 1, wholeHost: true }, NOW);
  }
  assert.equal(put.isOwnOutage(NOW), false);
});

test('hosts that stay away for an hour while others answer are down themselves', () => {
  const hosts = Array.from({ length: 6 }, (_, index) => `dead${index}.example`);
  const poll = (at: Date) => {
    for (const host of hosts) watch.note(host, down, at);
  };
  const watch = openOutageWatch();
  poll(NOW);
  poll(later(5400));
  assert.equal(watch.isOwnOutage(later(5400)), true, 'nobody answered since: the line is still down');
  watch.note('alive.example', well, later(5401));
  assert.equal(watch.isOwnOutage(later(5402)), false);
});

test('who was blamed just before an outage was recognised is named once', () => {
  const watch = openOutageWatch();
  watch.blame(feedId(1), NOW);
  watch.blame(feedId(2), later(60));
  watch.blame(feedId(3), later(100));
  watch.blame(feedId(2), later(110));
  assert.deepEqual(watch.takeBlamed(later(150)), [feedId(2), feedId(3)]);
  assert.deepEqual(watch.takeBlamed(later(150)), []);
});

test('what is remembered of blame is bounded', () => {
  const watch = openOutageWatch();
  for (let feed = 1; feed <= 25_000; feed++) watch.blame(feedId(feed), NOW);
  const blamed = watch.takeBlamed(NOW);
  assert.ok(blamed.length <= 10_000);
  assert.ok(blamed.includes(feedId(25_000)));
});

test('whoever scrapes is told of it as long as it lasts, also while nothing is polled', async () => {
  const watch = watchOf([down, down, down, down, down]);
  const metrics = openMetrics('1.2.3', ['poller']);
  let now = NOW;
  measureOutage(metrics, watch, () => now);
  assert.match(await metrics.render(), /^newsrank_own_outage 1$/m);
  now = later(3 * 60);
  assert.match(await metrics.render(), /^newsrank_own_outage 0$/m);
});
