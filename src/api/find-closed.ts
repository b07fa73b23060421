import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import type { ClosedSite, ClosedSnapshot } from '../ranking/closed-list.ts';
import type { Scope } from '../ranking/list.ts';
import { type Period, periodAt, startOfNamed } from '../ranking/periods.ts';
import { latestClosed, readClosed } from '../ranking/read-closed.ts';
import { parseTime } from './time.ts';

/** Stands for the last period that is closed. */
export const LATEST = 'latest';

export interface ClosedWish {
  readonly period: Period;
  /** The name that the period has on the site's clocks, any instant in it, or `latest`. */
  readonly start: string;
  readonly scope: Scope;
  readonly revision?: number | undefined;
}

/** The closed list that is asked for. Throws `request-invalid` for a name of no period and `list-unknown`. */
export async function findClosed(sql: Sql, site: ClosedSite, wish: ClosedWish): Promise<ClosedSnapshot> {
  const { period, scope, revision } = wish;
  const start = await startOf(sql, site.zone, wish);
  const list = start && (await readClosed(sql, { period, start, scope, revision }, site.siteName));
  if (list !== undefined) return list;
  const what = revision === undefined ? `That ${period} has not been closed yet` : `There is no such revision`;
  throw new CodedError('list-unknown', `${what}, or nothing was counted then.`);
}

async function startOf(sql: Sql, zone: string, { period, start: text }: ClosedWish): Promise<Date | undefined> {
  if (text === LATEST) return await latestClosed(sql, period);
  const at = parseTime(text);
  if (at !== undefined) return (await periodAt(sql, period, zone, at)).start;
  const start = await startOfNamed(sql, period, zone, text);
  if (start !== undefined) return start;
  throw new CodedError(
    'request-invalid',
    'A period is named like 2026-11-23T05, 2026-11-23, 2026-W48 or 2026-11, by an RFC 3339 time in it, or "latest".',
  );
}
