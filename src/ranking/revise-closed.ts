import { HOUR } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';
import { grainBounds } from '../views/roll-up.ts';
import { type Cause, type ClosedSite, type ClosedSnapshot, closedSnapshot } from './closed-list.ts';
import { LIST_ITEMS, type Scope } from './list.ts';
import {
  closedItems,
  type PeriodReads,
  readCategoryNames,
  readPeriod,
  readRanksBefore,
  storeClosed,
} from './make-closed.ts';
import type { Period, Span } from './periods.ts';

/**
 * A closed list is never changed. When reads of its time are revoked, given back or imported, the period is held against
 * the archive once more; where a list comes out different, that is stored as its next revision, which says why. What
 * else changed since (a title, an article that was removed) changes nothing: who was in the list stays as he was shown.
 */
interface Closed {
  readonly period: Period;
  readonly span: Span;
}

/** Revises the lists that revocations touch; gives how many periods it looked at, `max` at most. */
export async function followRevocations(sql: Sql, site: ClosedSite, now: Date, max: number): Promise<number> {
  let followed = 0;
  const { rows: pending } = await sql.query<{ id: number; from_at: Date; to_at: Date; changed_at: Date }>(
    `select id, from_at, to_at, coalesce(undone_at, made_at) as changed_at from revocations
     where closed_lists_at is distinct from coalesce(undone_at, made_at) and coalesce(undone_at, made_at) <= $1
     order by id`,
    [now],
  );
  for (const { id, from_at, to_at, changed_at } of pending) {
    const { rows } = await sql.query<{ period: Period; start: Date; end: Date }>(
      `select period, start_at as start, end_at as "end" from closed_periods
       where start_at < $2 and end_at > $1 and checked_at <= $3 order by start_at, period limit $4`,
      [from_at, to_at, changed_at, max - followed],
    );
    for (const { period, ...span } of rows)
      await sql.transaction((tx) => revisePeriod(tx, site, { period, span }, now));
    followed += rows.length;
    if (followed >= max) return followed;
    await sql.query('update revocations set closed_lists_at = $2 where id = $1 and coalesce(undone_at, made_at) = $2', [
      id,
      changed_at,
    ]);
  }
  return followed;
}

/** Holds the closed period against the archive, and stores the lists that come out different. */
export async function revisePeriod(sql: Sql, site: ClosedSite, closed: Closed, now: Date): Promise<void> {
  const { period, span } = closed;
  const { rows } = await sql.query<{ checked_at: Date }>(
    'select checked_at from closed_periods where period = $1 and start_at = $2 for update',
    [period, span.start],
  );
  const [row] = rows;
  if (row === undefined) return;
  const causes = await readCauses(sql, span, row.checked_at);
  if (causes.length > 0 && (await isStillKept(sql, site, closed, now))) await revise(sql, site, closed, causes, now);
  await sql.query(
    'update closed_periods set checked_at = greatest(checked_at, $3) where period = $1 and start_at = $2',
    [period, span.start, now],
  );
}

/** What changed reads of the time since then; of the same instant too, for it may have come just after the look. */
async function readCauses(sql: Sql, { start, end }: Span, since: Date): Promise<Cause[]> {
  const { rows } = await sql.query<{ cause: Cause }>(
    `select 'revoked' as cause where exists (
       select from revocations where from_at < $2 and to_at > $1 and made_at >= $3)
     union all
     select 'given-back' where exists (
       select from revocations where from_at < $2 and to_at > $1 and undone_at >= $3)
     union all
     select 'imported' where exists (
       select from view_imports cross join json_array_elements(spans) span
       where committed_at >= $3 and (span ->> 0)::float8 < $4 and (span ->> 1)::float8 >= $5)`,
    [start, end, since, end.getTime(), start.getTime()],
  );
  return rows.map(({ cause }) => cause);
}

/** Whether the archive can still tell the reads of the period: hours are kept for a while, all reads for longer. */
async function isStillKept(sql: Sql, { zone }: ClosedSite, { period, span }: Closed, now: Date): Promise<boolean> {
  if (period === 'hour') {
    const bounds = await grainBounds(sql, zone, now);
    const isWholeHour = span.start.getTime() % HOUR === 0;
    return span.start.getTime() >= (isWholeHour ? bounds.hours : bounds.slots).getTime();
  }
  const { rows } = await sql.query<{ is_dropped: boolean }>(
    `select exists (
       select from closed_lists where period = 'day' and start_at >= $1 and start_at < $2
       and start_at < (select min(slot) from read_counts) - interval '1 day'
     ) as is_dropped`,
    [span.start, span.end],
  );
  return rows[0]?.is_dropped === false;
}

