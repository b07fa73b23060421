import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertProblem, type FilledApi, openFilledApi } from './filled-api.ts';

let api: FilledApi;
/** Newest first; the last one has no story. */
let ids: readonly string[];

before(async () => {
  api = await openFilledApi();
  ids = api.ids;
  await api.sql.script(`
    insert into stories (id, merged_into, first_at) overriding system value
      values (7, null, now()), (3, 7, now()), (8, null, now()), (9, null, now())`);
  await api.sql.query('update articles set story_id = 7 where id = any ($1::text[])', [ids.slice(0, 3)]);
  await api.sql.query('update articles set story_id = 8 where id = $1', [ids[3]]);
});
after(() => api.close());

const idsOf = ({ articles }: { articles: { id: string }[] }) => articles.map(({ id }) => id);

test('an article names the others of its story, the newest first', async () => {
  const { story } = (await api.get(`/v1/articles/${ids[1]}`)).json();
  assert.equal(story.id, 7);
  assert.deepEqual(idsOf(story), [ids[0], ids[2]]);
  assert.equal(story.articles[0].title, 'Minister number 1 speaks');
  assert.match(story.articles[0].publishedAt, /Z$/);
  assert.equal(story.articles[0].content, undefined);
});

test('an article alone in its story, or without one, has none', async () => {
  for (const id of ids.slice(3)) assert.equal((await api.get(`/v1/articles/${id}`)).json().story, null);
});

test('a story is found under all ids that it ever had', async () => {
  for (const id of [7, 3]) {
    const answer = await api.get(`/v1/stories/${id}`);
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.json().id, 7);
    assert.deepEqual(idsOf(answer.json()), ids.slice(0, 3));
    assert.match(String(answer.headers['cache-control']), /^public/);
    const again = await api.get(`/v1/stories/${id}`, { 'if-none-match': String(answer.headers.etag) });
    assert.equal(again.statusCode, 304);
  }
});

test('a story of which nothing is left, and what is no story, is 404', async () => {
  for (const id of ['9', '1000000', '0', '-1', '1.5', 'x', '9'.repeat(30), '%00', "1';--"]) {
    await assertProblem(api, `/v1/stories/${id}`, 404, 'story-unknown');
  }
});
