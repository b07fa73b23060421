import type { Sql } from '../../engines/sql.ts';
import { PASS_SAVING } from '../gate.ts';

/**
 * Texts in one of these scripts are never copies of texts in another, so that there is one decider at a time for each: of
 * two copies that were stored at the same moment the second sees the first. The locks end with the transaction, and come
 * before the gate: whoever waits for a decider keeps nobody waiting there. The numbers mean nothing; they only must not be
 * used elsewhere.
 */
const DECIDERS = { other: '1852143219, 1', cjk: '1852143219, 2' } as const;

/**
 * PostgreSQL thinks that a key finds one row of a hundred, and that comparing arrays is cheap (it is 8 µs a row). So it
 * would read a table of a few thousand fingerprints whole, and compile the statement for a large one: 24 and 1.7 ms an
 * article. Set until the end of the transaction, with the locks, which saves a statement.
 */
const SETTINGS = [
  ...['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'jit'].map(
    (name) => `set_config('${name}', 'off', true)`,
  ),
  `set_config('plan_cache_mode', 'force_generic_plan', true)`,
].join(', ');

const DECIDE_ON_ALL = [...Object.values(DECIDERS).map((key) => `pg_advisory_xact_lock(${key})`), SETTINGS].join(', ');

/** Waits until nobody else decides on any text, and until none is being removed. */
export async function becomeDecider(sql: Sql): Promise<void> {
  await sql.query(`select ${DECIDE_ON_ALL}, ${PASS_SAVING}`);
}

/**
 * The same for work that may take minutes: articles may be removed meanwhile. Whoever closes the gate would wait for it, and
 * all polls behind that.
 */
export async function becomeDeciderForLong(sql: Sql): Promise<void> {
  await sql.query(`select ${DECIDE_ON_ALL}`);
}

/**
 * Opens a transaction as the decider on the first script in which articles wait. Which one it is stands in
 * `newsrank.deciding_on`, so that it need not be asked for first.
 */
export const DECIDE_ON_WAITING = [
  // What a crash of the server takes back waits to be matched again, and need not be waited for. Always one row, so that
  // the settings hold for what is planned next; that the index is read in its order keeps this from being planned as a scan
  // of all articles, before they do.
  `select ${SETTINGS}, set_config('synchronous_commit', 'off', true),
    case waiting.script ${Object.entries(DECIDERS)
      .map(([script, key]) => `when '${script}' then pg_advisory_xact_lock(${key})`)
      .join(' ')} end, ${PASS_SAVING},
    set_config('newsrank.deciding_on', coalesce(waiting.script, ''), true)
  from (
    select coalesce(${Object.keys(DECIDERS)
      .map(
        (script) =>
          `(select script from articles where matched_at is null and script = '${script}' order by id limit 1)`,
      )
      .join(', ')}) as script
    offset 0
  ) waiting`,
];
