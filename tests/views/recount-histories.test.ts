import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { noteCountChanges } from '../../src/articles/count-changes.ts';
import { findCounted } from '../../src/articles/store.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/clock.ts';
import { type ArticleId, type CategorySlug, shardOf } from '../../src/ids.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { readCategoryTotals } from '../../src/views/counts.ts';
import { ALL_SHARDS, keysOf, UNCATEGORISED, WINDOWS } from '../../src/views/keys.ts';
import { recountChanges } from '../../src/views/recount.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import { rollWindows } from '../../src/views/roll.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { type Cut, CutOff, cutEngines } from './cut.ts';
import { type ModelRead, openModel } from './follow-model.ts';
import {
  ARTICLES,
  CATEGORIES,
  type CountEngines,
  dump,
  FIRST,
  HOME,
  link,
  NEXT,
  pairsOf,
  places,
  readAs,
  remove,
  reset,
  START,
  tick,
} from './following.ts';

let engines: CountEngines;
let close: () => Promise<void>;

before(async () => {
  const [{ sql, close: closeSql }, { redis, close: closeRedis }] = await Promise.all([openTestSql(), openTestRedis()]);
  engines = { sql, redis };
  close = async () => {
    await Promise.all([closeSql(), closeRedis()]);
  };
});

after(() => close());

type Change =
  | { readonly kind: 'merge'; readonly one: ArticleId; readonly other: ArticleId }
  | { readonly kind: 'split'; readonly one: ArticleId }
  | { readonly kind: 'remove'; readonly one: ArticleId }
  | { readonly kind: 'file'; readonly one: ArticleId; readonly categories: readonly CategorySlug[] };

type Action =
  | Change
  | { readonly kind: 'views'; readonly views: readonly RandomView[] }
  | { readonly kind: 'wait'; readonly minutes: number }
  | { readonly kind: 'roll' | 'archive' | 'recount' | 'empty'; readonly cut: Cut | undefined };

interface RandomView {
  readonly article: ArticleId;
  readonly minutesAgo: number;
  readonly isBox: boolean;
  /** How long ago the collector asked what the article counts for. */
  readonly askedAgo: number;
}

const one = fc.constantFrom(...ARTICLES);
const cut = fc.option(fc.record({ step: fc.nat(30), when: fc.constantFrom('before', 'after') }), { nil: undefined });
const view: fc.Arbitrary<RandomView> = fc.record({
  article: one,
  minutesAgo: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(90), fc.nat(48 * 60)),
  isBox: fc.boolean(),
  askedAgo: fc.constantFrom(0, 59 * SECOND, DAY),
});
const views = fc.record({ kind: fc.constant('views' as const), views: fc.array(view, { minLength: 1, maxLength: 9 }) });
const wait = fc.record({
  kind: fc.constant('wait' as const),
  minutes: fc.constantFrom(0.5, 0.5, 1, 4, 29, 61, 300, 1450, 10_100, 43_300),
});
const upkeep = fc.record({ kind: fc.constantFrom('roll', 'archive', 'recount', 'recount', 'empty'), cut });
const change = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('merge' as const), one, other: one }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('split' as const), one }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), one }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('file' as const), one, categories: fc.subarray(CATEGORIES) }),
  },
);
const history = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: views },
    { weight: 3, arbitrary: change },
    { weight: 3, arbitrary: upkeep },
    { weight: 2, arbitrary: wait },
  ),
  { minLength: 4, maxLength: 40 },
) as fc.Arbitrary<Action[]>;

test('counts are those of the model after any history of views, changes, upkeep, losses and crashes', async () => {
  await fc.assert(fc.asyncProperty(history, runHistory), {
    includeErrorInReport: true,
    numRuns: Number(process.env['EXACTNESS_RUNS'] ?? 3),
  });
});

type Model = ReturnType<typeof openModel>;

