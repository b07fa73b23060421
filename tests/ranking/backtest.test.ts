import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { CodedError } from '../../src/errors.ts';
import type { ArticleId } from '../../src/ids.ts';
import { type BacktestRow, backtest } from '../../src/ranking/backtest/run.ts';
import { halfLivesIn } from '../../src/ranking/backtest/settings.ts';
import { rollUpCounts } from '../../src/views/roll-up.ts';
import { openTestSql } from '../support/engines.ts';
import { insertArticles, insertCategories, testArticle } from './counts.ts';
import { access, inScope, keepFifth, popular, rising, type World, type WorldRead } from './definitions.ts';

const FROM = new Date('2026-11-25T06:00:00Z');
const HOURS = 12;
const TO = new Date(FROM.getTime() + HOURS * HOUR);
const SCOPES = ['politics', 'sports'];

let sql: Sql;
let close: () => Promise<void>;
before(async () => {
  const database = await openTestSql();
  ({ sql, close } = database);
});
after(() => close());
beforeEach(async () => {
  await sql.script('truncate articles, categories, read_counts cascade');
  await insertCategories(sql, { politics: 'Politics', sports: 'Sports' });
});

// Always the same history.
let state = 3;
function below(most: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * most);
}

/** Articles that come and fade, two days before the first hour and until the last. */
async function fill(): Promise<World> {
  const articles = Array.from({ length: 40 }, (_, index) =>
    testArticle(new Date(FROM.getTime() - 2 * DAY + index * 90 * MINUTE), ...SCOPES.slice(below(2), 1 + below(2))),
  );
  await insertArticles(sql, articles);
  const reads: WorldRead[] = [];
  const rows: { id: ArticleId; at: Date; reads: number; box: number }[] = [];
  for (const [index, { id }] of articles.entries()) {
    const published = FROM.getTime() - 2 * DAY + index * 90 * MINUTE;
    for (let slot = Math.ceil(published / HOUR) * HOUR; slot < TO.getTime(); slot += (1 + below(6)) * 5 * MINUTE) {
      const count = below(1 + Math.floor((12 + (index % 7) * 4) * 2 ** (-(slot - published) / (5 * HOUR))));
      const box = below(count + 1) >> 1;
      if (count === 0) continue;
      rows.push({ id, at: new Date(slot), reads: count, box });
      const at = slot + 2.5 * MINUTE;
      for (let n = 0; n < count; n++) reads.push({ article: id, at, isBox: n < box, decaysFrom: () => at });
    }
  }
  await sql.query(
    `insert into read_counts (slot, article_id, reads, box_reads)
     select * from unnest($1::timestamptz[], $2::text[], $3::int[], $4::int[])`,
    [rows.map(({ at }) => at), rows.map(({ id }) => id), rows.map((row) => row.reads), rows.map(({ box }) => box)],
  );
  return { articles: new Map(articles.map(({ id, categories }) => [id, categories])), reads, halfLives: new Map() };
}

/** The share of the site's list and of those of the categories, by brute force over all reads. */
function sharesOf(world: World, boxAt: (scope: string, at: number, known: World) => readonly ArticleId[]) {
  const sums = { site: { caught: 0, all: 0 }, categories: { caught: 0, all: 0 } };
  for (let at = FROM.getTime(); at < TO.getTime(); at += HOUR) {
    const known = { ...world, reads: world.reads.filter((read) => read.at < at) };
    const next = world.reads.filter((read) => read.at >= at && read.at < at + HOUR && !read.isBox);
    for (const scope of ['site', ...SCOPES]) {
      const sum = scope === 'site' ? sums.site : sums.categories;
      const [articles, box] = [new Set(inScope(world, scope)), new Set(boxAt(scope, at, known))];
      sum.all += next.filter(({ article }) => articles.has(article)).length;
      sum.caught += next.filter(({ article }) => box.has(article)).length;
    }
  }
  const share = ({ caught, all }: { caught: number; all: number }) => (caught / all).toFixed(9);
  return [share(sums.site), share(sums.categories)];
}

const told = (rows: readonly BacktestRow[], list: string, setting: string) => {
  const row = rows.find((it) => it.list === list && it.setting === setting);
  return [row?.site.share?.toFixed(9), row?.categories.share?.toFixed(9)];
};

