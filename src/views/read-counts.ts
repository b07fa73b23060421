import type { Sql } from '../engines/sql.ts';
import { SLOT_SECONDS } from './keys.ts';
import type { ViewClass } from './view-class.ts';

/** Reads of one article, class and time, as they go into read_counts. */
export interface CountRow {
  /** Number of the slot of five minutes. */
  readonly slot: number;
  readonly article: string;
  readonly class: ViewClass;
  readonly reads: number;
  readonly boxReads: number;
}

/** So many rows go into one statement. */
const MAX_STATEMENT = 5000;

/**
 * Adds reads to what PostgreSQL holds, those of removed articles for whoever took their places. Call it in a transaction
 * that has joined the archives, and call `keepRevoked` (revoke.ts) after it.
 */
export async function addCounts(sql: Sql, rows: readonly CountRow[]): Promise<void> {
  for (let i = 0; i < rows.length; i += MAX_STATEMENT) await addSome(sql, rows.slice(i, i + MAX_STATEMENT));
}

/** In the order of the key: two who archive meet where the place of a removed article was taken by one of another shard. */
async function addSome(sql: Sql, rows: readonly CountRow[]): Promise<void> {
  await sql.query(
    `insert into read_counts (slot, article_id, reads, box_reads, class)
     select to_timestamp(slot::bigint * ${SLOT_SECONDS}), coalesce(successor_id, article), sum(reads), sum(box_reads), class
     from unnest($1::int[], $2::text[], $3::int[], $4::int[], $5::text[]) as counted (slot, article, reads, box_reads, class)
     left join article_successors on article_id = article
     group by 1, 2, class order by 1, 2, class
     on conflict (slot, article_id, class, grain) do update
     set reads = read_counts.reads + excluded.reads, box_reads = read_counts.box_reads + excluded.box_reads`,
    [
      rows.map((row) => row.slot),
      rows.map((row) => row.article),
      rows.map((row) => row.reads),
      rows.map((row) => row.boxReads),
      rows.map((row) => row.class),
    ],
  );
}
