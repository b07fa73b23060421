import { MINUTE } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { ClosedSite } from './closed-list.ts';
import { PERIODS, type Period, type Span } from './periods.ts';
import { revisePeriod } from './revise-closed.ts';

/** An import commits every ten seconds while it runs: after a minute without, it has ended. */
const SETTLED_AFTER = MINUTE;

interface Follow {
  readonly archivedAt: Date;
  /** Periods that ended by then are closed. */
  readonly settled: Date;
  close(period: Period, span: Span): Promise<void>;
}

/** Whether an import is under way, so that history may still be incomplete. */
export async function hasUnsettledImport(sql: Sql, now: Date): Promise<boolean> {
  const { rows } = await sql.query('select from view_imports where committed_at > $1 limit 1', [
    new Date(now.getTime() - SETTLED_AFTER),
  ]);
  return rows.length > 0;
}

/**
 * Makes the lists of periods that imported logs tell of, as they would have been: those that were not closed are, and those
 * that were are revised. In order of time, so that each is told against the one before. Call it when periods are closed
 * as far as they can be. Gives how many it looked at, `max` at most.
 */
export async function followImports(sql: Sql, site: ClosedSite, follow: Follow, max: number): Promise<number> {
  const { archivedAt, close } = follow;
  const { rows: imports } = await sql.query<{ id: number; commit_number: number }>(
    'select id, commit_number from view_imports where closed_lists_number is distinct from commit_number',
  );
  if (imports.length === 0 || (await hasUnsettledImport(sql, archivedAt))) return 0;
  let followed = 0;
  for (const period of PERIODS) {
    for (const { isClosed, ...span } of await listPending(sql, site.zone, period, follow.settled, max - followed)) {
      if (isClosed) await sql.transaction((tx) => revisePeriod(tx, site, { period, span }, archivedAt));
      else await close(period, span);
      followed++;
    }
  }
  if (followed >= max) return followed;
  await sql.query(
    `update view_imports set closed_lists_number = commit_number
     from unnest($1::bigint[], $2::bigint[]) as seen(import_id, number) where id = import_id and commit_number = number`,
    [imports.map(({ id }) => id), imports.map((one) => one.commit_number)],
  );
  return followed;
}

interface Pending extends Span {
  readonly isClosed: boolean;
}

/** Periods with imported reads that were not looked at since, the first first. */
async function listPending(sql: Sql, zone: string, period: Period, settled: Date, limit: number): Promise<Pending[]> {
  const { rows } = await sql.query<Pending>(
    `with stretches as (
       select to_timestamp((span ->> 0)::float8 / 1000) as first, to_timestamp((span ->> 1)::float8 / 1000) as last,
              committed_at
       from view_imports cross join json_array_elements(spans) span
       where closed_lists_number is distinct from commit_number
     ), starts as (
       select date_trunc($1::text, at, $2::text) as start_at, max(committed_at) as committed_at
       from stretches cross join lateral (
         select generate_series(date_trunc('hour', first, $2), last, interval '1 hour') as at union all select last
       ) hours
       group by 1
     ), periods as (
       select *, case $1 when 'hour' then start_at + interval '1 hour'
         else (start_at at time zone $2 + ('1 ' || $1)::interval) at time zone $2 end as end_at
       from starts
     )
     select periods.start_at as start, periods.end_at as "end", closed.start_at is not null as "isClosed"
     from periods left join closed_periods closed on period = $1 and closed.start_at = periods.start_at
     where periods.end_at <= $3 and coalesce(closed.checked_at <= committed_at, true)
     order by periods.start_at limit $4`,
    [period, zone, settled, limit],
  );
  return rows;
}
