import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { StoryArticle } from '../../../src/articles/stories/assign.ts';
import { forgetStories } from '../../../src/articles/stories/forget.ts';
import { findRelated, findStory } from '../../../src/articles/stories/read.ts';
import type { Sql } from '../../../src/engines/sql.ts';
import { type ArticleId, newArticleId, type StoryId } from '../../../src/ids.ts';
import { openTestSql, skipWithoutPostgres } from '../../support/engines.ts';
import { labelledStream, scorePairs } from './labelled.ts';
import { giveStories, insertPlain, storiesOf } from './stored.ts';

const START = new Date('2026-11-16T00:00:00Z');
const HOUR = 3_600_000;
const hours = (count: number) => new Date(START.getTime() + count * HOUR);

let sql: Sql;
let close: () => Promise<void>;
let sequence = 0;

before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());
beforeEach(async () => {
  await sql.script(
    'delete from articles; delete from stories; delete from story_postings; delete from term_frequencies;',
  );
});

/** Stored articles with these titles, an hour apart from `first` on. */
async function write(titles: readonly string[], first = 0): Promise<StoryArticle[]> {
  const articles = titles.map((title, index): StoryArticle => {
    const publishedAt = hours(first + index);
    return { id: newArticleId(publishedAt, 50_000 + sequence++), title, summary: '', language: 'en', publishedAt };
  });
  await insertPlain(sql, articles);
  return articles;
}

const FERRY = ['Ferry with 240 aboard sinks off Palmera', 'Palmera ferry: captain arrested after ferry sinks'];

/** Everything that is kept of stories. */
async function everything(on: Sql): Promise<unknown> {
  const tables = ['stories', 'story_centroids', 'story_postings', 'term_frequencies', 'articles'];
  return Promise.all(
    tables.map((table) => on.query(`select ctid::text, xmin::text, t::text as row from ${table} t order by t::text`)),
  );
}

for (const { language, precision, recall } of [
  { language: 'en', precision: 0.97, recall: 0.56 },
  { language: 'ja', precision: 0.97, recall: 0.65 },
] as const) {
  test(`headlines of one event come together, those of another do not (${language})`, async (context) => {
    const { articles, events } = labelledStream(language, 250, START);
    await insertPlain(sql, articles);
    for (let at = 0; at < articles.length; at += 150) {
      const batch = articles.slice(at, at + 150);
      await giveStories(sql, batch, batch.at(-1)?.publishedAt ?? START);
    }
    const stories = await storiesOf(sql);
    assert.equal(stories.size, articles.length, 'each article has a story');
    const score = scorePairs(events, (id) => stories.get(id));
    context.diagnostic(
      `${score.pairs} pairs: precision ${score.precision.toFixed(3)}, recall ${score.recall.toFixed(3)}`,
    );
    assert.ok(score.precision >= precision, `precision ${score.precision}`);
    assert.ok(score.recall >= recall, `recall ${score.recall}`);
  });
}

test('running it again changes nothing, also when a title was changed', async () => {
  const articles = await write([...FERRY, 'Bank of Albion raises rates']);
  await giveStories(sql, articles, hours(3));
  const once = await everything(sql);
  await giveStories(sql, articles, hours(4));
  await giveStories(
    sql,
    articles.map((article) => ({ ...article, title: 'Something else' })),
    hours(5),
  );
  assert.deepEqual(await everything(sql), once);
});

test('a run that is cut off at any statement leaves nothing, and the next one does it all', async () => {
  const articles = await write(FERRY);
  const before = await everything(sql);
  let statements = 0;
  for (let allowed = 0, isCut = true; isCut; allowed++) {
    let left = allowed;
    const cutting = (on: Sql): Sql => ({
      script: (text) => on.script(text),
      transaction: (work) => on.transaction((within) => work(cutting(within))),
      query: (text, parameters) => {
        if (left-- === 0) throw new Error('cut off');
        return on.query(text, parameters);
      },
    });
    try {
      await giveStories(cutting(sql), articles, hours(2));
      isCut = false;
    } catch (error) {
      assert.match(String(error), /cut off/);
      assert.deepEqual(await everything(sql), before);
    }
    statements = allowed;
  }
  assert.ok(statements <= 12, `${statements} statements`);
  assert.equal(new Set((await storiesOf(sql)).values()).size, 1);
});

