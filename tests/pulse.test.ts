import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Redis } from 'ioredis';
import { MINUTE } from '../src/clock.ts';
import { openMetrics } from '../src/metrics.ts';
import { notePulse, openPulse, readPulse } from '../src/pulse.ts';
import { openTestRedis } from './support/engines.ts';

const NOW = new Date('2026-11-30T06:30:20Z');
let redis: Redis;
let close: () => Promise<void>;

before(async () => {
  ({ redis, close } = await openTestRedis());
});
after(() => close());

test('what several processes count adds up by minute, each count once', async () => {
  const [one, other] = [openMetrics('0'), openMetrics('0')];
  let now = NOW;
  const pulses = [one, other].map((metrics) => openPulse(redis, metrics, () => now));
  one.polls.inc({ outcome: 'fresh' }, 3);
  one.polls.inc({ outcome: 'dns' }, 2);
  one.polls.inc({ outcome: 'tls' }, 1);
  other.polls.inc({ outcome: 'fresh' }, 4);
  let kept = 9;
  other.onSettle(() => {
    other.views.inc({ result: 'read' }, kept);
    kept = 0;
  });
  for (const { beat } of pulses) await beat();
  for (const { beat } of pulses) await beat();
  now = new Date(NOW.getTime() + MINUTE);
  one.polls.inc({ outcome: 'fresh' }, 5);
  for (const { beat } of pulses) await beat();

  const minutes = await readPulse(redis, 3, now);
  assert.deepEqual(
    minutes.map(({ values }) => values),
    [{}, { 'polls:fresh': 7, 'polls:dns': 2, 'polls:tls': 1, 'views:read': 9 }, { 'polls:fresh': 5 }],
  );
  assert.deepEqual(
    minutes.map(({ at }) => new Date(at).toISOString().slice(11, 16)),
    ['06:29', '06:30', '06:31'],
  );
  const ttl = await redis.ttl(`{pulse}:${Math.floor(NOW.getTime() / MINUTE)}`);
  assert.ok(ttl > 10_000 && ttl <= 10_800, `kept for ${ttl} s`);
});

test('what was measured takes the place of what was measured before', async () => {
  const later = new Date(NOW.getTime() + 10 * MINUTE);
  await notePulse(redis, { 'queues:waiting': 7, 'lists:age': 2 }, later);
  await notePulse(redis, { 'queues:waiting': 4 }, later);
  assert.deepEqual((await readPulse(redis, 1, later))[0]?.values, { 'queues:waiting': 4, 'lists:age': 2 });
});
