import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { HOUR, MINUTE, SECOND } from '../../src/clock.ts';
import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import { openRankings, type Rankings } from '../../src/ranking/build.ts';
import { type Curation, curationOf, withPins } from '../../src/ranking/curation.ts';
import { addCuration, endCuration, type NewCuration, readCurations } from '../../src/ranking/curation-store.ts';
import type { ListedArticle, Scope } from '../../src/ranking/list.ts';
import { buildPastList, readListAt } from '../../src/ranking/past.ts';
import type { TestArticle } from './counts.ts';
import { later, now, openSite, type Site } from './site.ts';

let site: Site;
let rankings: Rankings;

before(async () => {
  site = await openSite();
});
after(() => site.close());
beforeEach(async () => {
  await site.clear();
  await site.sql.script('truncate curations restart identity');
  rankings = openRankings({ ...site, siteName: 'JN' });
});

const RULE = { kind: null, scope: null, place: null, by: 'ed', reason: '', expiresAt: null } as const;

const pin = (article: TestArticle, place: number, rest: Partial<NewCuration> = {}) =>
  addCuration(site.sql, { ...RULE, action: 'pin', target: 'article', value: article.id, place, ...rest }, now);
const exclude = (target: NewCuration['target'], value: string, rest: Partial<NewCuration> = {}) =>
  addCuration(site.sql, { ...RULE, action: 'exclude', target, value, ...rest }, now);

async function shown(scope: string, window: '24h' | 'popular' = '24h'): Promise<string[]> {
  return (await site.list(scope, window)).items.map(({ article }) => article.id);
}

const idsOf = (articles: readonly TestArticle[]) => articles.map(({ id }) => id);

function listed(fields: Partial<ListedArticle>): ListedArticle {
  const time = now.toISOString();
  const article = { id: '000000000001', title: '', url: null, source: '', categories: [], image: null };
  return { ...article, publishedAt: time, updatedAt: time, ...fields } as ListedArticle;
}

test('words are whole words in any case and accent, and parts of titles where no spaces part them', () => {
  const isOut = (word: string, title: string) =>
    curationOf({ kind: 'access', scope: 'site' }, [
      { ...RULE, id: 1, action: 'exclude', target: 'word', value: word },
    ]).isLeftOut(listed({ title }));
  for (const [word, title, expected] of [
    ['war', 'War in the north', true],
    ['war', 'A warning', false],
    ['war', 'Post-war years', true],
    ['café  noir', 'The CAFE noir', true],
    ['c++', 'Of C++ and D', true],
    ['.', 'nothing', false],
    ['選挙', '参議院選挙が始まる', true],
    ['選挙', '参議院が始まる', false],
  ] as const) {
    assert.equal(isOut(word, title), expected, `${word} in ${title}`);
  }
});

test('a source goes by its name or the host of its links, a category by its slug', () => {
  const isOut = (target: 'source' | 'category', value: string) =>
    curationOf({ kind: 'access', scope: 'site' }, [{ ...RULE, id: 1, action: 'exclude', target, value }]).isLeftOut(
      listed({ source: 'The Daily', url: 'https://www.daily.example/1', categories: ['sports' as CategorySlug] }),
    );
  for (const value of ['the daily', 'daily.example', 'www.daily.example']) assert.ok(isOut('source', value), value);
  for (const value of ['daily', 'example']) assert.ok(!isOut('source', value), value);
  assert.deepEqual([isOut('category', 'sports'), isOut('category', 'sport')], [true, false]);
});

test('a decision concerns the lists that it names, and of two about an article the later one stands', () => {
  const id = '000000000001' as ArticleId;
  const articles = new Map([[id, listed({ id, categories: ['politics' as CategorySlug] })]]);
  const rule = (rest: Partial<Curation>): Curation => ({
    ...{ ...RULE, id: 1, action: 'pin', target: 'article', value: id, place: 1 },
    ...rest,
  });
  const places = (kind: 'access' | 'popular' | 'rising', scope: string, ...rules: Curation[]) =>
    curationOf({ kind, scope: scope as Scope }, rules)
      .pinsOf(articles)
      .map(({ place }) => place);
  assert.deepEqual(places('access', 'politics', rule({})), [1]);
  assert.deepEqual(places('access', 'site', rule({})), [1]);
  assert.deepEqual(places('access', 'sports', rule({})), [], 'it is not filed there');
  assert.deepEqual(places('access', 'sports', rule({ scope: 'sports' as Scope })), [1], 'unless it is asked for');
  assert.deepEqual(places('popular', 'site', rule({ kind: 'access' })), []);
  assert.deepEqual(places('rising', 'site', rule({})), []);
  assert.deepEqual(places('access', 'site', rule({}), rule({ id: 2, place: 4 })), [4]);
  const banned = rule({ id: 2, action: 'exclude', place: null });
  assert.deepEqual(places('access', 'site', rule({}), banned), [], 'what must not be shown is not');
  const ofCategory = rule({ id: 2, action: 'exclude', target: 'category', value: 'politics', place: null });
  assert.deepEqual(places('access', 'site', rule({}), ofCategory), [1]);
});

