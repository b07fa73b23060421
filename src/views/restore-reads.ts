import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import { keysOf } from './keys.ts';
import { joined, openingOf } from './script-arguments.ts';

/** Counts of one article at one time, as they come back from the archive. */
export interface CountedReads {
  readonly article: ArticleId;
  readonly categories: readonly CategorySlug[];
  readonly at: Date;
  readonly reads: number;
  readonly boxReads: number;
}

export const RESTORE_DONE = 'done';

const PARTS = ['open-shard.lua', 'count.lua', 'restore.lua'];
const script = readScript(...PARTS.map((part) => new URL(part, import.meta.url)));

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
  const args = [...openingOf(now), progress.expected, progress.next];
  for (const { article, categories, at, reads, boxReads } of counts) {
    args.push(article, joined(categories), at.getTime() / 1000, reads, boxReads);
  }
  return String(await runScript(redis, script, keysOf(shard).scripted, args));
}
