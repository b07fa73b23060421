import type { Succession } from '../articles/clean-up.ts';
import { noteSuccessors } from '../articles/successors.ts';
import type { Sql } from '../engines/sql.ts';

/**
 * Gives the archived reads of removed articles to their successors, and notes that what is archived later goes there too.
 * Call it in the transaction of the removal, which has called `holdArchives` before all else: an archive that were under
 * way could still write reads under the old id.
 */
export async function moveReads(sql: Sql, successions: readonly Succession[], now: Date): Promise<void> {
  if (successions.length === 0) return;
  const pairs = JSON.stringify(successions);
  await noteSuccessors(sql, successions, now);
  await sql.query(
    `with given as (select * from json_to_recordset($1::json) as given (removed text, successor text)),
     taken as (
       delete from read_counts using given where article_id = given.removed
       returning given.successor, slot, reads, box_reads, class, grain
     )
     insert into read_counts (slot, article_id, reads, box_reads, class, grain)
     select slot, successor, sum(reads), sum(box_reads), class, grain from taken group by slot, successor, class, grain
     on conflict (slot, article_id, class, grain) do update
     set reads = read_counts.reads + excluded.reads, box_reads = read_counts.box_reads + excluded.box_reads`,
    [pairs],
  );
  await sql.query(
    `with given as (select * from json_to_recordset($1::json) as given (removed text, successor text)),
     taken as (
       delete from revoked_counts using given where article_id = given.removed
       returning revocation_id, given.successor, slot, reads, box_reads, class, grain
     )
     insert into revoked_counts (revocation_id, slot, article_id, reads, box_reads, class, grain)
     select revocation_id, slot, successor, sum(reads), sum(box_reads), class, grain
     from taken group by revocation_id, slot, successor, class, grain
     on conflict (revocation_id, slot, article_id, class, grain) do update
     set reads = revoked_counts.reads + excluded.reads, box_reads = revoked_counts.box_reads + excluded.box_reads`,
    [pairs],
  );
}
