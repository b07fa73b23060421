import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { HOUR, MINUTE } from '../../src/clock.ts';
import { type ArticleId, shardOf } from '../../src/ids.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { readCategoryTotals, readCounts } from '../../src/views/counts.ts';
import { keysOf, UNCATEGORISED, WINDOWS } from '../../src/views/keys.ts';
import { type Read, recordReads } from '../../src/views/record.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import { rollWindows } from '../../src/views/roll.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { type Cut, CutOff, cutEngines } from './cut.ts';
import {
  ARTICLES,
  CATEGORIES,
  openReference,
  type Reference,
  type ReferenceRead,
  type ReferenceView,
} from './reference.ts';

const START = Date.parse('2026-03-01T10:07:00Z');

let engines: Awaited<ReturnType<typeof openTestSql>> & Awaited<ReturnType<typeof openTestRedis>>;
let close: () => Promise<void>;

before(async () => {
  const [sql, redis] = await Promise.all([openTestSql(), openTestRedis()]);
  engines = { ...sql, ...redis };
  close = async () => {
    await Promise.all([sql.close(), redis.close()]);
  };
  await addArticles();
});

after(() => close());

async function addArticles(): Promise<void> {
  const { sql } = engines;
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

type Action =
  | { readonly kind: 'views'; readonly views: readonly RandomView[]; readonly isReplay: boolean }
  | { readonly kind: 'wait'; readonly minutes: number }
  | { readonly kind: 'roll' | 'archive' | 'empty'; readonly cut: Cut | undefined };

interface RandomView {
  readonly article: ArticleId;
  readonly visitor: number;
  readonly minutesAgo: number;
  readonly isBox: boolean;
}

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
});
const wait = fc.record({
  kind: fc.constant('wait' as const),
  minutes: fc.constantFrom(1, 4, 11, 29, 61, 300, 1450, 10_100, 43_300),
});
const upkeep = fc.record({ kind: fc.constantFrom('roll', 'archive', 'empty'), cut });
const schedule = fc.array(
  fc.oneof({ weight: 4, arbitrary: views }, { weight: 3, arbitrary: wait }, { weight: 3, arbitrary: upkeep }),
  { minLength: 1, maxLength: 25 },
) as fc.Arbitrary<Action[]>;

test('counts equal the reference after any schedule of views, replays, waits, rolls, archives, losses and crashes', async () => {
  await fc.assert(fc.asyncProperty(schedule, runSchedule), {
    includeErrorInReport: true,
    numRuns: Number(process.env['EXACTNESS_RUNS'] ?? 8),
  });
});

async function runSchedule(actions: readonly Action[]): Promise<void> {
  const { sql, redis } = engines;
  await redis.flushdb();
  await sql.script('truncate read_counts, archive_batches');
  const reference = openReference(new Date(START));
  let now = new Date(START);
  await restoreCounts(sql, redis, now);
  for (const action of actions) {
    if (action.kind === 'wait') now = new Date(now.getTime() + action.minutes * MINUTE);
    else if (action.kind === 'views') await sendViews(reference, action.views, action.isReplay, now);
    else if (action.kind === 'roll') await interrupted(action.cut, ({ redis }) => rollWindows(redis, now));
    else if (action.kind === 'archive')
      await interrupted(action.cut, ({ sql, redis }) => archiveCounts(sql, redis, now));
    else await loseRedis(reference, action.cut, now);
  }
  await rollWindows(redis, now);
  reference.roll(now);
  await compare(reference, now);
  await archiveCounts(sql, redis, now);
  assert.deepEqual(totals(await archived()), totals(reference.reads()));
}

