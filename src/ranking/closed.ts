import { DAY, HOUR, MINUTE } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import { type ClosedSite, closedSnapshot } from './closed-list.ts';
import { followImports, hasUnsettledImport } from './follow-imports.ts';
import { closedItems, readCategoryNames, readPeriod, readRanksBefore, storeClosed } from './make-closed.ts';
import { PERIODS, type Period, periodAt, type Span } from './periods.ts';
import { followRevocations } from './revise-closed.ts';

/** Reads on their way to Redis and views that a server reports late are waited for so long. */
const SETTLE = 5 * MINUTE;

/** After so long the slots of an hour may be rolled up to hours of UTC, which are no hours of every zone. */
const HOURS_CLOSE_FOR = 2 * DAY - 2 * HOUR;

/**
 * Makes the lists of periods that have ended and are not closed yet, those of imported history too, and revises those
 * whose reads were revoked or imported since: at most `max` of them; gives how many. All that was counted until
 * `archivedAt` must be in the archive. Safe to run by several at once and to be cut off anywhere.
 */
export async function closePeriods(sql: Sql, site: ClosedSite, archivedAt: Date, max = 100): Promise<number> {
  const settled = new Date(archivedAt.getTime() - SETTLE);
  let closed = 0;
  for (const period of PERIODS) {
    while (closed < max) {
      const span = await nextSpan(sql, period, site.zone, archivedAt);
      if (span === undefined || span.end.getTime() > settled.getTime()) break;
      await sql.transaction((tx) => closePeriod(tx, site, period, span, archivedAt));
      closed++;
    }
  }
  if (closed < max) closed += await followRevocations(sql, site, archivedAt, max - closed);
  const close = (period: Period, span: Span) =>
    sql.transaction((tx) => closePeriod(tx, site, period, span, archivedAt));
  if (closed < max) closed += await followImports(sql, site, { archivedAt, settled, close }, max - closed);
  return closed;
}

/** The period after the last one that was closed, or the first of which there are reads. */
async function nextSpan(sql: Sql, period: Period, zone: string, now: Date): Promise<Span | undefined> {
  const { rows } = await sql.query<{ closed: Date | null; first: Date | null }>(
    `select (select max(end_at) from closed_periods where period = $1) as closed,
            (select min(slot) from read_counts) as first`,
    [period],
  );
  const { closed, first } = rows[0] ?? { closed: null, first: null };
  const at = closed ?? first;
  if (at === null) return undefined;
  // History that is just coming in may begin earlier still.
  if (closed === null && (await hasUnsettledImport(sql, now))) return undefined;
  if (period !== 'hour') return await periodAt(sql, period, zone, at);
  const earliest = await periodAt(sql, period, zone, new Date(now.getTime() - HOURS_CLOSE_FOR));
  return at.getTime() >= earliest.start.getTime() ? await periodAt(sql, period, zone, at) : earliest;
}

async function closePeriod(sql: Sql, site: ClosedSite, period: Period, span: Span, now: Date): Promise<void> {
  const { count } = await sql.query(
    `insert into closed_periods (period, start_at, end_at, closed_at, checked_at) values ($1, $2, $3, $4, $4)
     on conflict do nothing`,
    [period, span.start, span.end, now],
  );
  // Another process was faster.
  if (count === 0) return;
  const found = await readPeriod(sql, period, span);
  if (found.size === 0) return;
  const before = await readRanksBefore(sql, period, span.start);
  const names = await readCategoryNames(sql);
  const lists = Array.from(found, ([scope, reads]) => {
    const head = { period, span, scope, siteName: site.siteName, name: names.get(scope) ?? null };
    return closedSnapshot(head, now, closedItems(reads, scope, before, span));
  });
  await storeClosed(sql, period, span, lists);
}
