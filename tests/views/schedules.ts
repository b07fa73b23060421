import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HOUR, MINUTE } from '../../src/clock.ts';
import type { RedisClient } from '../../src/engines/redis.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { type ArticleId, shardOf } from '../../src/ids.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { type Collector, openCollector } from '../../src/views/collector.ts';
import { readCategoryTotals, readCounts } from '../../src/views/counts.ts';
import { keysOf, UNCATEGORISED, WINDOWS } from '../../src/views/keys.ts';
import { countPending } from '../../src/views/pending.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import { rollWindows } from '../../src/views/roll.ts';
import type { ViewReport } from '../../src/views/view.ts';
import { type Cut, CutOff, cutEngines } from './cut.ts';
import { ARTICLES, CATEGORIES, openReference, type Reference, type ReferenceRead } from './reference.ts';

/** Random schedules of what happens to counts, each compared with the plain reference; on one server or a cluster. */
export interface ScheduleEngines {
  readonly sql: Sql;
  readonly redis: RedisClient;
  /** Empties Redis. */
  clear(): Promise<unknown>;
}

type Action =
  | {
      readonly kind: 'views';
      readonly views: readonly RandomView[];
      readonly isReplay: boolean;
      readonly cut: Cut | undefined;
    }
  | { readonly kind: 'wait'; readonly minutes: number }
  | { readonly kind: 'roll' | 'archive' | 'empty' | 'count'; readonly cut: Cut | undefined };

interface RandomView {
  readonly article: ArticleId;
  readonly visitor: number;
  readonly minutesAgo: number;
  readonly isBox: boolean;
}

const START = Date.parse('2026-03-01T10:07:00Z');
/** Sums of reads above 2^-20 of one; what has decayed further may be gone. */
const TOLERANCE = 2 ** -16;
/** A counter that stands still for 112 days would see no more popular reads; for so long at least it has rolled. */
const LONGEST_PAUSE = 40_000;

const cut = fc.option(fc.record({ step: fc.nat(40), when: fc.constantFrom('before', 'after') }), { nil: undefined });
const view: fc.Arbitrary<RandomView> = fc.record({
  article: fc.constantFrom(...ARTICLES),
  visitor: fc.nat(4),
  minutesAgo: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(90), fc.nat(48 * 60)),
  isBox: fc.boolean(),
});
const views = fc.record({
  kind: fc.constant('views' as const),
  views: fc.array(view, { minLength: 1, maxLength: 12 }),
  isReplay: fc.boolean(),
  cut: fc.option(fc.record({ step: fc.nat(6), when: fc.constantFrom('before', 'after') }), { nil: undefined, freq: 3 }),
});
const wait = fc.record({
  kind: fc.constant('wait' as const),
  // To just before and just after midnight (833 from the start), back where clocks are set back, and beyond the day on
  // which landmarks move: the 5th for reads of 15 minutes, the 50th for popular ones.
  minutes: fc.constantFrom(1, 4, 11, 29, 61, 300, 802, 31, 1450, 10_100, 43_300, 72_100, -3, -31, -130),
});
const upkeep = fc.record({ kind: fc.constantFrom('roll', 'archive', 'empty', 'count'), cut });

export const schedule = fc.array(
  fc.oneof({ weight: 4, arbitrary: views }, { weight: 3, arbitrary: wait }, { weight: 3, arbitrary: upkeep }),
  { minLength: 1, maxLength: 25 },
) as fc.Arbitrary<Action[]>;

export async function addScheduleArticles(sql: Sql): Promise<void> {
  await sql.script(
    "insert into categories (slug, name) select c, c from unnest(array['politics', 'world', 'arts-life']) as c",
  );
  for (const [id, categories] of Object.entries(CATEGORIES)) {
    await sql.query(
      `insert into articles (id, title, published_at, published_from, first_seen_at, updated_at, content_hash)
       values ($1, $1, now(), 'feed', now(), now(), '')`,
      [id],
    );
    for (const category of categories)
      await sql.query('insert into article_categories values ($1, $2)', [id, category]);
  }
}

