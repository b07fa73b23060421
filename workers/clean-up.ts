import { removeOldArticles } from '../src/articles/clean-up.ts';
import { type Clock, DAY, HOUR } from '../src/clock.ts';
import type { Sql } from '../src/engines/sql.ts';
import { removeOldSnapshots, thinSnapshots } from '../src/ranking/store.ts';
import { removeOldBatches } from '../src/views/archive.ts';

interface Tools {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly articleRetentionMs: number;
}

/** Articles removed in one statement: small enough that no other statement waits long for its rows. */
const CHUNK = 1000;
const SNAPSHOT_RETENTION_DAYS = 30;
const BATCH_RETENTION_DAYS = 7;
/** Movement looks back one hour minute by minute; what is older is kept every ten minutes (see thinSnapshots). */
const DENSE_SNAPSHOT_HOURS = 2;
const DENSE_SNAPSHOTS_UNTIL_DAYS = 2;

/** Removes what is past its keeping time, in small bites. */
export function cleanUp({ sql, clock, articleRetentionMs }: Tools) {
  return async (): Promise<{ articles: number; snapshots: number; batches: number }> => {
    const now = clock();
    const before = (ms: number) => new Date(now.getTime() - ms);
    let articles = 0;
    for (let removed = CHUNK; removed === CHUNK; articles += removed) {
      removed = await removeOldArticles(sql, before(articleRetentionMs), CHUNK);
    }
    const snapshots =
      (await removeOldSnapshots(sql, before(SNAPSHOT_RETENTION_DAYS * DAY))) +
      (await thinSnapshots(sql, before(DENSE_SNAPSHOTS_UNTIL_DAYS * DAY), before(DENSE_SNAPSHOT_HOURS * HOUR)));
    const batches = await removeOldBatches(sql, before(BATCH_RETENTION_DAYS * DAY));
    return { articles, snapshots, batches };
  };
}
