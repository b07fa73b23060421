import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import { keysOf, UNCATEGORISED, WINDOWS, windowStarts } from './keys.ts';

/** A view that is a read unless its visitor was there before. All reads of one batch belong to one shard. */
export interface Read {
  readonly article: ArticleId;
  readonly categories: readonly CategorySlug[];
  readonly at: Date;
  /** The reporter named the time, so the same report may come again days later. */
  readonly isTimeNamed: boolean;
  readonly isBox: boolean;
  /** visitorHash of its own day. */
  readonly visitor: string;
  /** In the first half-hour of a day, visitorHash of the day before: the half-hour before midnight was counted by it. */
  readonly visitorBefore: string | undefined;
}

/** Counts of one article at one time, as they come back from the archive. */
export interface CountedReads {
  readonly article: ArticleId;
  readonly categories: readonly CategorySlug[];
  readonly at: Date;
  readonly reads: number;
  readonly boxReads: number;
}

/** Measured: 200 reads block Redis for about 1.5 ms; larger batches gain little and are felt by everybody else. */
export const MAX_BATCH = 200;

const script = readScript(new URL('./record.lua', import.meta.url));

const secondsOf = (time: Date): string => (time.getTime() / 1000).toFixed(3);

const joined = (categories: readonly CategorySlug[]): string =>
  categories.length === 0 ? UNCATEGORISED : categories.join(',');

function head(now: Date): (string | number)[] {
  const starts = windowStarts(now);
  return [secondsOf(now), ...WINDOWS.map((window) => starts[window])];
}

/** Counts up to MAX_BATCH reads of one shard in one call. Tells for each whether it counted; the others are duplicates. */
export async function recordReads(
  redis: RedisClient,
  shard: number,
  now: Date,
  reads: readonly Read[],
): Promise<boolean[]> {
  const args = [...head(now), '', ''];
  for (const read of reads) {
    const box = read.isBox ? 1 : 0;
    const named = read.isTimeNamed ? '1' : '';
    args.push(read.article, joined(read.categories), secondsOf(read.at), 1, box);
    args.push(read.visitor, read.visitorBefore ?? '', named);
  }
  const reply = String(await runScript(redis, script, [keysOf(shard).tag], args));
  return Array.from(reply, (mark) => mark === '1');
}

export const RESTORE_DONE = 'done';

/**
 * Adds archived counts to a shard that is being restored, when its progress is `expected`, and sets its progress to
 * `next` in the same step. Gives the progress that stands afterwards: another one means that nothing was added.
 */
export async function restoreReads(
  redis: RedisClient,
  shard: number,
  now: Date,
  progress: { readonly expected: string; readonly next: string },
  counts: readonly CountedReads[],
): Promise<string> {
  const args = [...head(now), progress.expected, progress.next];
  for (const count of counts) {
    args.push(count.article, joined(count.categories), secondsOf(count.at), count.reads, count.boxReads, '', '', '');
  }
  return String(await runScript(redis, script, [keysOf(shard).tag], args));
}
