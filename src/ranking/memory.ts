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

const NOTHING: Entry = {
  last: undefined,
  lastItems: new Map(),
  before: undefined,
  dayBefore: undefined,
  lookedUpAt: Number.NEGATIVE_INFINITY,
  storedVersion: undefined,
  storedAt: Number.NEGATIVE_INFINITY,
  waiting: undefined,
};

export function openMemory(sql: Sql, redis: RedisClient): Memory {
  const entries = new Map<string, Entry>();
  const entryOf = (key: ListKey): Entry => entries.get(listRedisKey(key)) ?? NOTHING;

  return {
    async recall(keys, now) {
      const unknown = keys.filter((key) => !entries.has(listRedisKey(key)));
      const lasts = unknown.length === 0 ? [] : await readSnapshots(redis, sql, unknown);
      const old = keys.filter((key) => Math.abs(now.getTime() - entryOf(key).lookedUpAt) >= STORE_EVERY);
      if (old.length === 0) return;
      const histories = await readHistories(
        sql,
        old,
        new Date(now.getTime() - MOVEMENT_SPAN),
        new Date(now.getTime() - DAY_SPAN),
      );
      unknown.forEach((key, index) => {
        entries.set(listRedisKey(key), withLast(NOTHING, lasts[index]));
      });
      for (const key of old) {
        const entry = entryOf(key);
        const history = histories.get(listRedisKey(key));
        entries.set(listRedisKey(key), {
          ...entry,
          lookedUpAt: now.getTime(),
          before: history?.before ?? entry.before,
          dayBefore: history?.dayBefore,
          storedVersion: history?.version ?? entry.storedVersion,
          storedAt: history?.asOf.getTime() ?? entry.storedAt,
        });
      }
    },
    of: entryOf,
    note(key, snapshot, before) {
      const entry = withLast({ ...entryOf(key), before }, snapshot);
      const isWorthKeeping = snapshot.items.length > 0 || entry.storedVersion !== undefined;
      if (snapshot.version === entry.storedVersion) entry.waiting = undefined;
      else if (isWorthKeeping && snapshot.version !== entry.waiting?.version) entry.waiting = snapshot;
      entries.set(listRedisKey(key), entry);
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

function withLast(entry: Entry, last: Snapshot | undefined): Entry {
  return { ...entry, last, lastItems: new Map(last?.items.map((item) => [item.article.id, item])) };
}
