import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import { openCatalogue } from '../../src/views/catalogue.ts';
import type { CountedArticle } from '../../src/views/view.ts';

const id = (n: number): ArticleId => String(n).padStart(12, '0') as ArticleId;
const categories = ['world' as CategorySlug];
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A database that remembers what it was asked, and a clock to set. */
function open(existing: number) {
  const queries: string[][] = [];
  const state = { now: 0, isDown: false, isSilent: false };
  const catalogue = openCatalogue(
    {
      async byIds(ids) {
        queries.push([...ids]);
        if (state.isSilent) await new Promise(() => {});
        if (state.isDown) throw new Error('down');
        const found = ids.filter((one) => Number(one) < existing) as ArticleId[];
        return new Map(found.map((one): [ArticleId, CountedArticle] => [one, { id: one, categories }]));
      },
      async byUrls(urls) {
        if (state.isDown) throw new Error('down');
        return new Map(
          urls.filter((url) => url.startsWith('https://a/')).map((url) => [url, id(Number(url.slice(10)))]),
        );
      },
    },
    () => new Date(state.now),
    { maxEntries: 2000, loadMs: 50 },
  );
  const find = (...ids: ArticleId[]) => catalogue.find(ids.map((article) => ({ article })));
  return { catalogue, find, queries, state };
}

test('articles come in the order of the reports, by id or URL', async () => {
  const { catalogue } = open(5);
  const found = await catalogue.find([
    { url: 'https://a/3' },
    { article: id(9) },
    { article: id(1), url: 'https://a/2' },
    { url: 'https://b/1' },
    { url: 'https://a/3' },
  ]);
  assert.deepEqual(
    found.map((article) => article?.id),
    [id(3), undefined, id(1), undefined, id(3)],
  );
});

test('requests at the same time share one query, and later ones need none until the answer is old', async () => {
  const { find, queries, state } = open(10);
  await Promise.all([find(id(1), id(2)), find(id(2), id(3)), find(id(1))]);
  assert.deepEqual(queries, [[id(1), id(2), id(3)]]);
  await find(id(1), id(3));
  assert.equal(queries.length, 1);
  state.now = 61_000;
  await find(id(1));
  assert.equal(queries.length, 2);
});

test('a miss is believed for a shorter time than a hit', async () => {
  const { find, queries, state } = open(1);
  await find(id(0), id(7));
  await find(id(7));
  assert.equal(queries.length, 1);
  state.now = 11_000;
  await find(id(0), id(7));
  assert.deepEqual(queries.at(-1), [id(7)]);
});

test('a flood of unknown ids is few queries and pushes no article out', async () => {
  const { find, queries } = open(1);
  await find(id(0));
  await Promise.all(Array.from({ length: 10_000 }, (_, i) => find(id(100 + i))));
  assert.ok(queries.length <= 1 + 10_000 / 500 + 1, `${queries.length} queries`);
  const before = queries.length;
  await find(id(0));
  assert.equal(queries.length, before);
});

test('while the database is down, what is known goes on and what is not fails', async () => {
  const { find, queries, state } = open(10);
  await find(id(1));
  state.isDown = true;
  state.now = 61_000;
  assert.equal((await find(id(1)))[0]?.id, id(1));
  const asked = queries.length;
  assert.equal((await find(id(1)))[0]?.id, id(1));
  assert.equal(queries.length, asked, 'it is left alone for a moment');
  await assert.rejects(find(id(2)), { code: 'unavailable' });
  state.isDown = false;
  state.now = 70_000;
  assert.equal((await find(id(2)))[0]?.id, id(2));
});

test('of a database that is silent one query finds out whether it is back, and nobody else waits for that', async () => {
  const { find, queries, state } = open(10);
  state.isSilent = true;
  await assert.rejects(find(id(1)), { code: 'unavailable', retryAfter: 2 });
  const isAtOnce = async (...ids: ArticleId[]) => {
    let isRefused = false;
    const refused = assert.rejects(find(...ids), { code: 'unavailable' }).then(() => (isRefused = true));
    await turn();
    const wasRefused = isRefused;
    await refused;
    return wasRefused;
  };
  assert.ok(await isAtOnce(id(2)), 'while it rests');
  assert.equal(queries.length, 1);

  state.now = 5001;
  const probe = assert.rejects(find(id(3)), { code: 'unavailable' });
  while (queries.length < 2) await turn();
  assert.ok(await isAtOnce(id(3)), 'while it is tried again, the very same key too');
  assert.ok(await isAtOnce(id(4)));
  await probe;
  assert.deepEqual(queries, [[id(1)], [id(3)]]);
  assert.ok(await isAtOnce(id(5)), 'while it rests again');

  state.isSilent = false;
  state.now = 10_002;
  const found = await Promise.all([find(id(6)), find(id(7))]);
  assert.deepEqual(
    found.map(([article]) => article?.id),
    [id(6), id(7)],
  );
  assert.deepEqual(queries.at(-1), [id(6), id(7)], 'all of one moment try together');
  assert.equal((await find(id(8)))[0]?.id, id(8));
});

test('when a query fails, what waits behind it fails too', async () => {
  const { find, queries, state } = open(10);
  state.isSilent = true;
  const first = assert.rejects(find(id(1)), { code: 'unavailable' });
  while (queries.length < 1) await turn();
  await Promise.all([first, assert.rejects(find(id(2)), { code: 'unavailable' })]);
  assert.deepEqual(queries, [[id(1)]]);
});
