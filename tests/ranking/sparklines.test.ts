import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import { openRankings } from '../../src/ranking/build.ts';
import type { ListKey, Snapshot } from '../../src/ranking/list.ts';
import { openSparklines, type Sparklines } from '../../src/ranking/sparklines.ts';
import { addCounts } from '../../src/views/read-counts.ts';
import { rollUpCounts } from '../../src/views/roll-up.ts';
import type { TestArticle } from './counts.ts';
import { later, now, openSite, type Site } from './site.ts';

let site: Site;
let sparklines: Sparklines;

before(async () => {
  site = await openSite();
});
after(() => site.close());
beforeEach(async () => {
  await site.clear();
  await site.sql.script('truncate read_counts');
  sparklines = openSparklines(site.sql);
});

async function archive(article: TestArticle, at: Date, reads: number): Promise<void> {
  const slot = Math.floor(at.getTime() / (5 * MINUTE));
  await addCounts(site.sql, [{ slot, article: article.id, class: 'beacon', reads, boxReads: 0 }]);
}

const DAILY = { kind: 'access', scope: 'site', window: '24h' } as const;
const WEEKLY = { ...DAILY, window: '7d' } as const;
const HOURLY = { ...DAILY, window: '1h' } as const;

function valuesOf({ id }: TestArticle, key: ListKey, at: Date): number[] | undefined {
  return sparklines.of(key, at)(id)?.split(',').map(Number);
}

test('a sparkline tells 24 steps of its list, of slots and of rolled up hours, copies included', async () => {
  const [article, copy] = await site.newArticles(2, 'politics');
  assert.ok(article && copy);
  await site.sql.query('update articles set original_id = $2 where id = $1', [copy.id, article.id]);
  const reads = Array.from({ length: 60 }, (_, index) => ({ at: later(-index * 97 * MINUTE), reads: 1 + (index % 5) }));
  for (const { at, reads: count } of reads) await archive(at.getTime() % 2 === 0 ? article : copy, at, count);
  await rollUpCounts(site.sql, 'UTC', now);
  for (const [key, step] of [
    [HOURLY, 5 * MINUTE],
    [DAILY, HOUR],
    [WEEKLY, 7 * HOUR],
    [{ ...DAILY, window: '30d' }, 30 * HOUR],
    [{ kind: 'popular', scope: 'site', window: null }, HOUR],
    [{ kind: 'rising', scope: 'site', window: null }, 5 * MINUTE],
  ] as const) {
    sparklines.note(key, [article.id]);
    await sparklines.refresh(true, now);
    const last = Math.floor(now.getTime() / step);
    const expected = Array.from({ length: 24 }, (_, index) =>
      reads
        .filter(({ at }) => Math.floor(at.getTime() / step) === last - 23 + index)
        .reduce((sum, each) => sum + each.reads, 0),
    );
    assert.deepEqual(valuesOf(article, key, now), expected, `${key.kind} ${key.window}`);
  }
});

test('it moves on with time, follows what is read, and what comes late for the step before', async () => {
  const [article] = await site.newArticles(1, 'politics');
  assert.ok(article);
  await archive(article, now, 2);
  sparklines.note(DAILY, [article.id]);
  await sparklines.refresh(true, now);
  const tail = (at: Date) => valuesOf(article, DAILY, at)?.slice(-4);
  assert.deepEqual(tail(now), [0, 0, 0, 2]);
  assert.deepEqual(tail(later(2 * HOUR)), [0, 2, 0, 0]);

  await archive(article, later(30 * MINUTE), 3);
  await archive(article, later(70 * MINUTE), 4);
  await sparklines.refresh(false, later(70 * MINUTE));
  assert.deepEqual(tail(later(70 * MINUTE)), [0, 0, 5, 4]);
  // Within a minute nothing is asked again; after a long pause everything.
  await archive(article, later(70 * MINUTE), 1);
  await sparklines.refresh(true, later(70.5 * MINUTE));
  assert.deepEqual(tail(later(70.5 * MINUTE)), [0, 0, 5, 4]);
  await sparklines.refresh(true, later(5 * HOUR));
  const whole = valuesOf(article, DAILY, later(5 * HOUR));
  assert.deepEqual(whole?.slice(-7), [0, 5, 5, 0, 0, 0, 0]);
});

test('what is reported hours late shows when the whole is read again, soon at first', async () => {
  const [article] = await site.newArticles(1, 'politics');
  assert.ok(article);
  const whole = (at: Date) => valuesOf(article, DAILY, at)?.reduce((sum, reads) => sum + reads, 0);
  sparklines.note(DAILY, [article.id]);
  await sparklines.refresh(true, now);
  for (const [late, known] of [
    [1, 1],
    [2, 1],
    [3, 3],
    [6, 3],
    [7, 5],
    [14, 5],
  ] as const) {
    await archive(article, later(-5 * HOUR), 1);
    await sparklines.refresh(false, later(late * MINUTE));
    assert.equal(whole(later(late * MINUTE)), known, `${late} minutes later`);
  }
});

test('a published list has them, and its version does not depend on them', async () => {
  const [article] = await site.newArticles(1, 'politics');
  assert.ok(article);
  const rankings = openRankings({ ...site, siteName: 'JN' });
  await archive(article, now, 7);
  await site.count(now, [article, 7]);
  await rankings.tick(now);
  const first = await site.list('politics');
  assert.equal(first.items[0]?.sparkline, undefined);
  await rankings.tick(later(MINUTE));
  const second = await site.list('politics');
  assert.deepEqual(second.items[0]?.sparkline, [...Array<number>(23).fill(0), 7]);
  assert.equal(second.version, first.version);
});

test('an access list of 24 hours is told against the day before as well', async () => {
  const [a, b, c] = await site.newArticles(3, 'politics');
  const rankings = openRankings({ ...site, siteName: 'JN' });
  await site.count(now, [a, 9], [b, 5]);
  await rankings.tick(now);
  const dayAgo = (list: Snapshot) => list.items.map((item) => item.dayAgo);
  assert.deepEqual(dayAgo(await site.list('politics')), [undefined, undefined]);
  await site.count(later(HOUR), [c, 6]);
  await rankings.tick(later(HOUR));
  await site.count(later(DAY), [b, 20], [a, 1]);
  await rankings.tick(later(DAY + MINUTE));
  const list = await site.list('politics');
  assert.deepEqual(
    list.items.map(({ article }) => article.id),
    [b?.id, a?.id, c?.id],
  );
  assert.deepEqual(dayAgo(list), [
    { rank: 2, movement: 'up' },
    { rank: 1, movement: 'down' },
    { rank: null, movement: 'new' },
  ]);
  assert.deepEqual(dayAgo(await site.list('politics', '1h')), [undefined, undefined, undefined]);
});
