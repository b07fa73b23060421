import { forgetRemovedKeys, removeOldArticles } from '../src/articles/clean-up.ts';
import { dropFingerprints } from '../src/articles/copies/match-articles.ts';
import { forgetStories } from '../src/articles/stories/forget.ts';
import { forgetSuccessors } from '../src/articles/successors.ts';
import { type Clock, DAY, HOUR } from '../src/clock.ts';
import type { Sql } from '../src/engines/sql.ts';
import { removeOldSnapshots, thinSnapshots } from '../src/ranking/store.ts';
import { removeOldBatches } from '../src/views/archive.ts';
import { holdArchives } from '../src/views/archive-lock.ts';
import { moveReads } from '../src/views/move-reads.ts';
import { dropOldReads, keepPartitions } from '../src/views/partitions.ts';
import { removeOldRefusals } from '../src/views/refusals.ts';
import { rollUpCounts } from '../src/views/roll-up.ts';

interface Tools {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly articleRetentionMs: number;
  readonly readsRetentionMs: number;
  /** The site's, whose days reads are kept by. */
  readonly zone: string;
}

/** Articles removed in one statement: small enough that no other statement waits long for its rows. */
const CHUNK = 1000;
const SNAPSHOT_RETENTION_DAYS = 30;
const BATCH_RETENTION_DAYS = 7;
/** As far back as an explanation tells of them. */
const REFUSAL_RETENTION_DAYS = 7;
/** Movement looks back one hour minute by minute; what is older is kept every ten minutes (see thinSnapshots). */
const DENSE_SNAPSHOT_HOURS = 2;
const DENSE_SNAPSHOTS_UNTIL_DAYS = 2;

/** Removes what is past its keeping time, in small bites. */
export function cleanUp({ sql, clock, articleRetentionMs, readsRetentionMs, zone }: Tools) {
  return async (): Promise<{ articles: number; snapshots: number; batches: number; rolledUp: number }> => {
    const now = clock();
    const before = (ms: number) => new Date(now.getTime() - ms);
    let articles = 0;
    for (let removed = CHUNK; removed === CHUNK; articles += removed) {
      removed = await removeChunk(sql, before(articleRetentionMs), now);
    }
    for (let dropped = CHUNK; dropped === CHUNK; ) dropped = await dropFingerprints(sql, now, CHUNK);
    await forgetRemovedKeys(sql, now);
    const snapshots =
      (await removeOldSnapshots(sql, before(SNAPSHOT_RETENTION_DAYS * DAY))) +
      (await thinSnapshots(sql, before(DENSE_SNAPSHOTS_UNTIL_DAYS * DAY), before(DENSE_SNAPSHOT_HOURS * HOUR)));
    const batches = await removeOldBatches(sql, before(BATCH_RETENTION_DAYS * DAY));
    await forgetStories(sql, before(articleRetentionMs), now);
    await forgetSuccessors(sql, before(BATCH_RETENTION_DAYS * DAY));
    const rolledUp = await rollUpCounts(sql, zone, now);
    await keepPartitions(sql, now);
    await removeOldRefusals(sql, before(REFUSAL_RETENTION_DAYS * DAY));
    await dropOldReads(sql, before(readsRetentionMs));
    return { articles, snapshots, batches, rolledUp };
  };
}

/** Removes articles; in the same transaction their reads go to those that take their places. */
async function removeChunk(sql: Sql, before: Date, now: Date): Promise<number> {
  return await sql.transaction(async (tx) => {
    await holdArchives(tx);
    const { removed, successors } = await removeOldArticles(tx, before, CHUNK, now);
    await moveReads(tx, successors, now);
    return removed.length;
  });
}
