import type { Sql } from '../engines/sql.ts';
import { type ClosedSnapshot, closedSnapshot } from './closed-list.ts';
import type { Scope } from './list.ts';
import type { Period } from './periods.ts';

interface Row {
  readonly body: ClosedSnapshot | null;
  readonly end_at: Date;
  readonly closed_at: Date;
  readonly name: string | null;
}

/**
 * The list of the period that begins at `start`, in its last revision or in the one that is asked for; undefined where
 * that is not closed, or has no such revision.
 */
export async function readClosed(
  sql: Sql,
  { period, start, scope, revision }: ClosedKey,
  siteName: string,
): Promise<ClosedSnapshot | undefined> {
  const { rows } = await sql.query<Row>(
    `select body, end_at, closed_at, name from closed_periods closed
       left join lateral (
         select body from closed_lists list
          where list.period = closed.period and list.start_at = closed.start_at and list.scope = $3
            and coalesce(list.revision = $4, true)
          order by list.revision desc limit 1
       ) list on true
       left join categories on slug = $3
      where closed.period = $1 and closed.start_at = $2`,
    [period, start, scope, revision ?? null],
  );
  const [row] = rows;
  if (row === undefined || (row.body === null && (revision ?? 1) > 1)) return undefined;
  const span = { start, end: row.end_at };
  return row.body ?? closedSnapshot({ period, span, scope, siteName, name: row.name }, row.closed_at, []);
}

export interface ClosedKey {
  readonly period: Period;
  readonly start: Date;
  readonly scope: Scope;
  readonly revision?: number | undefined;
}

/** When the last period that is closed began. */
export async function latestClosed(sql: Sql, period: Period): Promise<Date | undefined> {
  const { rows } = await sql.query<{ start: Date | null }>(
    'select max(start_at) as start from closed_periods where period = $1',
    [period],
  );
  return rows[0]?.start ?? undefined;
}

/** When the closed periods before and after the one that begins at `start` began; null where there is none. */
export async function findNeighbours(
  sql: Sql,
  period: Period,
  start: Date,
): Promise<{ readonly before: Date | null; readonly after: Date | null }> {
  const { rows } = await sql.query<{ before: Date | null; after: Date | null }>(
    `select (select max(start_at) from closed_periods where period = $1 and start_at < $2) as before,
            (select min(start_at) from closed_periods where period = $1 and start_at > $2) as after`,
    [period, start],
  );
  return rows[0] ?? { before: null, after: null };
}
