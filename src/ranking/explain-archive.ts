import { DAY, HOUR, MINUTE } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';
import { WINDOW_SECONDS, WINDOWS, type WindowId } from '../views/keys.ts';

/** What a read from our own box weighs in popular lists, and for how many half-lives any read counts (count.lua). */
export const BOX_WEIGHT = 0.25;
const REACH = 20;

/** Views that were no reads, by reason. */
export type Refusals = Readonly<Record<string, number>>;

/** What PostgreSQL knows of an article's reads beside how many they are, its copies included. */
export interface ArchivedFacts {
  readonly copies: number;
  /** Reads that came as a copy's, of the last 30 days. */
  readonly copyReads: number;
  /** Reads that our own box led to, by window. */
  readonly boxReads: Readonly<Record<WindowId, number>>;
  /** What the lower weight of these takes from the decayed reads of popular lists now. */
  readonly boxDiscount: number;
  readonly refused: { readonly day: Refusals; readonly week: Refusals };
  /** Reads of the last 30 days that somebody took out, by class. */
  readonly revoked: Refusals;
}

const FAMILY = `with family as (select $1::text as id union select id from articles where original_id = $1)`;

/** What is archived of the article; `halfLife` in hours is that of the popular list that is explained. */
export async function readArchivedFacts(
  sql: Sql,
  article: ArticleId,
  halfLife: number,
  now: Date,
): Promise<ArchivedFacts> {
  const before = (ms: number) => new Date(now.getTime() - ms);
  const month = before(WINDOW_SECONDS['30d'] * 1000);
  const reads = await sql.query<ReadsRow>(
    `${FAMILY}
     select
       (select count(*) from family)::int - 1 as copies,
       coalesce(sum(reads) filter (where article_id <> $1), 0)::int as copy_reads,
       ${WINDOWS.map((window, at) => `coalesce(sum(box_reads) filter (where slot > $${at + 2}), 0)::int as "${window}"`).join(', ')},
       coalesce(sum(box_reads * power(2::float8, -extract(epoch from $6::timestamptz - slot) / $7::float8))
         filter (where slot > $8), 0)::float8 as weighed_box
     from read_counts where article_id in (select id from family) and slot > $5`,
    [
      article,
      ...WINDOWS.map((window) => before(WINDOW_SECONDS[window] * 1000)),
      // Reads of a slot lie in its middle on the average.
      before(-2.5 * MINUTE),
      (halfLife * HOUR) / 1000,
      before(REACH * halfLife * HOUR),
    ],
  );
  const refused = await sql.query<{ reason: string; day: number; week: number }>(
    `${FAMILY}
     select reason, coalesce(sum(views) filter (where hour > $2), 0)::int as day, sum(views)::int as week
     from refused_views where article_id in (select id from family) and hour > $3 group by reason order by reason`,
    [article, before(DAY), before(7 * DAY)],
  );
  const revoked = await sql.query<{ class: string; reads: number }>(
    `${FAMILY}
     select class, sum(reads)::int as reads from revoked_counts
     where article_id in (select id from family) and slot > $2 group by class order by class`,
    [article, month],
  );
  const [row] = reads.rows;
  if (row === undefined) throw new Error('an aggregate gave no row');
  const { copies, copy_reads: copyReads, weighed_box, ...boxReads } = row;
  const refusals = (value: (found: { day: number; week: number }) => number): Refusals =>
    Object.fromEntries(refused.rows.map((found) => [found.reason, value(found)]).filter(([, views]) => views !== 0));
  return {
    ...{ copies, copyReads, boxReads },
    boxDiscount: weighed_box * (1 - BOX_WEIGHT),
    refused: { day: refusals(({ day }) => day), week: refusals(({ week }) => week) },
    revoked: Object.fromEntries(revoked.rows.map((found) => [found.class, found.reads])),
  };
}

type ReadsRow = Readonly<Record<WindowId, number>> & {
  readonly copies: number;
  readonly copy_reads: number;
  readonly weighed_box: number;
};
