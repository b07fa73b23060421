import { HOUR, MINUTE, SECOND } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';
import { SLOT_SECONDS } from '../views/keys.ts';
import { type ListKey, listRedisKey } from './list.ts';

/**
 * How an article was read, in 24 steps until now: what a list draws beside each item. The steps fit the list: five minutes
 * for what is read or rises within an hour, hours for a day and for popular lists, 7 hours for a week, 30 for a month.
 *
 * They come from the archive, and steps that are over never change but for reads that come late. So the builder keeps
 * them, reads of an article that it knows only the last two, and does so after the lists are published, a share at a
 * time: a list never waits for its sparklines. They are as old as a minute, those of long steps a sixtieth of a step.
 * Reads that are reported hours late show when the whole is read again: after a minute, two, four, then each half hour.
 */
const VALUES = 24;

/** Length of a step, in milliseconds. */
type Step = number;

const STEPS: readonly Step[] = [SLOT_SECONDS * SECOND, HOUR, 7 * HOUR, 30 * HOUR];

/** Rows of the archive that one build may read for each length of step, at most; a build of some lists. */
const BUDGET = 100_000;
const TICK_BUDGET = 20_000;
const MOST_BETWEEN_WHOLES = 30 * MINUTE;
/** What is new in lists has its sparkline after so long; more often than that, looking for it is most of a tick's work. */
const REFRESH_EVERY = 15 * SECOND;
/** Slots are rolled up to hours after so long (views/roll-up.ts). */
const SLOTS_KEPT = 48 * HOUR;

interface Known {
  readonly values: number[];
  /** Number of the last step, since 1970. */
  readonly last: number;
  readonly readAt: number;
  /** When all steps were read, and how often before. */
  readonly wholeAt: number;
  readonly wholes: number;
  /** The values as they were last asked for, and when: most stand in several lists, at many ticks. */
  text: string;
  textLast: number;
}

/** The values of an article, joined by commas. */
export type SparklineOf = (article: ArticleId) => string | undefined;

export interface Sparklines {
  /** The sparklines of a list's items, as far as they are known. */
  of(key: ListKey, now: Date): SparklineOf;
  /** Notes what the list shows, for the next refresh. */
  note(key: ListKey, articles: readonly ArticleId[]): void;
  /** Reads what is missing or old, as far as the budget goes, which is greater for a build of all lists. */
  refresh(isFull: boolean, now: Date): Promise<void>;
}

export function openSparklines(sql: Sql): Sparklines {
  const shown = new Map<string, { readonly step: Step; readonly articles: readonly ArticleId[] }>();
  let refreshedAt = Number.NEGATIVE_INFINITY;
  const known = new Map<Step, Map<ArticleId, Known>>(STEPS.map((step) => [step, new Map()]));

  function wantedAt(step: Step): Set<ArticleId> {
    const lists = [...shown.values()].filter((list) => list.step === step);
    return new Set(lists.flatMap(({ articles }) => articles));
  }

  return {
    of(key, now) {
      const step = stepOf(key);
      const last = Math.floor(now.getTime() / step);
      const own = known.get(step);
      return (id) => {
        const found = own?.get(id);
        return found === undefined ? undefined : textAt(found, last);
      };
    },
    note(key, articles) {
      shown.set(listRedisKey(key), { step: stepOf(key), articles });
    },
    async refresh(isFull, now) {
      if (!isFull && Math.abs(now.getTime() - refreshedAt) < REFRESH_EVERY) return;
      refreshedAt = now.getTime();
      for (const [step, own] of known) {
        const wanted = wantedAt(step);
        await refreshStep(sql, step, wanted, own, isFull ? BUDGET : TICK_BUDGET, now);
      }
    },
  };
}

/** The length of a list's steps. */
function stepOf({ kind, window }: Pick<ListKey, 'kind' | 'window'>): Step {
  return STEPS[kind === 'rising' ? 0 : ['1h', '24h', '7d', '30d'].indexOf(window ?? '24h')] ?? HOUR;
}

