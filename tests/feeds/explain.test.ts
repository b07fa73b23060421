import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adviceFor } from '../../src/feeds/advice.ts';
import { explainFeed, inWords } from '../../src/feeds/explain.ts';
import type { WholeFeed } from '../../src/feeds/feed.ts';
import type { PollRecord } from '../../src/feeds/store.ts';
import { later, NOW, targetOf } from './poll-fixtures.ts';

const LIMITS = { minSeconds: 300, maxSeconds: 21_600 };
const NOTHING = { intervalSeconds: null, skipHours: [], skipDays: [], freshForSeconds: null };

const explain = (more: Partial<WholeFeed>, polls: readonly PollRecord[] = []) =>
  explainFeed(targetOf({ leasedUntil: null, ...more }), polls, LIMITS, NOW);

const sentences = (more: Partial<WholeFeed>) =>
  explain(more)
    .reasons.map(({ says }) => says)
    .join('\n');

function pollWith(status: number | null, outcome = 'unchanged'): PollRecord {
  return {
    ...{ startedAt: NOW, outcome, status, wireBytes: 0, durationMs: 1 },
    ...{ inserted: 0, updated: 0, unchanged: 0, error: null },
  };
}

test('a feed that is well is explained by its rhythm, its wishes and the limits', () => {
  const says = sentences({ rhythmSeconds: 1200, newestEntryAt: NOW, nextPollAt: later(600) });
  assert.match(says, /Half the median gap between its entries is 20 min\./);
  assert.match(says, /its interval is 20 min\.\nIt is due in 10 min, at 2026-03-04T10:40:00.000Z\.$/);
  assert.match(sentences({}), /Too few entries have dates to tell a rhythm: 15 min is assumed/);
  assert.match(sentences({ rhythmSeconds: 600, newestEntryAt: later(-100_000) }), /Nothing new has appeared since/);
});

test('each wish of the publisher has its sentence', () => {
  const says = sentences({
    rhythmSeconds: 600,
    hints: { intervalSeconds: 7200, freshForSeconds: 200_000, skipHours: [0, 1], skipDays: [0, 6] },
  });
  assert.match(says, /\(ttl or sy:updatePeriod\) asks for 2 h/);
  assert.match(says, /max-age less Age, or Expires\) ask for 2 d 7 h, of which a day counts/);
  assert.match(says, /in the hours 0, 1 \(GMT\)/);
  assert.match(says, /on Sunday, Saturday\./);
  assert.match(says, /its interval is 24 h\./);
  assert.doesNotMatch(sentences({ hints: NOTHING }), /asks? for|asks not/);
});

