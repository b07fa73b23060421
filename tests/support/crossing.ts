import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from '../../src/engines/sql.ts';

const PATIENCE_MS = 5000;

/**
 * Has pieces of work cross at a lock of the test's own: `held` takes it, the first runs until it waits or ends, then the
 * next does, then the lock is let go. What they come to: PostgreSQL ends one of two that wait for each other (40P01).
 */
export async function cross(
  sql: Sql,
  held: (tx: Sql) => Promise<unknown>,
  ...begin: (() => Promise<unknown>)[]
): Promise<unknown[]> {
  const works: Promise<unknown>[] = [];
  await sql.transaction(async (tx) => {
    await held(tx);
    for (const next of begin) {
      works.push(next());
      await untilStill(tx, works);
    }
  });
  return await Promise.all(works);
}

/** Until all that has not ended waits for a lock. */
async function untilStill(tx: Sql, works: readonly Promise<unknown>[]): Promise<void> {
  let running = works.length;
  const end = () => {
    running -= 1;
  };
  for (const work of works) work.then(end, end);
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(5)) {
    // In a transaction PostgreSQL shows what it showed at first.
    await tx.query('select pg_stat_clear_snapshot()');
    const { rows } = await tx.query<{ waiting: number }>(
      `select count(*) as waiting from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if ((rows[0]?.waiting ?? 0) >= running) return;
  }
  assert.fail('It neither ended nor waits for a lock.');
}
