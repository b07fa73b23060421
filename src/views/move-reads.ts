import type { Succession } from '../articles/clean-up.ts';
import type { Sql } from '../engines/sql.ts';

/**
 * Gives the archived reads of removed articles to their successors, and notes that what is archived later goes there too.
 * Call it in the transaction of the removal, which has called `holdArchives` before all else: an archive that were under
 * way could still write reads under the old id.
 */
export async function moveReads(sql: Sql, successions: readonly Succession[], now: Date): Promise<void> {
  if (successions.length === 0) return;
  const pairs = JSON.stringify(successions);
  await sql.query(
    `with given as (select * from json_to_recordset($1::json) as given (removed text, successor text)),
     led_on as (
       update article_successors set successor_id = given.successor
       from given where article_successors.successor_id = given.removed
     )
     insert into article_successors (article_id, successor_id, removed_at)
     select removed, successor, $2 from given
     on conflict (article_id) do update set successor_id = excluded.successor_id, removed_at = excluded.removed_at`,
    [pairs, now],
  );
  await sql.query(
    `with given as (select * from json_to_recordset($1::json) as given (removed text, successor text)),
     taken as (
       delete from read_counts using given where article_id = given.removed
       returning given.successor, slot, reads, box_reads
     )
     insert into read_counts (slot, article_id, reads, box_reads)
     select slot, successor, sum(reads), sum(box_reads) from taken group by slot, successor
     on conflict (slot, article_id) do update
     set reads = read_counts.reads + excluded.reads, box_reads = read_counts.box_reads + excluded.box_reads`,
    [pairs],
  );
}

/** Forgets who took whose place before `before`: by then no archive brings reads of the removed any more. */
export async function removeOldSuccessions(sql: Sql, before: Date): Promise<number> {
  const { count } = await sql.query('delete from article_successors where removed_at < $1', [before]);
  return count;
}
