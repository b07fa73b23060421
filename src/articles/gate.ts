import type { Sql } from '../engines/sql.ts';

/**
 * Saving goes on side by side, but never while old articles are being removed: else a poll could add a source to an
 * article that is just going, and fail, or find its article gone right after it was seen again. Nor while feeds change
 * their categories and articles are filed anew: what is saved before is seen and moved, what is saved after sees the new
 * ones. Nor while a feed is removed or merged, which takes rows in another order than saving does.
 *
 * The lock ends with the transaction. Where it stands among all others is in docs/data-model.md. The numbers mean nothing;
 * they only must not be used elsewhere.
 */
const GATE = '1852143218, 1';

/** To be selected in a transaction that saves, before it takes any other lock but a decider's. */
export const PASS_SAVING = `pg_advisory_xact_lock_shared(${GATE})`;

/** Until the transaction ends nobody saves. */
export async function closeGate(sql: Sql): Promise<void> {
  await sql.query(`select pg_advisory_xact_lock(${GATE})`);
}