interface Standing {
  readonly scope: Scope;
  readonly first: ClosedSnapshot;
  readonly last: ClosedSnapshot;
}

async function revise(
  sql: Sql,
  { siteName }: ClosedSite,
  { period, span }: Closed,
  because: readonly Cause[],
  now: Date,
): Promise<void> {
  const [standing, found, before, names] = [
    await readStanding(sql, period, span),
    await readPeriod(sql, period, span),
    await readRanksBefore(sql, period, span.start),
    await readCategoryNames(sql),
  ];
  const gone = await readGone(sql, [...standing.values()], span);
  const lists = [...new Set([...standing.keys(), ...found.keys()])].flatMap((scope): ClosedSnapshot[] => {
    const head = { period, span, scope, siteName, name: names.get(scope) ?? null };
    const old = standing.get(scope);
    const last = old?.last ?? closedSnapshot(head, now, []);
    const reads = withGone(found.get(scope) ?? [], old, gone);
    if (isSame(reads, last)) return [];
    const items = closedItems(asShown(reads, last), scope, before, span);
    const revision = (last.revision ?? 1) + 1;
    return [closedSnapshot(head, now, items, { revision, revised: { because, supersedes: last.version } })];
  });
  await storeClosed(sql, period, span, lists);
}

async function readStanding(sql: Sql, period: Period, { start }: Span): Promise<Map<Scope, Standing>> {
  const { rows } = await sql.query<Standing>(
    `select scope, (array_agg(body order by revision))[1] as first, (array_agg(body order by revision desc))[1] as last
     from closed_lists where period = $1 and start_at = $2 group by scope`,
    [period, start],
  );
  return new Map(rows.map((row) => [row.scope, row]));
}

/** Articles of these lists that were removed and left their reads to no other, with what is revoked of them now. */
async function readGone(
  sql: Sql,
  standing: readonly Standing[],
  { start, end }: Span,
): Promise<ReadonlyMap<ArticleId, number>> {
  const ids = new Set(standing.flatMap(({ first }) => first.items.map(({ article }) => article.id)));
  const { rows } = await sql.query<{ id: ArticleId; revoked: number }>(
    `select listed as id, coalesce((
       select sum(reads) from revoked_counts where article_id = listed and slot >= $2 and slot < $3
     ), 0)::float8 as revoked
     from unnest($1::text[]) listed
     where not exists (select from articles where id = listed)
       and not exists (select from article_successors where article_id = listed)`,
    [[...ids], start, end],
  );
  return new Map(rows.map(({ id, revoked }) => [id, revoked]));
}

/** The reads with those of articles that are gone, as they were when the list was first made, less what is revoked. */
function withGone(
  found: readonly PeriodReads[],
  old: Standing | undefined,
  gone: ReadonlyMap<ArticleId, number>,
): readonly PeriodReads[] {
  const kept = (old?.first.items ?? []).flatMap(({ article, reads }): PeriodReads[] => {
    const revoked = gone.get(article.id);
    return revoked === undefined || reads <= revoked ? [] : [{ article, reads: reads - revoked }];
  });
  if (kept.length === 0) return found;
  return [...found, ...kept]
    .sort((a, b) => b.reads - a.reads || (a.article.id < b.article.id ? 1 : -1))
    .slice(0, LIST_ITEMS);
}

function isSame(reads: readonly PeriodReads[], { items }: ClosedSnapshot): boolean {
  const isItem = ({ article, reads }: PeriodReads, index: number) =>
    items[index]?.article.id === article.id && items[index].reads === reads;
  return reads.length === items.length && reads.every(isItem);
}

/** Articles that the list showed before are shown in the same words. */
function asShown(reads: readonly PeriodReads[], { items }: ClosedSnapshot): PeriodReads[] {
  const shown = new Map(items.map(({ article }) => [article.id, article]));
  return reads.map(({ article, reads }) => ({ reads, article: shown.get(article.id) ?? article }));
}
