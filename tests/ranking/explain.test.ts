import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HOUR, MINUTE } from '../../src/clock.ts';
import { CodedError } from '../../src/errors.ts';
import { type ArticleId, type CategorySlug, newArticleId, shardOf } from '../../src/ids.ts';
import { openRankings } from '../../src/ranking/build.ts';
import { addCuration } from '../../src/ranking/curation-store.ts';
import { type Explanation, explainPlace } from '../../src/ranking/explain.ts';
import { LIST_ITEMS, type ListKey, SCOPE_LISTS, type Scope } from '../../src/ranking/list.ts';
import { readSnapshot } from '../../src/ranking/store.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { ALL_SHARDS, keysOf } from '../../src/views/keys.ts';
import { recordReads } from '../../src/views/record.ts';
import { insertArticles, insertCategories, type TestArticle, testArticle } from './counts.ts';
import { later, now, openSite, type Site } from './site.ts';

let site: Site;
let visitors = 1;
before(async () => {
  site = await openSite();
});
after(() => site.close());

interface Told {
  readonly article: TestArticle;
  readonly minutesAgo: number;
  readonly times: number;
  readonly isBox?: true;
}

async function read({ article, minutesAgo, times, isBox = undefined }: Told): Promise<void> {
  const at = later(-minutesAgo * MINUTE);
  for (let left = times; left > 0; left -= 200) {
    const reads = Array.from({ length: Math.min(left, 200) }, () => ({
      ...{ article: article.id, categories: article.categories, at, isTimeNamed: true, isBox: isBox === true },
      ...{ visitor: String(visitors++), visitorBefore: undefined },
    }));
    await recordReads(site.redis, shardOf(article.id), now, reads);
  }
}

/** Articles without reads, in a site whose counts are whole. */
async function open(...all: readonly (readonly [ageHours: number, ...categories: string[]])[]): Promise<TestArticle[]> {
  await site.clear();
  await site.sql.script('truncate curations, read_counts, archive_batches, refused_views');
  await site.redis.flushdb();
  for (const shard of ALL_SHARDS) await site.redis.hset(keysOf(shard).marks, 'restored', 1);
  const articles = all.map(([hours, ...categories]) => testArticle(later(-hours * HOUR), ...categories));
  await insertCategories(site.sql, { arts: 'Arts' });
  await insertArticles(site.sql, articles);
  return articles;
}

const explain = (key: ListKey, { id }: Pick<TestArticle, 'id'>) => explainPlace(site.sql, site.redis, key, id, now);
const idsIn = async (key: ListKey) =>
  (await readSnapshot(site.redis, site.sql, key))?.items.map(({ article }) => article.id) ?? [];

const keysIn = (...scopes: string[]): ListKey[] =>
  scopes.flatMap((scope) => SCOPE_LISTS.map((list) => ({ ...list, scope: scope as Scope })));

// Always the same histories.
let state = 7;
function below(most: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * most);
}

const HISTORIES = Number(process.env['RANKING_RUNS'] ?? 2);

test('with the reads that it needs an article takes that place, and with one less it does not', async () => {
  let steps = 0;
  const kinds = new Set<string>();
  for (let history = 0; history < HISTORIES; history++) {
    const ages = Array.from({ length: 9 }, () => [1 + below(200), ...['politics', 'sports'].slice(below(3))] as const);
    const reads = Array.from({ length: 30 }, () => ({
      index: below(below(9) + 1),
      minutesAgo: [3, 9, 40, 200, 2000][below(5)] ?? 3,
      times: [1, 2, 3, 12, 30][below(5)] ?? 1,
    }));
    const restore = async () => {
      const articles = await open(...ages);
      for (const { index, ...rest } of reads) await read({ ...rest, article: articles[index] as TestArticle });
      const rankings = openRankings({ ...site, siteName: 'JN' });
      await rankings.tick(now);
      return { articles, rankings };
    };
    const asked: { readonly key: ListKey; readonly index: number; readonly rank: number | null; reads: number }[] = [];
    const { articles } = await restore();
    for (const key of keysIn('site', 'politics')) {
      const ids = await idsIn(key);
      for (const [index, article] of articles.entries()) {
        const { place, item, next } = await explain(key, article);
        assert.equal(item?.rank ?? null, ids.includes(article.id) ? ids.indexOf(article.id) + 1 : null);
        assert.equal(['listed', 'filled'].includes(place), item !== undefined, place);
        if (typeof next?.reads !== 'number') continue;
        asked.push({ key, index, rank: next.rank, reads: next.reads });
      }
    }
    for (let probe = 0; probe < 4; probe++) {
      const one = asked[below(asked.length)];
      assert.ok(one);
      for (const reads of [one.reads - 1, one.reads]) {
        const again = await restore();
        const article = again.articles[one.index] as TestArticle;
        await read({ article, minutesAgo: 0, times: reads });
        await again.rankings.tick(now);
        const rank: number = (await idsIn(one.key)).indexOf(article.id) + 1;
        const isThere: boolean = rank > 0 && rank <= (one.rank ?? LIST_ITEMS);
        const { kind, scope, window }: ListKey = one.key;
        assert.equal(
          isThere,
          reads === one.reads,
          `${kind} ${scope} ${window}: ${reads} of ${one.reads} for ${one.rank}`,
        );
        steps++;
        kinds.add(kind);
      }
    }
  }
  assert.ok(steps > 0);
  assert.ok(kinds.has('access') && kinds.has('popular'), [...kinds].join());
});

