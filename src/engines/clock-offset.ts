import { type Clock, SECOND } from '../clock.ts';
import type { Sql } from './sql.ts';

/** By how many seconds this machine's clock is ahead of that of PostgreSQL, give or take half of what asking takes. */
export async function measureClockOffset(sql: Sql, clock: Clock): Promise<number> {
  const asked = clock().getTime();
  const { rows } = await sql.query<{ now: number }>('select extract(epoch from clock_timestamp())::float8 as now');
  const answered = clock().getTime();
  return (asked + answered) / 2 / SECOND - (rows[0]?.now ?? Number.NaN);
}