async function runHistory(actions: readonly Action[]): Promise<void> {
  const { sql, redis } = engines;
  await reset(engines);
  const model = openModel(ARTICLES, HOME);
  model.publish(new Date(START.getTime() - DAY));
  let now = START;
  for (const action of actions) {
    if (action.kind === 'wait') now = new Date(now.getTime() + action.minutes * MINUTE);
    else if (action.kind === 'views') await sendViews(model, action.views, now);
    else if (action.kind === 'empty') await loseRedis(model, action.cut, now);
    else if ('cut' in action) await interrupted(action.kind, action.cut, now);
    else await applyChange(model, action, now);
  }
  // Collectors have forgotten what was when the last recount begins.
  await tick(engines, now);
  now = new Date(now.getTime() + 2 * MINUTE);
  await tick(engines, now);
  await rollWindows(redis, now);
  await compare(model, now);
  await compareScores(model, now);
  await noteCountChanges(sql, ARTICLES, now);
  const before = await dump(engines.redis);
  await recountChanges(sql, redis, now);
  assert.deepEqual(await dump(engines.redis), before, 'running it again changes nothing');
  for (const pause of [40 * MINUTE, 20 * HOUR, 6 * DAY, 25 * DAY, 6 * HOUR]) {
    now = new Date(now.getTime() + pause);
    await rollWindows(redis, now);
    await compare(model, now);
  }
  const left = (await redis.keys('{r*')).filter((key) => /:(?:b5|bh|out|w\d+[hd]):/.test(key));
  assert.deepEqual(left, [], 'every bucket has left every window');
}

async function sendViews(model: Model, sent: readonly RandomView[], now: Date): Promise<void> {
  for (const { article, minutesAgo, isBox, askedAgo } of sent) {
    const counted = await believed(model, article, askedAgo, now);
    if (counted === undefined) continue;
    const at = new Date(now.getTime() - minutesAgo * MINUTE);
    await readAs(engines.redis, counted, now, 1, at, isBox);
    model.read({ article: counted.id, at, reads: 1, boxReads: isBox ? 1 : 0 });
  }
}

/** What a collector takes the article for. Of what is a copy or gone by now it may be wrong for ever, else for a minute. */
async function believed(model: Model, article: ArticleId, askedAgo: number, now: Date) {
  const old = askedAgo === 0 ? undefined : model.believed(article, new Date(now.getTime() - askedAgo));
  const isUsable = old !== undefined && (askedAgo < MINUTE || !model.isOriginal(old.id));
  return isUsable ? old : (await findCounted(engines.sql, [article])).get(article);
}

async function applyChange(model: Model, change: Change, now: Date): Promise<void> {
  await engines.sql.transaction(async (tx) => {
    if (change.kind === 'remove') {
      await remove(tx, [change.one], now);
      model.remove(change.one);
    } else if (change.kind === 'merge') {
      const [root, ...moved] = model.merge(change.one, change.other);
      for (const id of moved) await link(tx, id, root ?? null);
      await noteCountChanges(tx, moved, now);
    } else if (change.kind === 'split') {
      const changed = model.split(change.one);
      if (changed.length > 0) await link(tx, change.one, null);
      await noteCountChanges(tx, changed, now);
    } else {
      const changed = model.file(change.one, change.categories);
      if (changed.length === 0) return;
      await tx.query('delete from article_categories where article_id = $1', [change.one]);
      await tx.query('insert into article_categories select $1, unnest($2::text[])', [change.one, change.categories]);
      await noteCountChanges(tx, changed, now);
    }
  });
  model.publish(now);
}

/** Runs the upkeep and lets it die at the cut; what it left half-done is for the next run to finish. */
async function interrupted(kind: 'roll' | 'archive' | 'recount', cut: Cut | undefined, now: Date): Promise<void> {
  const own = cut === undefined ? engines : cutEngines(engines.redis, engines.sql, cut);
  try {
    if (kind === 'roll') await rollWindows(own.redis, now);
    else if (kind === 'archive') await archiveCounts(own.sql, own.redis, now);
    else await recountChanges(own.sql, own.redis, now);
  } catch (error) {
    if (!(error instanceof CutOff)) throw error;
  }
}