/** Runs the schedule on empty engines; fails where any number differs from the reference. */
export async function runSchedule(engines: ScheduleEngines, actions: readonly Action[]): Promise<void> {
  const { sql, redis } = engines;
  await engines.clear();
  await sql.script('truncate read_counts, archive_batches');
  const reference = openReference(new Date(START));
  let now = new Date(START);
  const api = openApi(engines, reference, () => now);
  await restoreCounts(sql, redis, now);
  for (const action of actions) {
    if (action.kind === 'wait') now = await pause(redis, reference, action.minutes, now);
    else if (action.kind === 'views') await api.send(action.views, action.isReplay, action.cut);
    else if (action.kind === 'roll') await interrupted(engines, action.cut, ({ redis }) => rollWindows(redis, now));
    else if (action.kind === 'count') await interrupted(engines, action.cut, ({ redis }) => countPending(redis));
    else if (action.kind === 'archive') await interrupted(engines, action.cut, (cut) => archive(cut, now));
    else await loseRedis(engines, reference, api, action.cut, now);
  }
  await rollWindows(redis, now);
  reference.roll(now);
  await compare(redis, reference, now);
  await archiveCounts(sql, redis, now);
  assert.deepEqual(totals(await archived(sql)), totals(reference.reads()));
}

/** The time after `minutes`, which are below zero where the clock is set back. */
async function pause(redis: RedisClient, reference: Reference, minutes: number, now: Date): Promise<Date> {
  const then = new Date(now.getTime() + minutes * MINUTE);
  const isLong = minutes > LONGEST_PAUSE;
  if (minutes < 0 || isLong) {
    // How far an interrupted roll came is nobody's business, so it is ended before the clock is set back.
    const rolledAt = isLong ? then : now;
    await rollWindows(redis, rolledAt);
    reference.roll(rolledAt);
  }
  return then;
}

const archive = ({ sql, redis }: Pick<ScheduleEngines, 'sql' | 'redis'>, now: Date) => archiveCounts(sql, redis, now);

interface Api {
  /** Another process, which knows no more than what Redis does. */
  restart(): void;
  /** Sends the views; those that were not answered, because it died at the cut, once more to the one after it. */
  send(views: readonly RandomView[], isReplay?: boolean, cut?: Cut): Promise<void>;
}

function openApi({ sql, redis }: ScheduleEngines, reference: Reference, clock: () => Date): Api {
  const catalogue = {
    find: async (reports: readonly ViewReport[]) =>
      reports.map(({ article }) => ({ id: article as ArticleId, categories: CATEGORIES[article ?? ''] ?? [] })),
  };
  const start = (on: RedisClient) => openCollector({ redis: on, catalogue, clock }, { gatherMs: 0 });
  const reporter = { address: '192.0.2.1', userAgent: 'a server', isPrefetch: false, isTrusted: true };
  let collector: Collector = start(redis);
  const restart = () => {
    collector = start(redis);
  };
  return {
    restart,
    async send(random, isReplay = false, cut) {
      const now = clock();
      const reports = random.map(({ article, visitor, minutesAgo, isBox }): ViewReport & { at?: Date } => ({
        ...{ article, visitor: String(visitor), ...(isBox && { ref: 'box' as const }) },
        ...(minutesAgo > 0 && { at: new Date(now.getTime() - minutesAgo * MINUTE) }),
      }));
      const expected = random.filter(({ article, visitor, isBox }, i) =>
        reference.view({ article, visitor: String(visitor), at: reports[i]?.at ?? now, isBox }, now),
      ).length;
      if (cut !== undefined) {
        const isAnswered = await start(cutEngines(redis, sql, cut).redis)
          .collect(reports, reporter)
          .catch(() => undefined);
        restart();
        if (isAnswered !== undefined) assert.equal(isAnswered.accepted, expected);
      } else assert.equal((await collector.collect(reports, reporter)).accepted, expected);
      if (!isReplay && cut === undefined) return;
      const { accepted } = await collector.collect(reports, reporter);
      if (cut === undefined) assert.equal(accepted, 0, 'a replayed batch counts nothing');
    },
  };
}

