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

/** The stage that does the work of each queue. */
export const STAGES = {
  'schedule-feeds': 'feeds',
  'poll-feed': 'feeds',
  'keep-subscriptions': 'feeds',
  'match-articles': 'articles',
  'archive-views': 'views',
  'audit-counts': 'views',
  'build-rankings': 'ranking',
  'clean-up': 'articles',
} as const satisfies Record<QueueName, string>;

export const QUEUE_NAMES = Object.keys(STAGES) as readonly QueueName[];
