import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { forgetSuccessors, noteSuccessors } from '../../src/articles/successors.ts';
import type { ArticleId } from '../../src/ids.ts';
import { assertProblem, type FilledApi, openFilledApi } from './filled-api.ts';

let api: FilledApi;

before(async () => {
  api = await openFilledApi();
});
after(() => api.close());

test('articles come newest first, page by page, each once', async () => {
  const found: string[] = [];
  let url = '/v1/articles?category=politics&limit=2';
  for (let next: string | null = ''; next !== null; ) {
    const page: { items: { id: string; content?: string }[]; next: string | null } = (await api.get(url)).json();
    found.push(...page.items.map(({ id }) => id));
    assert.equal(page.items[0]?.content, undefined);
    next = page.next;
    url = `/v1/articles?category=politics&limit=2&cursor=${next}`;
  }
  assert.deepEqual(found, api.ids);
});

test('articles are searched by words; nothing found is an empty page', async () => {
  const { items } = (await api.get('/v1/articles?q=%20minister%203')).json();
  assert.deepEqual(
    items.map(({ title }: { title: string }) => title),
    ['Minister number 3 speaks'],
  );
  assert.equal((await api.get('/v1/articles?q=%20%20&cursor=&category=')).json().items.length, 5);
  assert.deepEqual((await api.get("/v1/articles?q=%25';drop%20table")).json(), { items: [], next: null });
  assert.equal((await api.get('/v1/articles?q=%00%ff')).statusCode, 200);
});

test('articles are filtered, with their texts where asked for, and by relevance', async () => {
  const numbersOf = async (query: string) =>
    (await api.get(`/v1/articles?${query}`)).json().items.map(({ url }: { url: string | null }) => url?.at(-1) ?? '4');
  assert.deepEqual(await numbersOf('from=2026-01-31T08:57:00Z&to=2026-01-31T17:59:00%2B09:00'), ['2', '3']);
  assert.deepEqual(await numbersOf('from=2026-01-31T17:57:00+09:00&limit=1'), ['1']);
  assert.deepEqual(await numbersOf('to=2026-01-31&q=&source=&language=&from='), []);
  assert.deepEqual(await numbersOf('language=en-US&source=1&q=minister&copies=true&limit=2'), ['1', '2']);
  assert.deepEqual(await numbersOf('language=ja'), []);
  assert.deepEqual(await numbersOf('source=999999999'), []);
  const first = (await api.get('/v1/articles?q=minister&sort=relevance&limit=2&content=true')).json();
  assert.deepEqual(
    first.items.map(({ content }: { content: string }) => content),
    ['<p>Text 1</p>', '<p>Text 2</p>'],
  );
  assert.deepEqual(await numbersOf(`q=minister&sort=relevance&cursor=${first.next}`), ['3', '4', '5']);
  await assertProblem(api, `/v1/articles?q=minister&cursor=${first.next}`, 400, 'cursor-invalid');
  for (const wrong of ['from=yesterday', 'to=2026-13-01', 'source=x', 'sort=up', 'copies=2', 'source=1&source=2']) {
    await assertProblem(api, `/v1/articles?${wrong}`, 400, 'request-invalid');
  }
});

test('an article names its copies, and a copy its original', async () => {
  const [original, copy] = api.ids;
  await api.sql.query('update articles set original_id = $1 where id = $2', [original, copy]);
  const whole = (await api.get(`/v1/articles/${original}`)).json();
  assert.deepEqual(whole.copies, [
    {
      id: copy,
      title: 'Minister number 2 speaks',
      url: 'https://news.example/2',
      source: 'News',
      language: 'en',
      publishedAt: '2026-01-31T08:58:00.000Z',
    },
  ]);
  assert.equal((await api.get(`/v1/articles/${copy}`)).json().original.id, original);
  assert.equal((await api.get('/v1/articles')).json().items.length, 4);
  const originalsOf = async (query: string) =>
    (await api.get(`/v1/articles?copies=true&${query}`))
      .json()
      .items.map((item: { original: unknown }) => item.original);
  assert.deepEqual(await originalsOf(''), [null, original, null, null, null]);
  assert.deepEqual(await originalsOf('q=minister&content=true&limit=2'), [null, original]);
  await api.sql.query('update articles set original_id = null');
});

