import { DAY, HOUR } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import { holdArchives } from './archive-lock.ts';

/**
 * read_counts lies in partitions by grain and time, so that what was rolled up or is past its keeping time goes as a
 * whole, without a trace in indexes and free space: slots by day, hours and days by month, all in UTC. What has no
 * partition yet (a day that nobody made one for, an import of long ago) lies in one for all other times, and moves when
 * its own is made.
 */
export type Grain = 'slot' | 'hour' | 'day';

interface Span {
  readonly from: Date;
  readonly to: Date;
  readonly name: string;
}

const DAYS_AHEAD = 2;

const spanOf = (grain: Grain, at: Date): Span => {
  const month = Date.UTC(at.getUTCFullYear(), at.getUTCMonth());
  const day = Math.floor(at.getTime() / DAY) * DAY;
  const from = new Date(grain === 'slot' ? day : month);
  const to = new Date(grain === 'slot' ? day + DAY : Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1));
  const digits = from
    .toISOString()
    .replaceAll('-', '')
    .slice(0, grain === 'slot' ? 8 : 6);
  return { from, to, name: `${tableOf(grain)}_${digits}` };
};

const tableOf = (grain: Grain): string => `read_counts_${grain}s`;

/** Makes the partition for this time where there is none; call it in a transaction that holds archives up. */
export async function ensurePartition(sql: Sql, grain: Grain, at: Date): Promise<void> {
  const { name, from, to } = spanOf(grain, at);
  const { rows } = await sql.query<{ is_there: boolean }>('select to_regclass($1) is not null as is_there', [name]);
  if (rows[0]?.is_there === true) return;
  const other = `${tableOf(grain)}_other`;
  const [start, end] = [from.toISOString(), to.toISOString()];
  // Filled before it is attached: PostgreSQL refuses a partition whose rows lie in the one for all others.
  await sql.query(`create table ${name} (like ${other} including all)`);
  await sql.query(
    `with moved as (delete from ${other} where slot >= '${start}' and slot < '${end}' returning *)
     insert into ${name} select * from moved`,
  );
  await sql.query(`alter table ${tableOf(grain)} attach partition ${name} for values from ('${start}') to ('${end}')`);
}

/**
 * Makes the partitions that the next days need, and drops those that ended long ago and hold nothing: all of their rows
 * were rolled up, and what comes late lies in the one for all other times.
 */
export async function keepPartitions(sql: Sql, now: Date): Promise<void> {
  const days = Array.from({ length: DAYS_AHEAD + 1 }, (_, day) => new Date(now.getTime() + day * DAY));
  for (const day of days) {
    await sql.transaction(async (tx) => {
      await holdArchives(tx);
      await ensurePartition(tx, 'slot', day);
    });
  }
  for (const grain of ['slot', 'hour'] as const) {
    const ended = await listPartitions(sql, grain, new Date(now.getTime() - (grain === 'slot' ? 2 : 35) * DAY));
    for (const name of ended) await dropIfEmpty(sql, name);
  }
}

async function dropIfEmpty(sql: Sql, name: string): Promise<void> {
  await sql.transaction(async (tx) => {
    await holdArchives(tx);
    const { rows } = await tx.query<{ is_empty: boolean }>(`select not exists (select from ${name}) as is_empty`);
    if (rows[0]?.is_empty === true) await tx.query(`drop table ${name}`);
  });
}

/** Drops the days before `before`, month by month, and what was revoked then; gives how many months that were. */
export async function dropOldReads(sql: Sql, before: Date): Promise<number> {
  const months = await listPartitions(sql, 'day', before);
  for (const name of months) {
    await sql.transaction(async (tx) => {
      await holdArchives(tx);
      await tx.query(`drop table if exists ${name}`);
    });
  }
  await sql.query('delete from read_counts_days_other where slot < $1', [before]);
  await sql.query('delete from revoked_counts where slot < $1', [before]);
  return months.length;
}

/** The partitions of a grain that hold nothing from `before` on. */
async function listPartitions(sql: Sql, grain: Grain, before: Date): Promise<string[]> {
  const { rows } = await sql.query<{ name: string }>(
    'select inhrelid::regclass::text as name from pg_inherits where inhparent = $1::regclass order by 1',
    [tableOf(grain)],
  );
  const names = rows.map(({ name }) => name).filter((name) => /_\d+$/.test(name));
  return names.filter((name) => spanOf(grain, startOf(name)).to.getTime() <= before.getTime());
}

function startOf(name: string): Date {
  const digits = name.slice(name.lastIndexOf('_') + 1);
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6) || '01'].map(Number);
  return new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1) + HOUR);
}
