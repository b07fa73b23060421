import type { Queue } from 'bullmq';
import type { ApiTools } from '../../api/tools.ts';

/** What the ops page stands on, beside what all pages do. */
export interface OpsTools
  extends Pick<ApiTools, 'settings' | 'sql' | 'redis' | 'clock' | 'log' | 'pollNow' | 'checkFeed' | 'discoverFeeds'> {
  readonly queues: readonly Queue[];
}
