import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { findOriginals } from '../articles/store.ts';
import { DAY, HOUR, MINUTE } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import { LIST_ITEMS, type ListItem, type Scope, type Snapshot } from './list.ts';
import { listedArticle } from './listed-article.ts';
import { movementOf, type Ranks, ranksOf } from './movement.ts';
import { PERIODS, type Period, periodAt, type Span } from './periods.ts';
import { BOX_ITEMS, GOOD_READS } from './thin.ts';
import { listTitle } from './title.ts';

/**
 * Closed lists: what was read most in a finished hour, day, week or month. Each is made once, from the archive, after all
 * that was counted in its time has come there, and stands as it was made, titles included.
 */
export interface ClosedSnapshot extends Omit<Snapshot, 'list' | 'window'> {
  readonly list: 'closed';
  readonly window: { readonly id: Period; readonly from: string; readonly to: string; readonly final: true };
}

/** What closed lists say of the site. */
export interface ClosedSite {
  readonly siteName: string;
  readonly zone: string;
}

/** Reads on their way to Redis and views that a server reports late are waited for so long. */
const SETTLE = 5 * MINUTE;

/** After so long the slots of an hour may be rolled up to hours of UTC, which are no hours of every zone. */
const HOURS_CLOSE_FOR = 2 * DAY - 2 * HOUR;

const CLOSE = readFileSync(new URL('./close.sql', import.meta.url), 'utf8');

/**
 * Makes the lists of periods that have ended and are not closed yet, at most `max` of them; gives how many. All that was
 * counted until `archivedAt` must be in the archive. Safe to run by several at once and to be cut off anywhere.
 */
export async function closePeriods(sql: Sql, site: ClosedSite, archivedAt: Date, max = 100): Promise<number> {
  let closed = 0;
  for (const period of PERIODS) {
    while (closed < max) {
      const span = await nextSpan(sql, period, site.zone, archivedAt);
      if (span === undefined || span.end.getTime() > archivedAt.getTime() - SETTLE) break;
      await sql.transaction((tx) => closePeriod(tx, site, period, span, archivedAt));
      closed++;
    }
  }
  return closed;
}

/** The list of the period that begins at `start`; undefined where that is not closed. */
export async function readClosed(
  sql: Sql,
  period: Period,
  start: Date,
  scope: Scope,
  siteName: string,
): Promise<ClosedSnapshot | undefined> {
  const { rows } = await sql.query<{ body: ClosedSnapshot | null; end_at: Date; closed_at: Date; name: string | null }>(
    `select body, end_at, closed_at, name from closed_periods closed
       left join closed_lists list on list.period = closed.period and list.start_at = closed.start_at and scope = $3
       left join categories on slug = $3
      where closed.period = $1 and closed.start_at = $2`,
    [period, start, scope],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const span = { start, end: row.end_at };
  return row.body ?? closedSnapshot(period, span, scope, { siteName, name: row.name }, row.closed_at, []);
}

/** The period after the last one that was closed, or the first of which there are reads. */
async function nextSpan(sql: Sql, period: Period, zone: string, now: Date): Promise<Span | undefined> {
  const { rows } = await sql.query<{ at: Date | null }>(
    `select coalesce((select max(end_at) from closed_periods where period = $1), (select min(slot) from read_counts)) as at`,
    [period],
  );
  const at = rows[0]?.at;
  if (at === null || at === undefined) return undefined;
  if (period !== 'hour') return await periodAt(sql, period, zone, at);
  const earliest = await periodAt(sql, period, zone, new Date(now.getTime() - HOURS_CLOSE_FOR));
  return at.getTime() >= earliest.start.getTime() ? await periodAt(sql, period, zone, at) : earliest;
}

async function closePeriod(sql: Sql, site: ClosedSite, period: Period, span: Span, now: Date): Promise<void> {
  const { count } = await sql.query(
    'insert into closed_periods (period, start_at, end_at, closed_at) values ($1, $2, $3, $4) on conflict do nothing',
    [period, span.start, span.end, now],
  );
  // Another process was faster.
  if (count === 0) return;
  const { rows } = await sql.query<{ scope: Scope; id: ArticleId; reads: number }>(CLOSE, [
    span.start,
    span.end,
    LIST_ITEMS,
  ]);
  if (rows.length === 0) return;
  const articles = await findOriginals(sql, [...new Set(rows.map((row) => row.id))]);
  const before = await readRanks(sql, period, span.start);
  const names = await sql.query<{ slug: CategorySlug; name: string }>('select slug, name from categories');
  const nameOf = new Map<Scope, string>(names.rows.map(({ slug, name }) => [slug, name]));
  const lists = [...new Set(rows.map((row) => row.scope))].map((scope) => {
    const found = rows.flatMap((row) => {
      const article = row.scope === scope ? articles.get(row.id) : undefined;
      return article === undefined ? [] : [{ reads: row.reads, article: listedArticle(article) }];
    });
    // A list without one before it is told against itself.
    const ranks = before.get(scope) ?? (before.size > 0 ? new Map() : ranksOf(found.map(({ article }) => article.id)));
    const items = found.map(({ reads, article }, index): ListItem => {
      const rank = index + 1;
      const moved = movementOf(article.id, rank, ranks);
      return { rank, ...moved, peakRank: rank, since: span.start.toISOString(), reads, fill: null, article };
    });
    return closedSnapshot(period, span, scope, { ...site, name: nameOf.get(scope) ?? null }, now, items);
  });
  await sql.query(
    `insert into closed_lists (period, start_at, scope, body)
     select $1, $2, * from unnest($3::text[], $4::jsonb[])`,
    [period, span.start, lists.map((list) => list.scope), lists.map((list) => JSON.stringify(list))],
  );
}

/** The ranks of the period before, by scope. */
async function readRanks(sql: Sql, period: Period, end: Date): Promise<Map<Scope, Ranks>> {
  const { rows } = await sql.query<{ scope: Scope; articles: ArticleId[] }>(
    `select scope, jsonb_path_query_array(body, '$.items[*].article.id') as articles
       from closed_lists join closed_periods using (period, start_at) where period = $1 and end_at = $2`,
    [period, end],
  );
  return new Map(rows.map(({ scope, articles }) => [scope, ranksOf(articles)]));
}

function closedSnapshot(
  period: Period,
  { start, end }: Span,
  scope: Scope,
  { siteName, name }: { readonly siteName: string; readonly name: string | null },
  closedAt: Date,
  items: readonly ListItem[],
): ClosedSnapshot {
  const good = items.filter(({ reads }) => reads >= GOOD_READS).length;
  const title = listTitle(
    { kind: 'access', scope, window: null },
    { siteName, ...(name !== null && { categoryName: name }) },
  );
  const content = JSON.stringify([title, period, start, items]);
  return {
    list: 'closed',
    scope,
    title,
    window: { id: period, from: start.toISOString(), to: end.toISOString(), final: true },
    asOf: closedAt.toISOString(),
    version: createHash('sha256').update(content).digest('base64url').slice(0, 16),
    confidence: items.length === 0 ? 'empty' : good < BOX_ITEMS ? 'thin' : 'ok',
    items,
  };
}
