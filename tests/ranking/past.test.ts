import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import { storeSnapshots } from '../../src/ranking/history.ts';
import type { ListKey } from '../../src/ranking/list.ts';
import { buildPastList, readListAt } from '../../src/ranking/past.ts';
import { emptySnapshot } from '../../src/ranking/store.ts';
import { addCounts } from '../../src/views/read-counts.ts';
import { rollUpCounts } from '../../src/views/roll-up.ts';
import { insertArticles, referenceList, type TestArticle, type TestReads, testArticle } from './counts.ts';
import { now, openSite, type Site } from './site.ts';

const AT = new Date('2026-11-25T09:00:00Z');
const ZONE = 'Asia/Tokyo';
const earlierBy = (ms: number) => new Date(AT.getTime() - ms);

let site: Site;
let articles: TestArticle[];
let all: TestReads[];

before(async () => {
  site = await openSite();
});
after(() => site.close());
beforeEach(async () => {
  await site.clear();
  await site.sql.script('truncate read_counts, view_imports');
  articles = [20 * DAY, 6 * DAY, 2 * DAY, DAY, 5 * HOUR, 4 * HOUR, 3 * HOUR].map((age, i) =>
    testArticle(earlierBy(age), ...([['politics'], ['politics', 'sports'], []][i % 3] ?? [])),
  );
  await insertArticles(site.sql, articles);
  // Six whole slots a day each: the middle of a slot is where decayed scores take its reads to be.
  all = articles.flatMap((article, i) =>
    Array.from({ length: 160 }, (_, n) => ({
      article,
      at: new Date(AT.getTime() + 2 * HOUR - 2.5 * MINUTE - n * (i + 1) * 35 * MINUTE),
      reads: 1 + ((n * 7 + i * 5) % 11),
    })),
  );
  const slotOf = (at: Date) => Math.floor(at.getTime() / 300_000);
  await addCounts(
    site.sql,
    all.map(({ article, at, reads }) => ({
      slot: slotOf(at),
      article: article.id,
      class: 'beacon',
      reads,
      boxReads: 0,
    })),
  );
});

const build = (key: ListKey, at: Date) => buildPastList(site.sql, key, { siteName: 'JN', zone: ZONE }, at);
const keyOf = (scope: string, window: '1h' | '24h' | '7d' | '30d' | null) =>
  ({ kind: window === null ? 'popular' : 'access', scope, window }) as ListKey;
const placesOf = (list: Awaited<ReturnType<typeof build>>) =>
  (list?.items ?? []).filter(({ fill }) => fill === null).map(({ article, reads }) => ({ id: article.id, reads }));

for (const scope of ['site', 'politics']) {
  test(`lists of ${scope} made from the archive are those of brute force over all reads until then`, async () => {
    const until = all.filter(({ at }) => at < AT);
    for (const window of ['1h', '24h', '7d', '30d', null] as const) {
      const list = await build(keyOf(scope, window), AT);
      assert.deepEqual(placesOf(list), referenceList(until, scope, window ?? 'popular', AT), `${window}`);
      assert.equal(list?.asOf, AT.toISOString());
    }
  });
}

test('of what was rolled up, whole hours and whole days are counted', async () => {
  const oldest = new Date('2026-11-23T15:00:00Z');
  await site.sql.query('delete from read_counts where slot < $1', [oldest]);
  await rollUpCounts(site.sql, ZONE, new Date(AT.getTime() + 3 * DAY));
  const until = all.filter(({ at }) => at >= oldest && at < AT);
  for (const window of ['24h', '7d'] as const) {
    const list = await build(keyOf('site', window), new Date(AT.getTime() + 25 * MINUTE));
    assert.deepEqual(placesOf(list), referenceList(until, 'site', window, AT), window);
  }
  await rollUpCounts(site.sql, ZONE, new Date(AT.getTime() + 40 * DAY));
  const midnight = new Date('2026-11-24T15:00:00Z');
  const day = until.filter(({ at }) => at < midnight);
  const list = await build(keyOf('site', '24h'), AT);
  assert.deepEqual(placesOf(list), referenceList(day, 'site', '24h', midnight));
});

test('movement is told against the hour before, and a thin list is filled', async () => {
  const list = await build(keyOf('site', '24h'), AT);
  const earlier = await build(keyOf('site', '24h'), earlierBy(HOUR));
  const ranks = new Map(earlier?.items.map(({ article, rank }) => [article.id, rank]));
  for (const { article, previousRank } of list?.items ?? []) assert.equal(previousRank, ranks.get(article.id) ?? null);
  const thin = await build(keyOf('sports', '1h'), AT);
  assert.equal(thin?.confidence, 'thin');
  assert.ok(thin?.items.some(({ fill }) => fill === 'site'));
  assert.equal(thin?.title, '"Sports" ACCESS RANKING');
  assert.equal(await build(keyOf('nothing', '1h'), AT), undefined);
  assert.equal(await build(keyOf('site', '1h'), earlierBy(200 * DAY)), undefined);
});

test('what was published stands, until reads of its time are imported', async () => {
  const key = keyOf('site', '24h');
  const published = { ...emptySnapshot(key, { siteName: 'JN' }, earlierBy(10 * MINUTE)), version: 'as published' };
  const versionAt = async () => (await readListAt(site.sql, key, AT, build))?.version;
  const made = (await build(key, AT))?.version;
  assert.equal(await versionAt(), made);
  await storeSnapshots(site.sql, [published]);
  assert.equal(await versionAt(), 'as published');
  const importOf = (from: Date, until: Date, committed: Date) =>
    site.sql.query(
      `insert into view_imports (head, position, hash, warm, source, spans, name, lines, reads, refused, started_at, committed_at)
       values (1, 1, '', 0, '', $1, 'log', 1, 1, '{}', $2, $2)`,
      [
        JSON.stringify([
          [0, 1],
          [from.getTime(), until.getTime()],
        ]),
        committed,
      ],
    );
  await importOf(earlierBy(3 * DAY), earlierBy(2 * DAY), now);
  await importOf(earlierBy(3 * HOUR), earlierBy(2 * HOUR), earlierBy(20 * MINUTE));
  assert.equal(await versionAt(), 'as published');
  await importOf(earlierBy(3 * HOUR), earlierBy(2 * HOUR), now);
  assert.equal(await versionAt(), made);
});