test('an article comes with its text and sources', async () => {
  const answer = await api.get(`/v1/articles/${api.ids[0]}`);
  assert.equal(answer.statusCode, 200);
  const { content, sources, revisions, ...article } = answer.json();
  assert.equal(content, '<p>Text 1</p>');
  assert.deepEqual(revisions, []);
  assert.equal(sources[0].feed, 'News');
  assert.equal(article.publishedAt, '2026-01-31T08:59:00.000Z');
  assert.deepEqual(article.categories, ['politics']);
  assert.match(String(answer.headers.etag), /^W\/"/);
  const again = await api.get(`/v1/articles/${api.ids[0]}`, { 'if-none-match': String(answer.headers.etag) });
  assert.deepEqual([again.statusCode, again.body], [304, '']);
});

test('the id of a removed article leads to the one that took its place, for as long as that is kept', async () => {
  const [successor] = api.ids as [ArticleId];
  const [removed, lost] = ['0zzzzzzzzzz1', '0zzzzzzzzzz2'] as ArticleId[] as [ArticleId, ArticleId];
  const now = new Date('2026-02-01');
  await noteSuccessors(api.sql, [{ removed, successor: lost }], now);
  await assertProblem(api, `/v1/articles/${removed}`, 404, 'article-unknown');
  await noteSuccessors(api.sql, [{ removed: lost, successor }], now);
  for (const id of [removed, lost]) {
    const answer = await api.get(`/v1/articles/${id}`);
    assert.deepEqual([answer.statusCode, answer.headers.location], [308, `/v1/articles/${successor}`]);
  }
  await noteSuccessors(api.sql, [{ removed: lost, successor: 'zzzzzzzzzzzz' as ArticleId }], now);
  assert.equal(await forgetSuccessors(api.sql, now), 0);
  assert.equal(await forgetSuccessors(api.sql, new Date('2026-02-02')), 1, 'only of whom nobody is left');
  assert.equal((await api.get(`/v1/articles/${removed}`)).statusCode, 308);
  await assertProblem(api, `/v1/articles/${lost}`, 404, 'article-unknown');
});

test('odd requests of articles are 400 or 404', async () => {
  for (const query of ['limit=0', 'limit=101', 'limit=-1', 'q=a&q=b', `cursor=${'x'.repeat(600)}`]) {
    await assertProblem(api, `/v1/articles?${query}`, 400, 'request-invalid');
  }
  for (const cursor of ['x', '__proto__', 'e30', '%00', 'MTIzNDU2Nzg5.zzzzzzzzzzzz']) {
    await assertProblem(api, `/v1/articles?cursor=${cursor}`, 400, 'cursor-invalid');
  }
  await assertProblem(api, '/v1/articles?category=nope', 404, 'category-unknown');
  for (const id of ['zzzzzzzzzzzz', 'x', 'ABC', '1%20or%201=1']) {
    await assertProblem(api, `/v1/articles/${id}`, 404, 'article-unknown');
  }
});

test('categories say how much is in them', async () => {
  const answer = await api.get('/v1/categories');
  assert.deepEqual(answer.json(), {
    items: [
      { slug: 'politics', name: 'Politics', articles: 5, reads24h: 0 },
      { slug: '政治-とスポーツ', name: '政治 とスポーツ', articles: 0, reads24h: 0 },
    ],
    next: null,
  });
  assert.ok(answer.headers.etag);
});

test('larger answers are compressed, and 304 works all the same', async () => {
  const plain = await api.get('/v1/articles');
  const packed = await api.get('/v1/articles', { 'accept-encoding': 'gzip' });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.equal(packed.headers.etag, plain.headers.etag);
  assert.match(String(packed.headers.vary), /accept-encoding/i);
  assert.ok(packed.rawPayload.length < plain.rawPayload.length);
  const again = await api.get('/v1/articles', {
    'accept-encoding': 'gzip',
    'if-none-match': String(plain.headers.etag),
  });
  assert.equal(again.statusCode, 304);
});

test('/r leads to the article and nowhere else, counting once', async () => {
  const answer = await api.get(`/r/${api.ids[0]}?url=https://evil.example/`);
  assert.deepEqual([answer.statusCode, answer.headers.location], [302, 'https://news.example/1']);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.deepEqual(api.seen.calls.at(-1)?.reports, [{ article: api.ids[0] }]);
  const counted = api.seen.calls.length;
  await api.app.inject({ method: 'HEAD', url: `/r/${api.ids[0]}` });
  assert.equal(api.seen.calls.length, counted);
  for (const id of ['zzzzzzzzzzzz', 'x', '%2F%2Fevil.example', 'https:%2F%2Fevil.example']) {
    const unknown = await api.get(`/r/${id}`);
    assert.deepEqual([unknown.statusCode, unknown.json().code], [404, 'article-unknown'], id);
  }
  assert.equal(api.seen.calls.length, counted);
});

test('/r leads from a removed article to the one that took its place', async () => {
  const [kept] = api.ids;
  await api.sql.query(
    `insert into article_successors (article_id, successor_id, removed_at) values ('0t9rrczzzzzz', $1, now())`,
    [kept],
  );
  const answer = await api.get('/r/0t9rrczzzzzz');
  assert.deepEqual([answer.statusCode, answer.headers.location], [302, 'https://news.example/1']);
  assert.deepEqual(api.seen.calls.at(-1)?.reports, [{ article: '0t9rrczzzzzz' }], 'counting knows whose read that is');
});

test('/r leads on when nothing can be counted, and home where the article has no link', async () => {
  const answer = api.seen.answer;
  api.seen.answer = async () => assert.fail('Redis is away');
  const byTitle = (await api.get('/v1/articles?q=number%204')).json().items[0].id;
  const home = await api.get(`/r/${byTitle}`);
  api.seen.answer = answer;
  assert.deepEqual([home.statusCode, home.headers.location], [302, `/article/${byTitle}`]);
});
