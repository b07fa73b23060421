import type { Sql } from '../engines/sql.ts';

/**
 * Who archives counts holds this lock with others, who must know what is archived and what is not holds it alone, each
 * until its transaction ends. It is the first lock of a transaction, so that none that has it waits for one that wants it.
 */
export const ARCHIVE_LOCK = 7_283_001;

/** For writing counts: waits while somebody holds archives up. */
export async function joinArchives(sql: Sql): Promise<void> {
  await sql.query('select pg_advisory_xact_lock_shared($1)', [ARCHIVE_LOCK]);
}

/** Waits for archives that are under way; until the transaction ends no other begins. */
export async function holdArchives(sql: Sql): Promise<void> {
  await sql.query('select pg_advisory_xact_lock($1)', [ARCHIVE_LOCK]);
}