test('failures, leases, states and moves are told', () => {
  const failing = sentences({
    ...{ failures: 3, lastOutcome: 'failed:timeout', lastError: 'Too slow.', lastSuccessAt: later(-60) },
    ...{ goneAt: later(-30), missingSince: later(-20) },
  });
  assert.match(failing, /The last 3 polls failed \(failed:timeout\); it last went well at 2026-03-04T10:29:00/);
  assert.match(failing, /What it said: Too slow\./);
  assert.match(failing, /first answered 410 at 2026-03-04T10:29:30/);
  assert.match(failing, /nothing but 404 or 403 since 2026-03-04T10:29:40/);
  assert.doesNotMatch(failing, /median|rhythm/, 'the backoff decides, not the rhythm');
  assert.match(sentences({ failures: 1, lastOutcome: null }), /The last 1 poll failed \(unknown\); it never went well/);
  assert.match(
    sentences({ putOffAt: later(-30) }),
    /At 2026-03-04T10:29:30.000Z it was put off unasked: a.example wants/,
  );
  assert.doesNotMatch(sentences({}), /put off/);
  assert.match(
    sentences({ nextPollAt: later(-600), waitsByHost: true }),
    /due now, since .* It waits for its turn among the feeds of a\.example, of which more are due/,
  );
  assert.match(sentences({ leasedUntil: later(60) }), /A poller has it now.*\n.*\n?.*It was due at/s);
  assert.match(sentences({ leasedUntil: later(-60), strikes: 1 }), /never came back.*\n1 attempt to read it ended/);
  assert.match(sentences({ state: 'paused' }), /It is paused.*It would be due/s);
  assert.match(sentences({ state: 'retired' }), /one probe every 30 days/);
  assert.match(sentences({ state: 'quarantined', strikes: 2 }), /quarantine.*the next attempt .* another day/s);
  const moving = { movedTo: 'https://b.example/', movedSince: NOW, movedPolls: 2 };
  assert.match(sentences(moving), /2 polls since .* led permanently to https:\/\/b\.example\//);
});

test('due is what a scheduler would take now', () => {
  assert.equal(explain({ nextPollAt: NOW }).isDue, true);
  assert.match(sentences({ nextPollAt: later(-5) }), /It is due now, since/);
  assert.equal(explain({ nextPollAt: later(1) }).isDue, false);
  assert.equal(explain({ nextPollAt: NOW, leasedUntil: later(1) }).isDue, false);
  assert.equal(explain({ nextPollAt: NOW, state: 'paused' }).isDue, false);
});

test('the share of 304 is of the polls that were answered', () => {
  const polls = [pollWith(304), pollWith(200, 'fresh'), pollWith(304), pollWith(500), pollWith(null, 'failed:dns')];
  const { answered, notModifiedRatio } = explain({}, polls);
  assert.deepEqual([answered, notModifiedRatio], [4, 0.5]);
  assert.equal(explain({}, [pollWith(null)]).notModifiedRatio, null);
});

test('validators are shown with how far they are trusted', () => {
  assert.match(explain({}).validators.says, /gave none/);
  assert.match(explain({ etag: '"x"' }).validators.says, /byte for byte/);
  const lied = explain({ etag: '"x"', trustsValidators: false }).validators;
  assert.deepEqual([lied.isTrusted, lied.etag], [false, '"x"']);
  assert.match(lied.says, /not sent any more/);
});

test('advice is for what went wrong, by status where that says more', () => {
  assert.equal(explain({ lastOutcome: 'fresh', lastStatus: 200 }).advice, null);
  assert.match(explain({ failures: 1, lastOutcome: 'failed:dns' }).advice ?? '', /host name/);
  const all = ['dns', 'connect', 'tls', 'timeout', 'http-4xx', 'http-5xx', 'too-large', 'blocked-address'];
  const advice = [...all, 'redirect-loop', 'not-a-feed', 'parse'].map((name) => adviceFor(`failed:${name}`, null));
  assert.equal(new Set(advice).size, 11);
  assert.ok(advice.every((says) => says !== null));
  for (const [status, says] of [
    [401, /basicAuth/],
    [403, /User-Agent/],
    [404, /remove this one/],
    [418, /refuses this URL/],
  ] as const) {
    assert.match(adviceFor('failed:http-4xx', status) ?? '', says);
  }
  assert.match(adviceFor('gone', 410) ?? '', /Remove it/);
  assert.match(adviceFor('limited', 429) ?? '', /HOST_REQUESTS_PER_MINUTE/);
  for (const outcome of [null, 'fresh', 'unchanged', 'limited', 'failed:toString']) {
    assert.equal(adviceFor(outcome, null), null, String(outcome));
  }
});

test('whether guids are trusted is told, and since when not', () => {
  const since = new Date('2024-11-01T00:00:00Z');
  const saysOf = (guidTrust: 'trusted' | 'changing' | 'reused', guidTrustSince: Date | null) =>
    explain({ guidTrust, guidTrustSince }).reasons.find(({ about }) => about === 'guids')?.says;
  assert.match(saysOf('trusted', null) ?? '', /^Its guids are trusted: they tell/);
  assert.match(saysOf('changing', since) ?? '', /not trusted since 2024-11-01.*new again and again/);
  assert.match(saysOf('reused', since) ?? '', /not trusted since 2024-11-01.*another article/);
  assert.match(saysOf('trusted', since) ?? '', /trusted again since 2024-11-01/);
});

test('durations are in the two largest units that matter', () => {
  const cases = [0, 59.6, 119, 120, 3600, 7200, 8100, 172_800, 180_000, -5].map(inWords);
  assert.deepEqual(cases, ['0 s', '60 s', '119 s', '2 min', '60 min', '2 h', '2 h 15 min', '2 d', '2 d 2 h', '0 s']);
});
