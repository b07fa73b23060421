import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { closePeriods } from '../../src/ranking/closed.ts';
import type { ClosedSite } from '../../src/ranking/closed-list.ts';
import type { Scope } from '../../src/ranking/list.ts';
import type { Period } from '../../src/ranking/periods.ts';
import { readClosed } from '../../src/ranking/read-closed.ts';
import { addCounts } from '../../src/views/read-counts.ts';
import { revokeViews, undoRevocation } from '../../src/views/revoke.ts';
import { rollUpCounts } from '../../src/views/roll-up.ts';
import type { ViewClass } from '../../src/views/view-class.ts';
import { openTestSql } from '../support/engines.ts';
import { insertArticles, insertCategories, type TestArticle, testArticle } from './counts.ts';

let sql: Sql;
let close: () => Promise<void>;

before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());
beforeEach(async () => {
  await sql.script(`truncate articles, categories, read_counts, closed_periods, revocations, view_imports,
    article_successors, count_changes restart identity cascade`);
  await insertCategories(sql, { politics: 'Politics' });
});

const SITE: ClosedSite = { siteName: 'JN', zone: 'Asia/Tokyo' };
const at = (text: string) => new Date(`${text}:00Z`);
const HOUR_START = '2026-11-23T04:00';
/** When all that is tested has ended long ago, its hours too, and nothing is rolled up. */
const NOW = at('2026-11-24T15:30');

async function newArticles(count: number): Promise<TestArticle[]> {
  const articles = Array.from({ length: count }, () => testArticle(at('2026-11-20T00:00'), 'politics'));
  await insertArticles(sql, articles);
  return articles;
}

async function count(viewClass: ViewClass, ...reads: (readonly [TestArticle, string, number])[]): Promise<void> {
  await addCounts(
    sql,
    reads.map(([{ id }, time, reads]) => ({
      ...{ article: id, class: viewClass, reads, boxReads: 0 },
      slot: Math.floor(at(time).getTime() / 300_000),
    })),
  );
}

async function closeAll(now: Date): Promise<void> {
  for (let step = 50; step === 50; ) step = await closePeriods(sql, SITE, now, 50);
}

async function list(period: Period, start: string, scope = 'site', revision?: number) {
  return await readClosed(sql, { period, start: at(start), scope: scope as Scope, revision }, SITE.siteName);
}

async function shown(period: Period, start: string, scope = 'site', revision?: number) {
  const found = await list(period, start, scope, revision);
  return [
    found?.items.map(({ article, reads }) => [article.id, reads]),
    found?.revision,
    found?.revised?.because.join(' '),
  ];
}

const rule = (from: string, to: string) => ({
  ...{ class: 'pixel' as const, article: undefined },
  ...{ from: at(from), to: at(to) },
});
const author = { by: 'ed', reason: 'a robot' };

test('a revocation makes a revision of each list that it touches, which says so; what was shown first stays', async () => {
  const [a, b, c] = (await newArticles(3)) as [TestArticle, TestArticle, TestArticle];
  await count('beacon', [a, '2026-11-23T04:10', 5], [b, '2026-11-23T04:20', 4], [c, '2026-11-23T05:10', 2]);
  await count('pixel', [b, '2026-11-23T04:30', 30]);
  await closeAll(NOW);
  const first = await list('hour', HOUR_START);
  await sql.query(`update articles set title = 'Another'`);
  const later = new Date(NOW.getTime() + MINUTE);
  const { id } = await revokeViews(sql, rule('2026-11-23T04:00', '2026-11-23T05:00'), SITE.zone, later, author);
  const looked = new Date(later.getTime() + SECOND);
  await closeAll(looked);
  for (const scope of ['site', 'politics']) {
    const expected = [
      [a.id, 5],
      [b.id, 4],
    ];
    assert.deepEqual(await shown('hour', HOUR_START, scope), [expected, 2, 'revoked']);
    assert.deepEqual(await shown('day', '2026-11-22T15:00', scope), [[...expected, [c.id, 2]], 2, 'revoked']);
  }
  assert.deepEqual(await shown('hour', '2026-11-23T05:00'), [[[c.id, 2]], undefined, undefined], 'it had none of them');
  assert.deepEqual(await list('hour', HOUR_START, 'site', 1), first);
  const second = await list('hour', HOUR_START);
  assert.deepEqual([second?.revised?.supersedes, second?.asOf], [first?.version, looked.toISOString()]);
  assert.notEqual(second?.version, first?.version);
  assert.equal(second?.items[0]?.article.title, `Title of ${a.id}`, 'in the words that were shown');
  assert.equal(await list('hour', HOUR_START, 'site', 3), undefined);

  const undone = new Date(later.getTime() + MINUTE);
  await undoRevocation(sql, id ?? 0, 'ed', undone);
  await closeAll(undone);
  const third = await list('hour', HOUR_START);
  assert.deepEqual(await shown('hour', HOUR_START), [
    [
      [b.id, 34],
      [a.id, 5],
    ],
    3,
    'given-back',
  ]);
  assert.ok(third?.version !== first?.version && third?.revised?.supersedes === second?.version);
  const { rows } = await sql.query('select * from closed_lists');
  await closeAll(new Date(undone.getTime() + DAY / 4));
  const now = await sql.query(`select * from closed_lists where start_at < $1`, [NOW]);
  assert.equal(now.rows.length, rows.length, 'once');
});