test('what lists caught is what those of the definitions would have caught', async () => {
  const world = await fill();
  const found = await backtest(sql, { from: FROM, to: TO, halfLives: [1] }, TO);
  assert.deepEqual([found.hours, found.fineHours], [HOURS, HOURS]);
  const own = world.reads.filter((read) => read.at >= FROM.getTime() && !read.isBox);
  assert.equal(found.reads, own.length);
  const five = (places: readonly { readonly id: ArticleId }[]) => places.slice(0, 5).map(({ id }) => id);
  for (const window of ['1h', '24h', '7d'] as const) {
    const expected = sharesOf(world, (scope, at, known) => five(access(known, scope, window, at)));
    assert.deepEqual(told(found.rows, 'access', window), expected, window);
  }
  const boxes = new Map<string, ReadonlySet<ArticleId>>();
  const expected = sharesOf(world, (scope, at, known) => {
    const box = five(keepFifth(popular(known, scope, at), boxes.get(scope) ?? new Set()));
    boxes.set(scope, new Set(box));
    return box;
  });
  assert.deepEqual(told(found.rows, 'popular', '3h'), expected);
  const risen = sharesOf(world, (scope, at, known) => rising(known, scope, at).slice(0, 5));
  assert.deepEqual(told(found.rows, 'rising', '-'), risen);
  assert.notDeepEqual(told(found.rows, 'popular', '1h'), told(found.rows, 'popular', '24h'));
  for (const { site, categories } of found.rows) {
    for (const { share, ofIdeal, churn } of [site, categories]) {
      assert.ok(share !== null && ofIdeal !== null && share <= ofIdeal && ofIdeal <= 1 + 1e-9);
      assert.ok(churn !== null && churn >= 0 && churn <= 5);
    }
  }
});

test('of rolled up hours everything but what rises is told, and much the same', async () => {
  await fill();
  const fine = await backtest(sql, { from: FROM, to: TO, halfLives: [] }, TO);
  await rollUpCounts(sql, 'UTC', new Date(TO.getTime() + 4 * DAY));
  const coarse = await backtest(sql, { from: FROM, to: TO, halfLives: [] }, TO);
  assert.deepEqual([coarse.hours, coarse.fineHours, coarse.reads], [HOURS, 0, fine.reads]);
  assert.deepEqual(told(coarse.rows, 'access', '24h'), told(fine.rows, 'access', '24h'));
  const [share] = told(coarse.rows, 'popular', '3h');
  assert.ok(Math.abs(Number(share) - Number(told(fine.rows, 'popular', '3h')[0])) < 0.1);
  assert.deepEqual(told(coarse.rows, 'rising', '-'), [undefined, undefined]);
});

test('what cannot be replayed is refused', async () => {
  const codeOf = (from: Date, to: Date) =>
    backtest(sql, { from, to, halfLives: [] }, TO).then(
      () => 'none',
      (error: unknown) => (error instanceof CodedError ? error.code : error),
    );
  assert.equal(await codeOf(FROM, TO), 'usage-invalid');
  const nothing = await backtest(sql, { halfLives: [] }, TO);
  assert.deepEqual([nothing.hours, nothing.rows[0]?.site], [0, { share: null, ofIdeal: null, churn: null }]);
  await fill();
  // From the first read on.
  assert.equal((await backtest(sql, { halfLives: [] }, TO)).hours, 2 * 24 + HOURS);
  assert.equal(await codeOf(FROM, TO), 'none');
  assert.equal(await codeOf(TO, FROM), 'usage-invalid');
  assert.equal(await codeOf(FROM, new Date(FROM.getTime() + 30 * MINUTE)), 'usage-invalid');
  assert.equal(await codeOf(new Date(FROM.getTime() - 3 * DAY), TO), 'usage-invalid');
  assert.deepEqual([halfLivesIn(undefined), halfLivesIn('1h, 2.5h,8')], [[], [1, 2.5, 8]]);
  for (const text of ['0', '-1', 'x', '1d', '1000h', '1,,x']) assert.throws(() => halfLivesIn(text), CodedError, text);
});
