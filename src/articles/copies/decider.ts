import type { Sql } from '../../engines/sql.ts';
import { passSaving } from '../gate.ts';

/** Texts in one of these are never copies of texts in another. */
export const SCRIPTS = ['other', 'cjk'] as const;
export type Script = (typeof SCRIPTS)[number];

/**
 * One decider at a time for each script, so that of two copies that were stored at the same moment the second sees the
 * first. The locks end with the transaction. The numbers mean nothing; they only must not be used elsewhere.
 */
const DECIDERS: Readonly<Record<Script, string>> = { other: '1852143219, 1', cjk: '1852143219, 2' };

/** Waits until nobody else decides on texts in these scripts, and until none of them is being removed. */
export async function becomeDecider(sql: Sql, scripts: readonly Script[] = SCRIPTS): Promise<void> {
  await passSaving(sql);
  for (const script of SCRIPTS) {
    if (scripts.includes(script)) await sql.query(`select pg_advisory_xact_lock(${DECIDERS[script]})`);
  }
}