async function refreshStep(
  sql: Sql,
  step: Step,
  wanted: ReadonlySet<ArticleId>,
  own: Map<ArticleId, Known>,
  budget: number,
  now: Date,
): Promise<void> {
  for (const id of own.keys()) if (!wanted.has(id)) own.delete(id);
  const last = Math.floor(now.getTime() / step);
  const readAt = (id: ArticleId) => own.get(id)?.readAt ?? 0;
  const isFollowed = (id: ArticleId) => {
    const before = own.get(id);
    return before !== undefined && isFollowedBy(before, last, now);
  };
  const old = [...wanted].filter((id) => now.getTime() - readAt(id) >= Math.max(MINUTE, step / 60));
  const followed = old.filter(isFollowed).sort((a, b) => readAt(a) - readAt(b));
  const fresh = old.filter((id) => !isFollowed(id));
  for (const [ids, steps] of [
    [followed, 2],
    [fresh, VALUES],
  ] as const) {
    const some = ids.slice(0, Math.ceil(budget / rowsOf(step * steps)));
    if (some.length === 0) continue;
    const counts = await readSteps(sql, some, step, last - steps + 1);
    for (const id of some) own.set(id, updated(own.get(id), counts.get(id), last, now));
  }
}

/** Whether the last two steps are all that is to be read. */
function isFollowedBy(known: Known, last: number, now: Date): boolean {
  if (last - known.last > 1) return false;
  return now.getTime() - known.wholeAt < Math.min(MOST_BETWEEN_WHOLES, 2 ** (known.wholes - 1) * MINUTE);
}

/** Rows that the archive holds at most of an article in such a time. */
function rowsOf(span: number): number {
  return Math.min(span, SLOTS_KEPT) / (SLOT_SECONDS * SECOND) + Math.max(0, span - SLOTS_KEPT) / HOUR;
}

/** The values until step `last`; what was not read yet is nothing. */
function movedTo({ values, last: known }: Known, last: number): readonly number[] {
  const gone = Math.min(Math.max(0, last - known), VALUES);
  return gone === 0 ? values : [...values.slice(gone), ...Array<number>(gone).fill(0)];
}

function textAt(found: Known, last: number): string {
  if (found.textLast === last) return found.text;
  found.text = movedTo(found, last).join();
  found.textLast = last;
  return found.text;
}

function updated(
  before: Known | undefined,
  counts: ReadonlyMap<number, number> | undefined,
  last: number,
  now: Date,
): Known {
  const isFollowed = before !== undefined && isFollowedBy(before, last, now);
  const values = isFollowed ? [...movedTo(before, last)] : Array<number>(VALUES).fill(0);
  if (isFollowed) values.fill(0, VALUES - 2);
  for (const [step, reads] of counts ?? []) {
    const index = step - last + VALUES - 1;
    if (index >= 0 && index < VALUES) values[index] = reads;
  }
  const { wholeAt, wholes } = isFollowed ? before : { wholeAt: now.getTime(), wholes: (before?.wholes ?? 0) + 1 };
  return { values, last, readAt: now.getTime(), wholeAt, wholes, text: '', textLast: Number.NaN };
}

/** Archived reads of the articles and their copies, by step from `first` on. */
async function readSteps(
  sql: Sql,
  ids: readonly ArticleId[],
  step: Step,
  first: number,
): Promise<Map<ArticleId, Map<number, number>>> {
  const { rows } = await sql.query<{ id: ArticleId; step: number; reads: number }>(
    `with family as (
       select id as member, id from unnest($1::text[]) as id
       union all
       select copy.id, copy.original_id from articles copy where copy.original_id = any ($1::text[])
     )
     select family.id, floor(extract(epoch from slot) * 1000 / $2::float8)::int as step, sum(reads)::int as reads
     from family join read_counts on article_id = member where slot >= $3 group by 1, 2`,
    [ids, step, new Date(first * step)],
  );
  const counts = new Map<ArticleId, Map<number, number>>();
  for (const { id, step, reads } of rows) {
    const own = counts.get(id) ?? new Map<number, number>();
    counts.set(id, own.set(step, reads));
  }
  return counts;
}
