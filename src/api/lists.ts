import type { Settings } from '../../config/settings.ts';
import { listCategories } from '../articles/store.ts';
import { SECOND } from '../clock.ts';
import { type ListKey, listRedisKey, type Snapshot } from '../ranking/list.ts';
import { readListAt } from '../ranking/past.ts';
import { emptySnapshot, readSnapshot } from '../ranking/store.ts';
import { openKept, openKeptOne } from './kept.ts';
import { openPastLists } from './past-lists.ts';
import type { ApiTools } from './tools.ts';

const FRESH_MS = SECOND;
const MAX_LISTS = 5000;

/**
 * The current lists and category names, each read at most once a second in this process, however many ask. When an
 * engine is away the last answer stays: an old list is better than none.
 */
export interface Lists {
  /** The name of a category; undefined for the site, which has none, and for a slug that no category has. */
  categoryName(slug: string): Promise<string | undefined>;
  /** The list as last published; an empty one where nothing was published yet. */
  current(key: ListKey, categoryName: string | undefined): Promise<Snapshot>;
  /** The list as last published, where it was read within the last second; never waits. */
  fresh(key: string): Snapshot | undefined;
  /** The list as it stood at a moment; an empty one where there was none yet. */
  at(key: ListKey, categoryName: string | undefined, at: Date): Promise<Snapshot>;
}

export function openLists({
  sql,
  redis,
  settings,
  clock,
}: Pick<ApiTools, 'sql' | 'redis' | 'clock'> & {
  readonly settings: Pick<Settings, 'SITE_NAME' | 'SITE_TIME_ZONE'>;
}): Lists {
  const snapshots = openKept<{ readonly snapshot: Snapshot | undefined }, ListKey>(
    FRESH_MS,
    MAX_LISTS,
    async (key) => ({
      snapshot: await readSnapshot(redis, sql, key),
    }),
  );
  const buildPast = openPastLists(sql, settings);
  const names = openKeptOne<ReadonlyMap<string, string>>(
    FRESH_MS,
    async () => new Map((await listCategories(sql)).map(({ slug, name }) => [slug, name])),
  );
  const empty = (key: ListKey, categoryName: string | undefined, at: Date) =>
    emptySnapshot(key, { siteName: settings.SITE_NAME, ...(categoryName !== undefined && { categoryName }) }, at);

  return {
    async categoryName(slug) {
      return (await names()).get(slug);
    },
    async current(key, categoryName) {
      const { snapshot } = await snapshots(listRedisKey(key), key);
      return snapshot ?? empty(key, categoryName, clock());
    },
    fresh: (name) => snapshots.fresh(name)?.snapshot,
    async at(key, categoryName, at) {
      return (await readListAt(sql, key, at, buildPast)) ?? empty(key, categoryName, at);
    },
  };
}