/** Empties Redis; the restore may die, and goes on while views and recounts come in. */
async function loseRedis(model: Model, cut: Cut | undefined, now: Date): Promise<void> {
  const { sql, redis } = engines;
  await redis.flushdb();
  const { rows } = await sql.query<ModelRead>(
    'select article_id as article, slot as at, reads, box_reads as "boxReads" from read_counts',
  );
  model.forget(rows);
  await sendViews(model, [{ article: FIRST, minutesAgo: 0, isBox: false, askedAgo: 59 * SECOND }], now);
  try {
    if (cut !== undefined) {
      const dying = cutEngines(redis, sql, cut);
      await restoreCounts(dying.sql, dying.redis, now);
    }
  } catch (error) {
    if (!(error instanceof CutOff)) throw error;
  }
  await recountChanges(sql, redis, now);
  await sendViews(model, [{ article: NEXT, minutesAgo: 0, isBox: false, askedAgo: 0 }], now);
  await restoreCounts(sql, redis, now);
}

async function compare(model: Model, now: Date): Promise<void> {
  for (const window of WINDOWS)
    assert.deepEqual(await places(engines.redis, window), model.places(window, now), window);
  const totals: Record<string, number> = {};
  for (const [place, reads] of Object.entries(model.places('24h', now))) {
    const category = place.split(' ')[1] ?? '';
    if (category !== UNCATEGORISED) totals[category] = (totals[category] ?? 0) + reads;
  }
  const counted = [...(await readCategoryTotals(engines.redis))].filter(([, reads]) => reads !== 0);
  assert.deepEqual(Object.fromEntries(counted), totals);
}

/** Decayed scores against the model, and their totals against their sums. */
async function compareScores(model: Model, now: Date): Promise<void> {
  const expected = model.places('30d', now);
  await Promise.all(ALL_SHARDS.map((shard) => compareShard(model, expected, shard, now)));
}

async function compareShard(model: Model, expected: Record<string, number>, shard: number, now: Date): Promise<void> {
  const { redis } = engines;
  const { tag, marks, popular, recent } = keysOf(shard);
  const saved = await redis.hgetall(marks);
  const worth = (score: number, minutes: number) =>
    score * 2 ** ((Number(saved[`L:${minutes}`]) - now.getTime() / 1000) / (minutes * 60));
  const isTotal = (field: string, minutes: number, scores: readonly number[]) => {
    const sum = worth(
      scores.reduce((total, score) => total + score, 0),
      minutes,
    );
    const over = worth(Number(saved[field] ?? 0), minutes) - sum;
    // An article that stood differently in two categories leaves a rest in the total of all, which fades.
    const isRight = field.includes(':') ? Math.abs(over) <= 2 ** -12 : over >= -(2 ** -12);
    assert.ok(isRight, `${tag} ${field}: ${sum + over}, its scores come to ${sum}`);
  };
  const all = new Map<15 | 60, Map<string, number>>([
    [15, new Map()],
    [60, new Map()],
  ]);
  for (const category of [...CATEGORIES, UNCATEGORISED]) {
    for (const id of ARTICLES.filter((article) => shardOf(article) === shard)) {
      const value = worth(Number(await redis.zscore(popular(category, 3), id)), 180);
      const { score, error } = `${id} ${category}` in expected ? model.popular(id, now) : { score: 0, error: 0 };
      assert.ok(Math.abs(value - score) <= error, `${id} in ${category}: ${value}, expected ${score} ± ${error}`);
    }
    for (const [minutes, own] of all) {
      const scores = pairsOf(await redis.zrange(recent(category, minutes), '0', '-1', 'WITHSCORES'));
      isTotal(
        `t${minutes}:${category}`,
        minutes,
        scores.map(([, score]) => score),
      );
      for (const [id, score] of scores) own.set(id, score);
    }
  }
  for (const [minutes, own] of all) isTotal(`t${minutes}`, minutes, [...own.values()]);
}