test('it takes as many statements for a hundred articles as for two', async () => {
  const counting = (on: Sql, count: { n: number }): Sql => ({
    script: (text) => on.script(text),
    transaction: (work) => on.transaction((within) => work(counting(within, count))),
    query: (text, parameters) => {
      count.n += 1;
      return on.query(text, parameters);
    },
  });
  const [first, few, many] = [{ n: 0 }, { n: 0 }, { n: 0 }];
  await giveStories(counting(sql, first), await write(FERRY), hours(2));
  await giveStories(counting(sql, few), await write(FERRY), hours(2));
  await giveStories(counting(sql, many), await write(Array.from({ length: 50 }, () => FERRY).flat()), hours(100));
  assert.ok(many.n <= few.n, `${many.n} and ${few.n}`);
  assert.ok(first.n < few.n, 'what has words that no article had before is not looked for');
});

test('copies wait for their original, and are not counted twice', async () => {
  const [original, copy] = await write([FERRY[0] ?? '', FERRY[0] ?? '']);
  assert.ok(original && copy);
  await sql.query('update articles set original_id = $1 where id = $2', [original.id, copy.id]);
  await giveStories(sql, [original, copy], hours(2));
  assert.deepEqual([...(await storiesOf(sql)).keys()], [original.id]);
  await sql.query('update articles set story_id = $1', [(await storiesOf(sql)).get(original.id)]);
  assert.equal(await findRelated(sql, original.id, 5), undefined, 'a copy is no other coverage');
  assert.equal(await findRelated(sql, copy.id, 5), undefined, 'nor is its original');
});

test('related are the newest originals of the story, but not the article itself', async () => {
  const articles = await write([...FERRY, 'Palmera ferry sinks: divers search', 'Bank of Albion raises rates']);
  await giveStories(sql, articles, hours(4));
  const [first, second, third, other] = articles.map(({ id }) => id) as [ArticleId, ArticleId, ArticleId, ArticleId];
  const related = async (id: ArticleId, limit = 5) =>
    (await findRelated(sql, id, limit))?.articles.map((article) => article.id);
  assert.deepEqual(await related(first), [third, second]);
  assert.deepEqual(await related(third), [second, first]);
  assert.deepEqual(await related(first, 1), [third]);
  assert.equal(await related(other), undefined, 'a story of one is no coverage');
  assert.equal(await related('zzzzzzzzzzzz' as ArticleId), undefined);
  const story = await findStory(sql, (await findRelated(sql, first, 1))?.id ?? (0 as StoryId), 2);
  assert.deepEqual(
    story?.articles.map(({ id }) => id),
    [third, second],
  );
});

test('when two stories merge, the old id leads to the new one', async () => {
  const [whale, port] = [
    ['Humpback whale stranded', 'Stranded humpback whale'],
    ['Oil tanker leaks in Velden harbour', 'Velden harbour: oil tanker leaks'],
  ];
  const apart = await write([...whale, ...port]);
  await giveStories(sql, apart, hours(4));
  const before = await storiesOf(sql);
  assert.equal(new Set(before.values()).size, 2);
  const both = await write(
    Array.from({ length: 6 }, () => 'Humpback whale stranded as tanker leaks oil in Velden harbour'),
    4,
  );
  await giveStories(sql, both, hours(10));
  const now = await storiesOf(sql);
  assert.equal(new Set(now.values()).size, 1, 'all are one story');
  const ids = [...new Set(before.values())] as StoryId[];
  for (const id of ids) assert.equal((await findStory(sql, id, 10))?.articles.length, 10, `story ${id} answers`);
  const answers = await Promise.all(ids.map(async (id) => (await findStory(sql, id, 1))?.id));
  assert.equal(new Set(answers).size, 1, 'with the id that is left');
});