test('an article far from rising is told how many reads would bring it there, and they do', async () => {
  const articles = await open([5, 'politics'], [6, 'politics'], [7, 'politics', 'sports'], [8, 'sports']);
  const key = { kind: 'rising', scope: 'politics' as CategorySlug, window: null } as const;
  const base = articles.flatMap((article) =>
    [10, 25, 50, 100].map((minutesAgo) => ({ article, minutesAgo, times: 12 })),
  );
  for (const told of base) await read(told);
  const rankings = openRankings({ ...site, siteName: 'JN' });
  await rankings.tick(now);
  const [article] = articles;
  assert.ok(article);
  const { place, next, rise } = await explain(key, article);
  assert.deepEqual([place, next?.rank, rise.isSignificant], ['not-rising', null, false]);
  const { reads } = next ?? {};
  assert.ok(typeof reads === 'number' && reads > 1);
  await read({ article, minutesAgo: 0, times: reads - 1 });
  await rankings.tick(now);
  assert.deepEqual(await idsIn(key), []);
  await read({ article, minutesAgo: 0, times: 1 });
  await rankings.tick(now);
  assert.deepEqual(await idsIn(key), [article.id]);
  assert.equal((await explain(key, article)).place, 'listed');
});

test('it says all that the place is made of', async () => {
  const [article, copy, other] = await open([2, 'politics'], [2, 'politics'], [3, 'politics']);
  assert.ok(article && copy && other);
  await site.sql.query('update articles set original_id = $2 where id = $1', [copy.id, article.id]);
  await read({ article, minutesAgo: 180, times: 8 });
  await read({ article, minutesAgo: 0, times: 4, isBox: true });
  await read({ article: other, minutesAgo: 0, times: 2 });
  await archiveCounts(site.sql, site.redis, now);
  await site.sql.query(
    `insert into refused_views (hour, article_id, reason, views) values (date_trunc('hour', $1::timestamptz), $2, 'bot', 5)`,
    [now, article.id],
  );
  await openRankings({ ...site, siteName: 'JN' }).tick(now);
  const key = { kind: 'popular', scope: 'politics' as CategorySlug, window: null } as const;
  const it: Explanation = await explain(key, copy);
  assert.deepEqual([it.asked, it.article.id, it.place, it.item?.rank], [copy.id, article.id, 'listed', 1]);
  assert.deepEqual(it.reads, { '1h': 4, '24h': 12, '7d': 12, '30d': 12 });
  const { popular, fast, slow } = it.decayed;
  assert.deepEqual([popular.halfLifeMinutes, fast.halfLifeMinutes, slow.halfLifeMinutes], [180, 15, 60]);
  // Eight reads a half-life ago, and four that weigh a quarter.
  assert.ok(Math.abs(popular.reads - 5) < 0.001, `${popular.reads}`);
  assert.ok(Math.abs(popular.stored * 2 ** ((popular.landmark.getTime() - now.getTime()) / (3 * HOUR)) - 5) < 0.001);
  assert.ok(Math.abs(slow.reads - (4 + 8 / 8)) < 0.001);
  assert.equal(it.facts.copies, 1);
  assert.equal(it.facts.boxReads['1h'], 4);
  assert.ok(Math.abs(it.facts.boxDiscount - 3) < 0.05, `${it.facts.boxDiscount}`);
  assert.deepEqual(it.facts.refused, { day: { bot: 5 }, week: { bot: 5 } });
  assert.equal(it.next, undefined, 'it is first');
});

test('what is not listed is told why', async () => {
  const [old, elsewhere, unread, excluded, pinned] = await open(
    ...([
      [200, 'politics'],
      [2, 'sports'],
      [2, 'politics'],
      [2, 'politics'],
      [2, 'politics'],
    ] as const),
  );
  assert.ok(old && elsewhere && unread && excluded && pinned);
  for (const article of [old, elsewhere, excluded]) await read({ article, minutesAgo: 200, times: 9 });
  const decision = { kind: null, scope: null, by: 'eve', reason: '', expiresAt: null } as const;
  await addCuration(
    site.sql,
    { ...decision, action: 'exclude', target: 'article', value: excluded.id, place: null },
    now,
  );
  await addCuration(site.sql, { ...decision, action: 'pin', target: 'article', value: pinned.id, place: 1 }, now);
  await openRankings({ ...site, siteName: 'JN' }).tick(now);
  const popular = { kind: 'popular', scope: 'politics' as CategorySlug, window: null } as const;
  const placeOf = async (article: TestArticle) => (await explain(popular, article)).place;
  assert.deepEqual(
    [await placeOf(old), await placeOf(unread), await placeOf(excluded), await placeOf(pinned)],
    ['too-old', 'unread', 'excluded', 'pinned'],
  );
  // A thin list takes it in from the site; reads of its own would not move it there.
  const taken = await explain(popular, elsewhere);
  assert.deepEqual([taken.place, taken.item?.fill, taken.next], ['filled', 'site', undefined]);
  assert.equal((await explain({ ...popular, scope: 'arts' as CategorySlug }, old)).place, 'elsewhere');
  assert.equal((await explain({ ...popular, kind: 'rising' }, unread)).place, 'not-rising');
  assert.deepEqual(
    (await explain(popular, excluded)).curations.map(({ action }) => action),
    ['exclude'],
  );
});

test('of no article, and of half the counts, nothing is explained', async () => {
  const [article] = await open([1, 'politics']);
  assert.ok(article);
  const key = { kind: 'access', scope: 'site', window: '24h' } as const;
  const codeOf = (id: ArticleId) =>
    explain(key, { id }).then(
      () => 'none',
      (error: unknown) => (error instanceof CodedError ? error.code : error),
    );
  assert.equal(await codeOf(newArticleId(now, 12_345)), 'article-unknown');
  await site.redis.flushdb();
  assert.equal(await codeOf(article.id), 'unavailable');
});
