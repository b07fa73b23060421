import type { FeedId } from '../ids.ts';

/** Every job by its queue, with its payload. Jobs carry ids, never bodies; every handler is safe to run twice. */
export interface Jobs {
  'schedule-feeds': Record<string, never>;
  /** `claimedUntil`: when the claim's lease ends (ms). It names the claim, so that no job polls under another's. */
  'poll-feed': { readonly feeds: readonly FeedId[]; readonly claimedUntil: number };
  'keep-subscriptions': Record<string, never>;
  'match-articles': Record<string, never>;
  'archive-views': Record<string, never>;
  'audit-counts': Record<string, never>;
  'build-rankings': Record<string, never>;
  'clean-up': Record<string, never>;
}

export type QueueName = keyof Jobs;

export const QUEUE_NAMES = [
  'schedule-feeds',
  'poll-feed',
  'keep-subscriptions',
  'match-articles',
  'archive-views',
  'audit-counts',
  'build-rankings',
  'clean-up',
] as const;