/** Runs `work` and lets it die at the cut; what it left half-done is for the next run to finish. */
async function interrupted(
  engines: ScheduleEngines,
  cut: Cut | undefined,
  work: (cut: Pick<ScheduleEngines, 'sql' | 'redis'>) => Promise<unknown>,
): Promise<void> {
  if (cut === undefined) {
    await work(engines);
    return;
  }
  try {
    await work(cutEngines(engines.redis, engines.sql, cut));
  } catch (error) {
    if (!(error instanceof CutOff)) throw error;
  }
}

async function loseRedis(
  engines: ScheduleEngines,
  reference: Reference,
  api: Api,
  cut: Cut | undefined,
  now: Date,
): Promise<void> {
  const { sql, redis } = engines;
  await engines.clear();
  const kept = await archived(sql);
  const known = totals(reference.reads());
  for (const [row, [reads]] of Object.entries(totals(kept))) {
    assert.ok(reads <= (known[row]?.[0] ?? 0), `PostgreSQL has more reads of ${row} than there were`);
  }
  reference.forget(
    kept.map((row) => coarse(row, now)),
    now,
  );
  // For a minute after a loss, a collector that was there before has another salt than one that starts.
  api.restart();
  const early = { article: ARTICLES[0] as ArticleId, visitor: 1, minutesAgo: 0, isBox: false };
  await api.send([early]);
  await interrupted(engines, cut, ({ sql, redis }) => restoreCounts(sql, redis, now));
  await api.send([{ ...early, visitor: 2 }]);
  await archiveCounts(sql, redis, now);
  await restoreCounts(sql, redis, now);
}

/** The restore knows times by slot, or by hour where they are old; the scores of popular are compared on that footing. */
function coarse(row: ReferenceRead, now: Date): ReferenceRead {
  const slot = row.at.getTime();
  const isFine = slot >= now.getTime() - 26 * HOUR;
  const from = isFine ? slot : Math.floor(slot / HOUR) * HOUR;
  const middle = from + (isFine ? 5 * MINUTE : HOUR) / 2;
  return { ...row, at: new Date(Math.max(from, Math.min(middle, now.getTime()))) };
}

async function archived(sql: Sql): Promise<ReferenceRead[]> {
  const { rows } = await sql.query<ReferenceRead>(
    'select article_id as article, slot as at, reads, box_reads as "boxReads" from read_counts',
  );
  return rows;
}

/** Reads and box reads by article and hour, which a restore keeps. */
function totals(reads: readonly ReferenceRead[]): Record<string, [number, number]> {
  const sums: Record<string, [number, number]> = {};
  for (const { article, at, reads: count, boxReads } of reads) {
    const row = `${article} ${Math.floor(at.getTime() / HOUR)}`;
    const [before, boxBefore] = sums[row] ?? [0, 0];
    sums[row] = [before + count, boxBefore + boxReads];
  }
  return sums;
}

async function compare(redis: RedisClient, reference: Reference, now: Date): Promise<void> {
  const inDay = new Map<string, number>();
  for (const article of ARTICLES) {
    const categories = CATEGORIES[article] ?? [];
    const expected = Object.fromEntries(WINDOWS.map((window) => [window, reference.window(window, article)]));
    assert.deepEqual(await readCounts(redis, article, categories), expected, article);
    for (const category of categories) {
      inDay.set(category, (inDay.get(category) ?? 0) + reference.window('24h', article));
    }
    await comparePopular(redis, reference, article, now);
  }
  const totals = await readCategoryTotals(redis);
  for (const [category, reads] of inDay) assert.equal(totals.get(category as never) ?? 0, reads, category);
}

async function comparePopular(redis: RedisClient, reference: Reference, article: ArticleId, now: Date): Promise<void> {
  const keys = keysOf(shardOf(article));
  const category = CATEGORIES[article]?.[0] ?? UNCATEGORISED;
  const landmark = Number(await redis.hget(keys.marks, 'L:180'));
  const score = Number(await redis.zscore(keys.popular(category, 3), article));
  const value = score * 2 ** ((landmark - now.getTime() / 1000) / 10_800);
  const expected = reference.popular(article, now);
  const isEqual = Math.abs(value - expected) <= expected * 1e-6 + TOLERANCE;
  assert.ok(isEqual, `popular of ${article}: ${value}, expected ${expected}`);
}