test('a list whose reads are all revoked becomes empty; one whose articles were removed keeps the others', async () => {
  const [a, b] = (await newArticles(2)) as [TestArticle, TestArticle];
  await count('pixel', [a, '2026-11-23T04:10', 5], [a, '2026-11-23T06:10', 5]);
  await count('beacon', [b, '2026-11-23T06:10', 3]);
  await closeAll(NOW);
  await sql.query('delete from articles where id = $1', [b.id]);
  const later = new Date(NOW.getTime() + MINUTE);
  await revokeViews(sql, rule('2026-11-23T04:00', '2026-11-23T07:00'), SITE.zone, later, author);
  await closeAll(later);
  assert.deepEqual(await shown('hour', HOUR_START), [[], 2, 'revoked']);
  assert.equal((await list('hour', HOUR_START))?.confidence, 'empty');
  assert.deepEqual(await shown('hour', '2026-11-23T06:00'), [[[b.id, 3]], 2, 'revoked']);
  assert.equal((await list('hour', '2026-11-23T06:00'))?.items[0]?.article.title, `Title of ${b.id}`);
});

test('hours of which only days are kept stay as they were; days follow', async () => {
  const [a, b] = (await newArticles(2)) as [TestArticle, TestArticle];
  await count('pixel', [a, '2026-11-23T04:10', 5]);
  await count('beacon', [b, '2026-11-23T04:10', 3]);
  await closeAll(NOW);
  const later = new Date(NOW.getTime() + 40 * DAY);
  await closeAll(later);
  for (let rolled = 1; rolled > 0; ) rolled = await rollUpCounts(sql, SITE.zone, later);
  await revokeViews(sql, rule('2026-11-23T04:00', '2026-11-23T05:00'), SITE.zone, later, author);
  await closeAll(new Date(later.getTime() + SECOND));
  assert.deepEqual((await shown('hour', HOUR_START)).slice(1), [undefined, undefined]);
  assert.deepEqual(await shown('day', '2026-11-22T15:00'), [[[b.id, 3]], 2, 'revoked']);
});

async function imported(name: string, from: string, to: string, committedAt: Date): Promise<void> {
  await sql.query(
    `insert into view_imports (head, position, hash, warm, source, spans, name, lines, reads, refused, started_at, committed_at)
     values (1, 1, '', 0, $1, $2, $1, 1, 1, '{}', $3, $3)`,
    [name, JSON.stringify([[at(from).getTime(), at(to).getTime()]]), committedAt],
  );
}

test('imported history gets the lists that it would have had, hours of long ago too, once the import has ended', async () => {
  const [a, b] = (await newArticles(2)) as [TestArticle, TestArticle];
  await count('beacon', [a, '2026-11-23T04:10', 5]);
  await closeAll(NOW);
  // Weeks before anything was counted, and some of the day that is closed.
  await count('import', [a, '2026-09-30T14:50', 4], [b, '2026-09-30T15:10', 6], [b, '2026-11-23T04:20', 7]);
  await imported('log', '2026-09-30T14:50', '2026-09-30T15:10', NOW);
  await imported('log 2', '2026-11-23T04:20', '2026-11-23T04:20', NOW);
  await closeAll(new Date(NOW.getTime() + 30 * SECOND));
  assert.deepEqual(await shown('hour', '2026-09-30T14:00'), [undefined, undefined, undefined], 'it may go on');
  assert.equal(await rollUpCounts(sql, SITE.zone, new Date(NOW.getTime() + HOUR)), 0, 'its slots are waited with');
  const later = new Date(NOW.getTime() + MINUTE);
  await closeAll(later);
  assert.deepEqual(await shown('hour', '2026-09-30T14:00'), [[[a.id, 4]], undefined, undefined]);
  // Midnight in Tokyo lies between the two.
  assert.deepEqual(await shown('day', '2026-09-29T15:00', 'politics'), [[[a.id, 4]], undefined, undefined]);
  assert.deepEqual(await shown('day', '2026-09-30T15:00'), [[[b.id, 6]], undefined, undefined]);
  assert.deepEqual(await shown('month', '2026-08-31T15:00'), [[[a.id, 4]], undefined, undefined]);
  assert.deepEqual((await list('day', '2026-09-30T15:00'))?.items[0]?.movement, 'new', 'told against the day before');
  assert.deepEqual(await shown('week', '2026-09-27T15:00'), [
    [
      [b.id, 6],
      [a.id, 4],
    ],
    undefined,
    undefined,
  ]);
  assert.deepEqual(await shown('hour', HOUR_START), [
    [
      [b.id, 7],
      [a.id, 5],
    ],
    2,
    'imported',
  ]);
  const { rows } = await sql.query('select from view_imports where closed_lists_number is distinct from commit_number');
  assert.equal(rows.length, 0);
  assert.ok((await rollUpCounts(sql, SITE.zone, new Date(later.getTime() + 3 * DAY))) > 0);
  await closeAll(new Date(later.getTime() + HOUR));
  assert.deepEqual((await shown('hour', '2026-09-30T14:00'))[0], [[a.id, 4]]);
});

test('where nothing was closed, history that is coming in is waited for', async () => {
  const [a] = (await newArticles(1)) as [TestArticle];
  await count('import', [a, '2026-11-23T04:10', 5]);
  await imported('log', '2026-11-23T04:10', '2026-11-23T04:10', NOW);
  assert.equal(await closePeriods(sql, SITE, NOW), 0);
  await count('import', [a, '2026-11-22T04:10', 2]);
  await sql.query('update view_imports set spans = $1', [
    JSON.stringify([[at('2026-11-22T04:10').getTime(), at('2026-11-23T04:10').getTime()]]),
  ]);
  await closeAll(new Date(NOW.getTime() + MINUTE));
  assert.deepEqual((await shown('day', '2026-11-21T15:00'))[0], [[a.id, 2]]);
  assert.deepEqual(await shown('hour', HOUR_START), [[[a.id, 5]], undefined, undefined]);
});