test('pins take their places, those for the same place one after the other, and the end of a short list', () => {
  const entry = (id: string) => ({ id: id as ArticleId, score: 1, reads: 1 });
  const pinned = (id: string, place: number) => ({ id: id as ArticleId, place });
  const ids = (own: string[], ...pins: ReturnType<typeof pinned>[]) =>
    withPins(own.map(entry), pins, () => 0)
      .map(({ id }) => id)
      .join('');
  assert.equal(ids(['a', 'b', 'c'], pinned('x', 1)), 'xabc');
  assert.equal(ids(['a', 'b', 'c'], pinned('x', 2), pinned('y', 3)), 'axybc');
  assert.equal(ids(['a', 'b', 'c'], pinned('x', 1), pinned('y', 1)), 'xyabc');
  assert.equal(ids(['a'], pinned('x', 5), pinned('y', 6)), 'axy');
  assert.equal(ids([], pinned('x', 3)), 'x');
});

test('a pinned article stands at its place with its own reads, and the list says so, until the pin ends', async () => {
  const articles = await site.newArticles(6, 'politics');
  const [a, b, c, d, e, f] = articles as [TestArticle, TestArticle, TestArticle, TestArticle, TestArticle, TestArticle];
  await site.count(now, ...articles.map((article, i) => [article, 60 - 10 * i] as const));
  await rankings.tick(now);
  const before = await site.list('politics');
  assert.ok(!('curation' in before) && !('pinned' in (before.items[0] ?? {})));

  const made = await pin(f, 2, { expiresAt: later(10 * MINUTE) });
  const result = await rankings.tick(later(5 * SECOND));
  assert.ok(result.published > 0, 'at the next tick, without a new read');
  const list = await site.list('politics');
  assert.deepEqual(
    list.items.map(({ article }) => article.id),
    idsOf([a, f, b, c, d, e]),
  );
  assert.deepEqual(list.curation, { pinned: 1, excluded: 0 });
  assert.notEqual(list.version, before.version);
  const { rank, reads, pinned, movement, previousRank } = list.items[1] ?? {};
  assert.deepEqual([rank, reads, pinned, movement, previousRank], [2, 10, true, 'up', 6]);
  assert.deepEqual((await shown('site', 'popular'))[1], f.id);
  assert.ok(!(await shown('sports')).includes(f.id), 'it is not filed there');

  assert.deepEqual(await rankings.tick(later(10 * SECOND)), { built: 0, published: 0 }, 'and then nothing happens');
  await endCuration(site.sql, made.id, 'ed', later(15 * SECOND));
  await rankings.tick(later(15 * SECOND));
  const after = await site.list('politics');
  assert.deepEqual([after.items.map(({ article }) => article.id), after.curation], [idsOf(articles), undefined]);
  assert.ok((await rankings.tick(later(20 * SECOND))).built === 0);
});

test('a decision ends when it expires, and what was shown until then stays in the past', async () => {
  const articles = await site.newArticles(3, 'politics');
  const [a, b, c] = articles as [TestArticle, TestArticle, TestArticle];
  await site.count(now, [a, 9], [b, 8], [c, 7]);
  await exclude('article', a.id, { expiresAt: later(2 * MINUTE) });
  await rankings.tick(now);
  assert.deepEqual(await shown('site'), idsOf([b, c]));
  assert.deepEqual((await site.list('site')).curation, { pinned: 0, excluded: 1 });
  await rankings.tick(later(MINUTE));
  assert.deepEqual(await shown('site'), idsOf([b, c]));
  await rankings.tick(later(2 * MINUTE));
  assert.deepEqual(await shown('site'), idsOf([a, b, c]));
  await rankings.tick(later(4 * MINUTE));
  const key = { kind: 'access', scope: 'site', window: '24h' } as const;
  const at = async (ms: number) => {
    const list = await readListAt(site.sql, key, later(ms), async () => undefined);
    return [list?.items.map(({ article }) => article.id), list?.curation];
  };
  assert.deepEqual(await at(MINUTE), [idsOf([b, c]), { pinned: 0, excluded: 1 }]);
  assert.deepEqual(await at(4 * MINUTE), [idsOf([a, b, c]), undefined]);
  assert.deepEqual(await readCurations(site.sql, later(2 * MINUTE - 1)), [
    { ...{ id: 1, action: 'exclude', target: 'article', value: a.id }, kind: null, scope: null, place: null },
  ]);
});

