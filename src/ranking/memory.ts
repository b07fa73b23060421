import { DAY, HOUR, MINUTE } from '../clock.ts';
import type { RedisClient } from '../engines/redis.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';
import { readHistories, storeSnapshots } from './history.ts';
import { type ListItem, type ListKey, listRedisKey, type Snapshot } from './list.ts';
import type { Ranks } from './movement.ts';
import { readSnapshots } from './store.ts';

/** Movement is told against the list as it stood so long ago. */
const MOVEMENT_SPAN = HOUR;
/** And access lists of 24 hours against this as well. */
const DAY_SPAN = DAY;

/** How often a list is stored at most, and how old what is known of its past may be. */
const STORE_EVERY = MINUTE;

/** What a builder remembers of a list. */
export interface Remembered {
  /** As last published. */
  readonly last: Snapshot | undefined;
  readonly lastItems: ReadonlyMap<ArticleId, ListItem>;
  /** As it stood an hour ago, or first; undefined for a list that never had an item. */
  readonly before: Ranks | undefined;
  /** As it stood a day ago, where it is told against that as well and is so old. */
  readonly dayBefore: Ranks | undefined;
}

interface Entry extends Remembered {
  last: Snapshot | undefined;
  /** Kept from tick to tick: of tens of thousands of items few come and go. */
  readonly lastItems: Map<ArticleId, ListItem>;
  before: Ranks | undefined;
  dayBefore: Ranks | undefined;
  lookedUpAt: number;
  storedVersion: string | undefined;
  storedAt: number;
  /** Published, and not yet in PostgreSQL. */
  waiting: Snapshot | undefined;
}

/**
 * The past of the lists, which rank changes are told against. Published lists are kept here, so that a tick reads
 * nothing to compare with; PostgreSQL is asked for the hour before once a minute, for the lists that are being built.
 */
export interface Memory {
  /** Makes sure that the past of these lists is known and not older than a minute: one query at most. */
  recall(keys: readonly ListKey[], now: Date): Promise<void>;
  of(key: ListKey): Remembered;
  /** Notes what was published. `before` stands for the hour before where the list has no past. */
  note(key: ListKey, snapshot: Snapshot, before: Ranks | undefined): void;
  /** Stores the lists that changed, each at most once a minute, in one statement. */
  store(now: Date): Promise<void>;
  /** Forgets all, because another builder has published since. */
  forget(): void;
}

const NOTHING: Omit<Entry, 'lastItems'> = {
  last: undefined,
  before: undefined,
  dayBefore: undefined,
  lookedUpAt: Number.NEGATIVE_INFINITY,
  storedVersion: undefined,
  storedAt: Number.NEGATIVE_INFINITY,
  waiting: undefined,
};

export function openMemory(sql: Sql, redis: RedisClient): Memory {
  const entries = new Map<string, Entry>();
  const entryOf = (key: ListKey): Entry => {
    const found = entries.get(listRedisKey(key));
    if (found !== undefined) return found;
    const entry: Entry = { ...NOTHING, lastItems: new Map() };
    entries.set(listRedisKey(key), entry);
    return entry;
  };

  return {
    async recall(keys, now) {
      const unknown = keys.filter((key) => !entries.has(listRedisKey(key)));
      const lasts = unknown.length === 0 ? [] : await readSnapshots(redis, sql, unknown);
      const lookedUpAt = (key: ListKey) => entries.get(listRedisKey(key))?.lookedUpAt ?? Number.NEGATIVE_INFINITY;
      const old = keys.filter((key) => Math.abs(now.getTime() - lookedUpAt(key)) >= STORE_EVERY);
      if (old.length === 0) return;
      const histories = await readHistories(
        sql,
        old,
        new Date(now.getTime() - MOVEMENT_SPAN),
        new Date(now.getTime() - DAY_SPAN),
      );
      unknown.forEach((key, index) => {
        const entry = entryOf(key);
        entry.last = lasts[index];
        keepItems(entry.lastItems, entry.last?.items ?? []);
      });
      for (const key of old) {
        const entry = entryOf(key);
        const history = histories.get(listRedisKey(key));
        entry.lookedUpAt = now.getTime();
        entry.before = history?.before ?? entry.before;
        entry.dayBefore = history?.dayBefore;
        entry.storedVersion = history?.version ?? entry.storedVersion;
        entry.storedAt = history?.asOf.getTime() ?? entry.storedAt;
      }
    },
    of: entryOf,
    note(key, snapshot, before) {
      const entry = entryOf(key);
      entry.last = snapshot;
      entry.before = before;
      keepItems(entry.lastItems, snapshot.items);
      const isWorthKeeping = snapshot.items.length > 0 || entry.storedVersion !== undefined;
      if (snapshot.version === entry.storedVersion) entry.waiting = undefined;
      else if (isWorthKeeping && snapshot.version !== entry.waiting?.version) entry.waiting = snapshot;
    },
    async store(now) {
      const due = [...entries.values()].filter(
        (entry) => entry.waiting !== undefined && Math.abs(now.getTime() - entry.storedAt) >= STORE_EVERY,
      );
      if (due.length === 0) return;
      await storeSnapshots(
        sql,
        due.flatMap((entry) => entry.waiting ?? []),
      );
      for (const entry of due) {
        entry.storedVersion = entry.waiting?.version;
        entry.storedAt = now.getTime();
        entry.waiting = undefined;
      }
    },
    forget() {
      entries.clear();
    },
  };
}

function keepItems(known: Map<ArticleId, ListItem>, items: readonly ListItem[]): void {
  const isSameSet = known.size === items.length && items.every(({ article }) => known.has(article.id));
  if (!isSameSet) known.clear();
  for (const item of items) known.set(item.article.id, item);
}
