import { listCategories } from '../../articles/store.ts';
import { SECOND } from '../../clock.ts';
import { readStorage, type Storage } from '../../engines/storage.ts';
import { countFeedsByState, countOverdue, type FeedHealth } from '../../feeds/count.ts';
import { type QueueState, readQueueState } from '../../queues/queue-state.ts';
import { type ListKey, SCOPE_LISTS, type Snapshot } from '../../ranking/list.ts';
import { readSnapshots } from '../../ranking/store.ts';
import { sharedFor } from '../shared.ts';
import type { OpsTools } from './tools.ts';

/** How the whole installation is. */
export interface Overview {
  readonly feeds: Readonly<Partial<Record<FeedHealth, number>>>;
  readonly overdue: number;
  readonly lists: readonly ListState[];
  readonly queues: readonly QueueState[];
  readonly storage: Storage;
}

export interface ListState {
  readonly key: ListKey;
  readonly title: string;
  /** Seconds since it was last published; null for a list that never was. */
  readonly age: number | null;
  readonly items: number;
  readonly confidence: Snapshot['confidence'];
}

/** Several who look at once cost the engines what one does. */
const FRESH = 2 * SECOND;
/** Sizes are sums over all tables' files. */
const STORAGE_FRESH = 20 * SECOND;

export function openOverview(tools: OpsTools): () => Promise<Overview> {
  const { sql, redis, clock, queues } = tools;
  const storage = sharedFor(clock, STORAGE_FRESH, () => readStorage(sql, redis));
  return sharedFor(clock, FRESH, async () => {
    const now = clock();
    const [feeds, { all: overdue }, lists, states, held] = await Promise.all([
      countFeedsByState(sql),
      countOverdue(sql, now),
      readLists(tools),
      Promise.all(queues.map((queue) => readQueueState(queue, now))),
      storage(),
    ]);
    return { feeds, overdue, lists, queues: states, storage: held };
  });
}

/** All lists of the site, and of each category the popular one. */
async function readLists({ sql, redis, clock }: OpsTools): Promise<ListState[]> {
  const categories = (await listCategories(sql)).filter((category) => !category.isEmpty);
  const keys: ListKey[] = [
    ...SCOPE_LISTS.map((list) => ({ ...list, scope: 'site' as const })),
    ...categories.map(({ slug }) => ({ kind: 'popular' as const, scope: slug, window: null })),
  ];
  const snapshots = await readSnapshots(redis, sql, keys);
  return keys.map((key, index) => {
    const found = snapshots[index];
    return {
      key,
      title: found?.title ?? `${key.scope} ${key.kind}`,
      age: found === undefined ? null : Math.max(0, (clock().getTime() - Date.parse(found.asOf)) / SECOND),
      items: found?.items.length ?? 0,
      confidence: found?.confidence ?? 'empty',
    };
  });
}
