import { DAY, HOUR } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import { holdArchives } from './archive-lock.ts';
import { ensurePartition, type Grain } from './partitions.ts';

/**
 * Reads are kept by slots of five minutes for two days, by hours for 35 days, then by days: what a window, a restore or
 * the period of a closed list needs, and no more.
 *
 * Each bite moves the rows of one hour or one day in one transaction, so that a read is in one grain at every instant and
 * a crash costs nothing. What comes later for the same time is moved by a later run, onto what is there.
 *
 * Days are those of the site's zone, so that days, weeks and months of closed lists are sums of whole rows. Where the zone
 * is not whole hours from UTC, its midnight cuts an hour in two rows. Rows of days stay as they are when the zone changes.
 */
const SLOTS_KEPT = 2 * DAY;
const HOURS_KEPT = 35 * DAY;

/** Where no counter runs that would close periods, roll-ups go on after so long. */
const IMPORTS_WAITED_FOR = DAY;

/** Bites of one run; the next one goes on. */
const MAX_BITES = 1000;

/** The time in SQL at which the row of `grain` begins that holds `at`; `zone` is a parameter's name. */
export function rowStart(grain: Grain, at: string, zone: string): string {
  const day = `date_trunc('day', ${at}, ${zone})`;
  if (grain === 'day') return day;
  if (grain === 'hour') return `greatest(date_trunc('hour', ${at}, 'UTC'), ${day})`;
  return `date_bin('5 minutes', ${at}, 'epoch')`;
}

/** When rows of the next coarser grain begin to be all there is: slots after `slots`, hours between, days before `days`. */
export async function grainBounds(sql: Sql, zone: string, now: Date): Promise<{ slots: Date; hours: Date }> {
  const { rows } = await sql.query<{ hours: Date }>(`select date_trunc('day', $1::timestamptz, $2) as hours`, [
    new Date(now.getTime() - HOURS_KEPT),
    zone,
  ]);
  const slots = new Date(Math.floor((now.getTime() - SLOTS_KEPT) / HOUR) * HOUR);
  return { slots, hours: rows[0]?.hours ?? new Date(now.getTime() - HOURS_KEPT) };
}

/** Rolls up what is due; gives the number of rows that it made. Safe to be cut off anywhere. */
export async function rollUpCounts(sql: Sql, zone: string, now: Date, maxBites = MAX_BITES): Promise<number> {
  if (await isImportPending(sql, now)) return 0;
  const bounds = await grainBounds(sql, zone, now);
  let made = 0;
  let bites = maxBites;
  for (const [from, to, before] of [
    ['slot', 'hour', bounds.slots],
    ['hour', 'day', bounds.hours],
  ] as const) {
    for (let rows: number | undefined = 0; rows !== undefined && bites > 0; bites--) {
      rows = await sql.transaction((tx) => rollBite(tx, { from, to, before, zone }));
      made += rows ?? 0;
    }
  }
  return made;
}

/** Whether closed hours are still to be made of imported history, which is there by the hour only until it is rolled up. */
async function isImportPending(sql: Sql, now: Date): Promise<boolean> {
  const { rows } = await sql.query(
    'select from view_imports where closed_lists_number is distinct from commit_number and committed_at > $1 limit 1',
    [new Date(now.getTime() - IMPORTS_WAITED_FOR)],
  );
  return rows.length > 0;
}

interface Step {
  readonly from: Grain;
  readonly to: Grain;
  readonly before: Date;
  readonly zone: string;
}

/** Moves the oldest row of the coarser grain that is due; undefined where none is. */
async function rollBite(sql: Sql, { from, to, before, zone }: Step): Promise<number | undefined> {
  await holdArchives(sql);
  const { rows } = await sql.query<{ at: Date | null }>(
    'select min(slot) as at from read_counts where grain = $1 and slot < $2',
    [from, before],
  );
  const at = rows[0]?.at;
  if (at === null || at === undefined) return undefined;
  const { rows: spans } = await sql.query<{ start: Date }>(`select ${rowStart(to, '$1::timestamptz', '$2')} as start`, [
    at,
    zone,
  ]);
  const start = spans[0]?.start ?? at;
  await ensurePartition(sql, to, start);
  const { count } = await sql.query(
    `with taken as (
       delete from read_counts where grain = $1 and slot >= $2 and slot < least($3, $2 + interval '26 hours')
       and ${rowStart(to, 'slot', '$4')} = $2
       returning article_id, reads, box_reads, class
     )
     insert into read_counts (slot, article_id, reads, box_reads, class, grain)
     select $2, article_id, sum(reads), sum(box_reads), class, $5 from taken group by article_id, class
     on conflict (slot, article_id, class, grain) do update
     set reads = read_counts.reads + excluded.reads, box_reads = read_counts.box_reads + excluded.box_reads`,
    [from, start, before, zone, to],
  );
  return count;
}
