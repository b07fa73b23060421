import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { DAY, MINUTE } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import { storeSnapshots } from '../../src/ranking/history.ts';
import type { ListItem, ListKey, Snapshot } from '../../src/ranking/list.ts';
import {
  emptySnapshot,
  present,
  readSnapshot,
  readSnapshotAt,
  readSnapshots,
  removeOldSnapshots,
  thinSnapshots,
} from '../../src/ranking/store.ts';
import { openTestSql } from '../support/engines.ts';
import { insertArticles, insertCategories, type TestArticle, testArticle } from './counts.ts';

const now = new Date('2026-11-26T03:00:00.000Z');
const later = (ms: number) => new Date(now.getTime() + ms);
const politics: ListKey = { kind: 'access', scope: 'politics' as CategorySlug, window: '24h' };
const popular: ListKey = { kind: 'popular', scope: 'site', window: null };
const names = { siteName: 'JN', categoryName: 'Politics' };

let sql: Sql;
let close: () => Promise<void>;
let articles: TestArticle[];
// Nobody listens there, as when Redis is down.
const noRedis = new Redis({ port: 1, lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 });
noRedis.on('error', () => {});

before(async () => {
  ({ sql, close } = await openTestSql());
  await insertCategories(sql, { politics: 'Politics' });
  articles = [1, 2, 3].map(() => testArticle(now, 'politics'));
  await insertArticles(sql, articles);
});
after(() => close());

function itemOf(article: TestArticle, index: number): ListItem {
  const time = now.toISOString();
  return {
    rank: index + 1,
    previousRank: null,
    movement: 'new',
    peakRank: index + 1,
    since: time,
    reads: 9 - index,
    fill: null,
    article: {
      id: article.id,
      title: `Title of ${article.id}`,
      url: `https://example.test/${article.id}`,
      source: 'example.test',
      publishedAt: time,
      updatedAt: time,
      categories: ['politics' as CategorySlug],
      image: null,
    },
  };
}

function snapshotAt(key: ListKey, at: Date): Snapshot {
  const confidence = 'thin';
  return { ...emptySnapshot(key, names, at), version: at.toISOString(), confidence, items: articles.map(itemOf) };
}

test('with Redis away the newest stored list answers, as it was published', async () => {
  const newest = snapshotAt(politics, later(MINUTE));
  await storeSnapshots(sql, [snapshotAt(politics, now), newest, snapshotAt(popular, now)]);
  assert.deepEqual(await readSnapshot(noRedis, sql, politics), newest);
  const unknown: ListKey = { ...politics, window: '1h' };
  assert.deepEqual(await readSnapshots(noRedis, sql, [popular, unknown, politics]), [
    snapshotAt(popular, now),
    undefined,
    newest,
  ]);
});

test('a past moment answers with the list of that moment, without articles that are gone', async () => {
  assert.equal(await readSnapshotAt(sql, politics, later(-1)), undefined);
  assert.deepEqual(await readSnapshotAt(sql, politics, later(MINUTE - 1)), snapshotAt(politics, now));
  await sql.query('delete from articles where id = $1', [articles[0]?.id]);
  const left = await readSnapshotAt(sql, politics, now);
  assert.deepEqual(
    left?.items.map(({ rank, article }) => [rank, article.id]),
    [
      [2, articles[1]?.id],
      [3, articles[2]?.id],
    ],
  );
});

test('old snapshots go, but never the newest of a list', async () => {
  await sql.script('truncate list_snapshots');
  const stored = async () => {
    const { rows } = await sql.query<{ scope: string; as_of: Date }>('select scope, as_of from list_snapshots');
    return rows.map(({ scope, as_of }) => `${scope} ${as_of.getTime() - now.getTime()}`).sort();
  };
  await storeSnapshots(sql, [
    snapshotAt(popular, later(-3 * DAY)),
    snapshotAt(popular, later(-2 * DAY)),
    snapshotAt(politics, later(-2 * DAY)),
    ...[0, 1, 2, 11].map((minute) => snapshotAt(politics, later(minute * MINUTE))),
  ]);
  assert.equal(await removeOldSnapshots(sql, later(-DAY)), 2);
  assert.equal(await thinSnapshots(sql, now, later(DAY)), 2);
  assert.deepEqual(await stored(), ['politics 0', `politics ${11 * MINUTE}`, `site ${-2 * DAY}`]);
});

test('a list is cut with its ranks; beside an article that is listed the others move up', () => {
  const snapshot = snapshotAt(politics, now);
  const shown = (list: Snapshot) => list.items.map(({ rank, article }) => [rank, article.id]);
  const [first, second, third] = articles.map(({ id }) => id);
  assert.deepEqual(shown(present(snapshot, { limit: 2 })), [
    [1, first],
    [2, second],
  ]);
  assert.deepEqual(shown(present(snapshot, { limit: 2, exclude: first as ArticleId })), [
    [1, second],
    [2, third],
  ]);
  assert.deepEqual(present(snapshot, { limit: 9, exclude: 'elsewhere123' as ArticleId }), snapshot);
});

test('a scope without a list has an empty one', () => {
  assert.deepEqual(emptySnapshot(politics, names, now), {
    list: 'access',
    scope: 'politics',
    title: '"Politics" ACCESS RANKING',
    window: { id: '24h', from: '2026-11-25T03:00:00.000Z', to: '2026-11-26T03:00:00.000Z', final: false },
    asOf: '2026-11-26T03:00:00.000Z',
    version: 'empty',
    confidence: 'empty',
    items: [],
  });
  assert.equal(emptySnapshot(popular, names, now).window, null);
});
