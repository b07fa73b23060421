import { PREPARED, type Sql } from '../../engines/sql.ts';
import { PASS_SAVING } from '../gate.ts';

/** Texts in one of these are never copies of texts in another. */
export const SCRIPTS = ['other', 'cjk'] as const;
export type Script = (typeof SCRIPTS)[number];

/**
 * One decider at a time for each script, so that of two copies that were stored at the same moment the second sees the
 * first. The locks end with the transaction. The numbers mean nothing; they only must not be used elsewhere.
 */
const DECIDERS: Readonly<Record<Script, string>> = { other: '1852143219, 1', cjk: '1852143219, 2' };

/**
 * PostgreSQL thinks that a key finds one row of a hundred, and that comparing arrays is cheap (it is 8 µs a row). So it
 * would read a table of a few thousand fingerprints whole, and compile the statement for a large one: 24 and 1.7 ms an
 * article. Set until the end of the transaction, with the lock, which saves a statement.
 */
const SETTINGS = `set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)`;

/** Waits until nobody else decides on texts in these scripts, and until none of them is being removed. */
export async function becomeDecider(sql: Sql, scripts: readonly Script[] = SCRIPTS): Promise<void> {
  const locks = SCRIPTS.filter((script) => scripts.includes(script)).map(
    (script) => `pg_advisory_xact_lock(${DECIDERS[script]})`,
  );
  await sql.query(`select ${[PASS_SAVING, ...locks, SETTINGS].join(', ')}`, [], PREPARED);
}