async function sendViews(
  reference: Reference,
  random: readonly RandomView[],
  isReplay: boolean,
  now: Date,
): Promise<void> {
  const sent = random.map((one) => ({
    ...one,
    visitor: String(one.visitor),
    at: new Date(now.getTime() - one.minutesAgo * MINUTE),
    isTimeNamed: one.minutesAgo > 0,
  }));
  for (const shard of new Set(sent.map(({ article }) => shardOf(article)))) {
    const batch = sent.filter(({ article }) => shardOf(article) === shard);
    const counted = await recordReads(engines.redis, shard, now, batch.map(readOf));
    assert.deepEqual(
      counted,
      batch.map((one) => reference.view(one)),
    );
    if (!isReplay) continue;
    const again = await recordReads(engines.redis, shard, now, batch.map(readOf));
    assert.ok(!again.includes(true), 'a replayed batch counts nothing');
  }
}

function readOf(view: ReferenceView & { readonly isTimeNamed: boolean }): Read {
  const digest = createHash('sha256').update(`${view.visitor}|${view.article}`).digest();
  return {
    ...view,
    categories: CATEGORIES[view.article] ?? [],
    visitor: digest.readBigInt64BE().toString(),
    visitorBefore: undefined,
  };
}

/** Runs `work` and lets it die at the cut; what it left half-done is for the next run to finish. */
async function interrupted(cut: Cut | undefined, work: (cut: typeof engines) => Promise<unknown>): Promise<void> {
  if (cut === undefined) {
    await work(engines);
    return;
  }
  try {
    await work({ ...engines, ...cutEngines(engines.redis, engines.sql, cut) });
  } catch (error) {
    if (!(error instanceof CutOff)) throw error;
  }
}

async function loseRedis(reference: Reference, cut: Cut | undefined, now: Date): Promise<void> {
  const { sql, redis } = engines;
  await redis.flushdb();
  const kept = await archived();
  const known = totals(reference.reads());
  for (const [row, [reads]] of Object.entries(totals(kept))) {
    assert.ok(reads <= (known[row]?.[0] ?? 0), `PostgreSQL has more reads of ${row} than there were`);
  }
  reference.forget(
    kept.map((row) => coarse(row, now)),
    now,
  );
  const early = { article: ARTICLES[0] as ArticleId, visitor: 1, minutesAgo: 0, isBox: false };
  await sendViews(reference, [early], false, now);
  await interrupted(cut, ({ sql, redis }) => restoreCounts(sql, redis, now));
  await sendViews(reference, [{ ...early, visitor: 2 }], false, now);
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

async function archived(): Promise<ReferenceRead[]> {
  const { rows } = await engines.sql.query<ReferenceRead>(
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

async function compare(reference: Reference, now: Date): Promise<void> {
  const { redis } = engines;
  const inDay = new Map<string, number>();
  for (const article of ARTICLES) {
    const categories = CATEGORIES[article] ?? [];
    const expected = Object.fromEntries(WINDOWS.map((window) => [window, reference.window(window, article)]));
    assert.deepEqual(await readCounts(redis, article, categories), expected, article);
    for (const category of categories) {
      inDay.set(category, (inDay.get(category) ?? 0) + reference.window('24h', article));
    }
    await comparePopular(reference, article, now);
  }
  const totals = await readCategoryTotals(redis);
  for (const [category, reads] of inDay) assert.equal(totals.get(category as never) ?? 0, reads, category);
}

async function comparePopular(reference: Reference, article: ArticleId, now: Date): Promise<void> {
  const keys = keysOf(shardOf(article));
  const category = CATEGORIES[article]?.[0] ?? UNCATEGORISED;
  const landmark = Number(await engines.redis.hget(keys.marks, 'L:180'));
  const score = Number(await engines.redis.zscore(keys.popular(category, 3), article));
  const value = score * 2 ** ((landmark - now.getTime() / 1000) / 10_800);
  const expected = reference.popular(article, now);
  // What has decayed to less than 2^-20 reads may be gone.
  const isEqual = Math.abs(value - expected) <= expected * 1e-6 + 2 ** -16;
  assert.ok(isEqual, `popular of ${article}: ${value}, expected ${expected}`);
}