test('a list made from the archive is made as editors had decided by then', async () => {
  const [a, b] = (await site.newArticles(2, 'politics')) as [TestArticle, TestArticle];
  await exclude('article', a.id, { expiresAt: later(HOUR) });
  await pin(b, 1, { expiresAt: later(HOUR) });
  await site.sql.query(
    `insert into read_counts (slot, article_id, reads) values ($1, $2, 9), ($1, $3, 4)
     on conflict do nothing`,
    [later(5 * MINUTE), a.id, b.id],
  );
  const key = { kind: 'access', scope: 'site', window: '24h' } as const;
  const at = async (ms: number) => {
    const list = await buildPastList(site.sql, key, { siteName: 'JN', zone: 'UTC' }, later(ms));
    return list?.items.map(({ article, reads, pinned }) => [article.id, reads, pinned]);
  };
  assert.deepEqual(await at(30 * MINUTE), [[b.id, 4, true]]);
  assert.deepEqual(await at(2 * HOUR), [
    [a.id, 9, undefined],
    [b.id, 4, undefined],
  ]);
  await site.sql.script('truncate read_counts');
});

test('lists reach as deep as what is left out makes it needed', async () => {
  const sports = await site.newArticles(150, 'sports');
  const politics = await site.newArticles(3, 'politics');
  await site.count(
    now,
    ...sports.map((article, i) => [article, 500 - i] as const),
    ...politics.map((article, i) => [article, 9 - i] as const),
  );
  await exclude('category', 'sports', { scope: 'site' });
  await rankings.tick(now);
  assert.deepEqual(await shown('site'), idsOf(politics), 'all sixty best of the site are of sports');
  assert.deepEqual((await shown('sports')).slice(0, 3), idsOf(sports.slice(0, 3)), 'its own list stays');
  assert.deepEqual((await site.list('site')).curation, { pinned: 0, excluded: 50 });

  await site.sql.query(`update articles set title = 'Drop ' || title where id = any ($1::text[])`, [idsOf(sports)]);
  await exclude('word', 'drop');
  await rankings.tick(later(SECOND));
  assert.deepEqual(
    (await shown('sports')).filter((id) => idsOf(sports).includes(id as ArticleId)),
    [],
  );
  await site.sql.query('update articles set title = id where id = any ($1::text[])', [idsOf(sports.slice(100))]);
  await rankings.tick(later(2 * MINUTE));
  assert.deepEqual(await shown('sports'), idsOf(sports.slice(100)), 'the best hundred of the category are left out');
});

test('a pinned copy counts for its original; a removed article leaves no hole', async () => {
  const [a, b, copy] = (await site.newArticles(3, 'politics')) as [TestArticle, TestArticle, TestArticle];
  await site.count(now, [a, 9], [b, 3]);
  await site.sql.query('update articles set original_id = $1 where id = $2', [b.id, copy.id]);
  assert.equal((await pin(copy, 1)).value, b.id);
  await rankings.tick(now);
  assert.deepEqual(await shown('politics'), idsOf([b, a]));
  await site.sql.query('delete from articles where original_id is not null');
  await site.sql.query('delete from articles where id = $1', [b.id]);
  await rankings.tick(later(MINUTE));
  const list = await site.list('politics');
  assert.deepEqual([list.items.map(({ article }) => article.id), list.curation], [[a.id], undefined]);
});

test('what makes no sense is refused', async () => {
  const [article] = (await site.newArticles(1, 'politics')) as [TestArticle];
  for (const [attempt, code] of [
    [() => pin(article, 0), 'curation-invalid'],
    [() => pin(article, 51), 'curation-invalid'],
    [() => pin(article, 1, { kind: 'rising' }), 'curation-invalid'],
    [() => pin(article, 1, { target: 'word' }), 'curation-invalid'],
    [() => pin(article, 1, { expiresAt: now }), 'curation-invalid'],
    [() => exclude('word', ' !'), 'curation-invalid'],
    [() => exclude('source', ' '), 'curation-invalid'],
    [() => exclude('word', 'x', { place: 1 }), 'curation-invalid'],
    [() => exclude('article', 'x'), 'article-unknown'],
    [() => exclude('article', '000000000000'), 'article-unknown'],
    [() => exclude('category', 'nope'), 'category-unknown'],
    [() => exclude('word', 'x', { scope: 'nope' as Scope }), 'category-unknown'],
    [() => endCuration(site.sql, 7, 'ed', now), 'curation-unknown'],
  ] as const) {
    await assert.rejects(attempt, { code });
  }
  assert.deepEqual(await readCurations(site.sql, now), []);
});