test('stories that nothing was added to leave the index, and keep id and articles', async () => {
  const ferry = await write(FERRY);
  await giveStories(sql, ferry, hours(1));
  await giveStories(sql, await write(FERRY, 80), hours(81));
  const others = Array.from({ length: 100 }, (_, index) => `Word${index} alone${index}`);
  await giveStories(sql, await write(others, 82), hours(82));
  const { rows: open } = await sql.query<{ n: number }>('select count(*) as n from story_centroids');
  assert.equal(open[0]?.n, 101, 'the first ferry is closed');
  const { rows } = await sql.query(
    'select 1 from story_postings where story_id not in (select story_id from story_centroids)',
  );
  assert.deepEqual(rows, []);
  const stories = await storiesOf(sql);
  const [old, oldToo] = ferry.map(({ id }) => stories.get(id));
  assert.equal(old, oldToo);
  assert.equal([...stories.values()].filter((story) => story === old).length, 2, 'the later ferry is another story');
  assert.equal((await findStory(sql, old as StoryId, 5))?.articles.length, 2);
});

test('a story is forgotten with its last article, and the ids that led to it', async () => {
  const ferry = await write(FERRY);
  await giveStories(sql, ferry, hours(1));
  await sql.query(`insert into stories (merged_into, first_at) select id, first_at from stories`);
  await giveStories(sql, await write(['Bank of Albion raises rates'], 100), hours(100));
  assert.equal(await forgetStories(sql, hours(50), hours(101)), 0);
  await sql.query('delete from articles where id = any ($1::text[])', [ferry.map(({ id }) => id)]);
  assert.equal(await forgetStories(sql, hours(50), hours(101)), 0, 'it may still grow');
  await sql.query('delete from story_centroids where last_at < $1', [hours(50)]);
  assert.equal(await forgetStories(sql, hours(50), hours(101)), 1);
  const { rows } = await sql.query<{ n: number }>('select count(*) as n from stories');
  assert.equal(rows[0]?.n, 1);
  await forgetStories(sql, hours(50), hours(24 * 60));
  assert.deepEqual((await sql.query('select * from term_frequencies')).rows, []);
});

test('titles that a feed makes from a pattern are no story, but another paper’s words for one of them are', async () => {
  const titles = [
    'Yen Steadies as Acme Motors Reports Strong Autumn Orders',
    'Yen Steadies as Borex Reports Strong Autumn Orders',
    'Yen Steadies as Corvina Marine Reports Strong Autumn Orders',
  ];
  const retold = 'Strong autumn orders for Borex: yen steadies';
  const articles = await write([...titles, retold]);
  await giveStories(
    sql,
    articles.map((article) => ({ ...article, siblings: titles.includes(article.title) ? titles : [] })),
    hours(4),
  );
  const stories = await storiesOf(sql);
  const [acme, borex, corvina, other] = articles.map(({ id }) => stories.get(id));
  assert.equal(new Set([acme, borex, corvina]).size, 3);
  assert.equal(other, borex);
  const { rows } = await sql.query<{ barred: string[] }>('select barred from story_centroids where story_id = $1', [
    borex,
  ]);
  assert.deepEqual(rows[0]?.barred.sort(), ['en:acm', 'en:corvina', 'en:marin', 'en:motor']);
  const [later] = await write(['Corvina Marine: strong autumn orders, yen steadies'], 5);
  assert.ok(later);
  await giveStories(sql, [later], hours(5));
  assert.equal((await storiesOf(sql)).get(later.id), corvina);
});

test('deciders at the same time put each article into one story', { skip: skipWithoutPostgres }, async () => {
  const { articles, events } = labelledStream('en', 0, START);
  await insertPlain(sql, articles);
  await Promise.all(Array.from({ length: 4 }, () => giveStories(sql, articles, hours(144))));
  const { rows } = await sql.query<{ n: number; size: number }>(
    `select sum(size) as size, count(*) as n from story_centroids`,
  );
  const stories = await storiesOf(sql);
  assert.equal(stories.size, events.size);
  assert.deepEqual(rows[0], { size: events.size, n: new Set(stories.values()).size });
});
