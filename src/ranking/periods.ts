import { DAY, HOUR } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';

export const PERIODS = ['hour', 'day', 'week', 'month'] as const;

/** What closed lists are of: in the site's zone, weeks as ISO 8601 has them. */
export type Period = (typeof PERIODS)[number];

export interface Span {
  readonly start: Date;
  readonly end: Date;
}

/** The period that holds the instant. Across a change of the clocks a day has 23 or 25 hours, and an hour comes twice. */
export async function periodAt(sql: Sql, period: Period, zone: string, at: Date): Promise<Span> {
  const { rows } = await sql.query<Span>(
    `select start, case $1::text when 'hour' then start + interval '1 hour'
            else (start at time zone $2::text + ('1 ' || $1::text)::interval) at time zone $2::text end as "end"
       from (select date_trunc($1::text, $3::timestamptz, $2::text) as start) as period`,
    [period, zone, at],
  );
  const [span] = rows;
  if (span === undefined) throw new Error('a select without from gave no row');
  return span;
}

const NAMES: Readonly<Record<Period, RegExp>> = {
  hour: /^\d{4}-\d{2}-\d{2}[T ]\d{2}$/,
  day: /^\d{4}-\d{2}-\d{2}$/,
  week: /^\d{4}-W\d{2}$/,
  month: /^\d{4}-\d{2}$/,
};

/**
 * The beginning of the period that a name such as `2026-11-23T05`, `2026-11-23`, `2026-W48` or `2026-11` says, on the
 * clocks of the zone; undefined where there is none. Of an hour that comes twice the name means the second.
 */
export async function startOfNamed(sql: Sql, period: Period, zone: string, name: string): Promise<Date | undefined> {
  // Years before 1000 are nobody's: what is reckoned back from the first of them has no four digits.
  const local = NAMES[period].test(name) && name >= '1000' ? localStart(period, name) : undefined;
  if (local === undefined) return undefined;
  // What the clocks skip comes back as another time.
  const { rows } = await sql.query<{ start: Date }>(
    `select start from (select $1::timestamp at time zone $2::text as start) as named
      where $3::text <> 'hour' or start at time zone $2::text = $1::timestamp`,
    [local, zone, period],
  );
  return rows[0]?.start;
}

/** The same as a local time; undefined for a date that no calendar has. */
function localStart(period: Period, name: string): string | undefined {
  if (period === 'week') return mondayOf(Number(name.slice(0, 4)), Number(name.slice(6)));
  const [date = '', hour = '00'] = name.split(/[T ]/);
  const full = `${date}${period === 'month' ? '-01' : ''}T${hour}:00:00`;
  const time = new Date(`${full}Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(full) ? full : undefined;
}

/** The Monday of an ISO week: the first week of a year is the one with the 4th of January. */
function mondayOf(year: number, week: number): string | undefined {
  const fourth = Date.UTC(year, 0, 4);
  const first = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY;
  const monday = new Date(first + (week - 1) * 7 * DAY);
  // Its Thursday lies in the year that the week belongs to.
  const isInYear = new Date(monday.getTime() + 3 * DAY + HOUR).getUTCFullYear() === year;
  return week >= 1 && isInYear ? monday.toISOString().slice(0, 19) : undefined;
}
