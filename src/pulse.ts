import { type Clock, MINUTE, SECOND } from './clock.ts';
import type { Closers } from './closers.ts';
import type { RedisClient } from './engines/redis.ts';
import type { Metrics } from './metrics.ts';

/**
 * Polls, reads and jobs by minute, of all processes together, for the ops page: Prometheus may not be there, and a
 * process knows only its own. Every few seconds each adds what it counted since (one call); three hours are kept.
 */
export interface PulseMinute {
  /** When the minute began. */
  readonly at: number;
  /** By name, such as `polls:fresh`, `views:read`, `jobs:failed`, and what was measured last, such as `queues:waiting`. */
  readonly values: Readonly<Record<string, number>>;
}

/** One tag, so that all minutes are one call on a cluster as well. */
const keyOf = (minute: number) => `{pulse}:${minute}`;
const KEPT_SECONDS = (3 * 60 * MINUTE) / SECOND;

const BEAT = 5 * SECOND;

/** Beats until the closers run, and a last time then. What fails is added with the next beat. */
export function keepPulse(redis: RedisClient, metrics: Metrics, clock: Clock, closers: Closers): void {
  const { beat } = openPulse(redis, metrics, clock);
  const timer = setInterval(() => void beat().catch(() => undefined), BEAT);
  closers.add('pulse', async () => {
    clearInterval(timer);
    await beat().catch(() => undefined);
  });
}

/** Adds what the process counted since the last beat to the minute. */
export function openPulse(redis: RedisClient, metrics: Metrics, clock: Clock): { beat(): Promise<void> } {
  let before = new Map<string, number>();
  return {
    async beat() {
      const totals = await readTotals(metrics);
      const grown = [...totals].map(([name, total]) => [name, total - (before.get(name) ?? 0)] as const);
      const changes = grown.filter(([, change]) => change > 0);
      if (changes.length === 0) return;
      const key = keyOf(minuteOf(clock()));
      const batch = redis.pipeline();
      for (const [name, change] of changes) batch.hincrby(key, name, change);
      await batch.expire(key, KEPT_SECONDS).exec();
      // Only now: what could not be added is added with the next beat.
      before = totals;
    },
  };
}

/** Notes what was measured, in the place of what was measured before in the same minute. */
export async function notePulse(
  redis: RedisClient,
  measured: Readonly<Record<string, number>>,
  now: Date,
): Promise<void> {
  const key = keyOf(minuteOf(now));
  await redis.pipeline().hset(key, measured).expire(key, KEPT_SECONDS).exec();
}

/** The last minutes, the present one included, oldest first. */
export async function readPulse(redis: RedisClient, minutes: number, now: Date): Promise<PulseMinute[]> {
  const last = minuteOf(now);
  const wanted = Array.from({ length: minutes }, (_, index) => last - minutes + 1 + index);
  const batch = redis.pipeline();
  for (const minute of wanted) batch.hgetall(keyOf(minute));
  const answers = (await batch.exec()) ?? [];
  return wanted.map((minute, index) => {
    const fields = (answers[index]?.[1] ?? {}) as Record<string, string>;
    return {
      at: minute * MINUTE,
      values: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, Number(value)])),
    };
  });
}

const minuteOf = (at: Date) => Math.floor(at.getTime() / MINUTE);

async function readTotals(metrics: Metrics): Promise<Map<string, number>> {
  metrics.settle();
  const { polls, views, jobs } = metrics;
  const totals = new Map<string, number>();
  const add = (name: string, value: number) => totals.set(name, (totals.get(name) ?? 0) + value);
  for (const { labels, value } of (await polls.get()).values) add(`polls:${labels.outcome}`, value);
  for (const { labels, value } of (await views.get()).values) add(`views:${labels.result}`, value);
  for (const { labels, value } of (await jobs.get()).values) add(`jobs:${labels.result}`, value);
  return totals;
}
