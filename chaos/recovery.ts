import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './world.ts';

/** More than what was under way already, or one that slipped through: a second's load of each. */
const REQUESTS = 10;
const POLLS = 15;

const PARTS = ['views', 'polls', 'archive', 'lists'] as const;

/** What the product does; each part is back when it did new things. */
export type Part = (typeof PARTS)[number];

export interface Recovery {
  /** Seconds until all parts were back; infinite where one was not. */
  readonly seconds: number;
  /** The last part, or those that were not back. */
  readonly last: string;
}

/** Waits until each part of the product works again, counted from now. */
export async function awaitRecovery(world: World, patienceSeconds: number): Promise<Recovery> {
  const { readers, origin, sql, crew } = world;
  const since = Date.now();
  const startedAt = performance.now();
  const archived = () => sql.query<{ sum: number }>('select coalesce(sum(reads), 0) as sum from read_counts');
  let before: number | undefined;
  const isBack: Record<Part, () => Promise<boolean>> = {
    views: async () => readers.attempts.filter(({ at, status }) => status === 202 && at >= since).length >= REQUESTS,
    polls: async () => origin.askedSince(since) >= POLLS,
    async archive() {
      const sum = (await archived()).rows[0]?.sum ?? 0;
      before ??= sum;
      return sum > before;
    },
    async lists() {
      const [api] = crew.members('api');
      const answer = await fetch(`${api?.url}/v1/rankings/access`, { signal: AbortSignal.timeout(2000) });
      const { asOf } = (await answer.json()) as { asOf: string };
      return Date.parse(asOf) >= since;
    },
  };
  const missing = new Set<Part>(PARTS);
  let last = '';
  for (;;) {
    for (const part of missing) {
      if (!(await isBack[part]().catch(() => false))) continue;
      missing.delete(part);
      last = part;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    if (missing.size === 0) return { seconds, last };
    if (seconds > patienceSeconds) return { seconds: Number.POSITIVE_INFINITY, last: [...missing].join(', ') };
    await sleep(100);
  }
}
