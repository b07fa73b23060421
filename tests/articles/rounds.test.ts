import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { changeFeed } from '../../src/articles/change-feed.ts';
import { removeOldArticles } from '../../src/articles/clean-up.ts';
import type { CarryingFeed } from '../../src/articles/draft.ts';
import { importFeeds } from '../../src/articles/import-feeds.ts';
import { type SavedArticles, saveArticles } from '../../src/articles/save.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import { openTestSql, skipWithoutPostgres } from '../support/engines.ts';
import { addFeed, countOf, entryOf, forgetArticles, later, NOW, rowsOnDisk } from './entries.ts';

const opened = { sql: undefined as unknown as Sql, close: async () => {} };
before(async () => void Object.assign(opened, await openTestSql()));
after(() => opened.close());
beforeEach(() => forgetArticles(opened.sql));

const URL_FORMS = [
  (n: number) => `https://example.com/${n}`,
  (n: number) => `http://www.example.com/${n}/`,
  (n: number) => `https://m.example.com/${n}?utm_source=rss#top`,
];

/** An article as one feed words it at one time. */
const said = fc.record({
  article: fc.nat(3),
  form: fc.nat(2),
  hasGuid: fc.boolean(),
  revision: fc.nat(2),
});
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;

function entryIn(feed: number, { article, form, hasGuid, revision }: Said): Entry {
  return entryOf({
    guid: hasGuid ? `${feed}-${article}` : null,
    url: URL_FORMS[form]?.(article) ?? null,
    title: `${['Parliament votes', 'Rain at noon', 'Toyoda wins again', 'Exports fell'][article]}${revision ? ` (UPDATE ${revision})` : ''} ${'*'.repeat(feed)}`,
    publishedAt: later(-60 + revision),
  });
}

describe('any order of polls of two feeds', () => {
  it('leaves one row for each real article, and a second round writes nothing', async () => {
    const poll = fc.record({ feed: fc.nat(1), document: fc.array(said, { maxLength: 5 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(poll, { minLength: 1, maxLength: 5 }), async (polls) => {
        await forgetArticles(opened.sql);
        const feeds = [
          await addFeed(opened.sql, 'https://example.com/0.rss', ['politics']),
          await addFeed(opened.sql, 'https://example.com/1.rss', ['world']),
        ];
        const documents: Entry[][] = [[], []];
        const seen = new Set<number>();
        const save = (feed: number, minutes: number) =>
          saveArticles(opened.sql, feeds[feed] as CarryingFeed, documents[feed] ?? [], later(minutes));
        for (const [minute, { feed, document }] of polls.entries()) {
          documents[feed] = document.map((one) => entryIn(feed, one));
          for (const { article } of document) seen.add(article);
          await save(feed, minute);
        }
        await save(0, 10);
        await save(1, 10);
        assert.equal(await countOf(opened.sql, 'articles'), seen.size);
        const rows = await rowsOnDisk(opened.sql);
        for (const feed of [1, 0]) {
          const { inserted, updated } = await save(feed, 20);
          assert.deepEqual({ inserted, updated }, { inserted: 0, updated: 0 });
        }
        assert.deepEqual(await rowsOnDisk(opened.sql), rows);
      }),
      { numRuns: 15 },
    );
  });
});

describe('polls at the same time', { skip: skipWithoutPostgres }, () => {
  const NUMBERS = Array.from({ length: 40 }, (_, n) => n);

  function documentOf(feed: number, numbers: readonly number[], title = 'Title') {
    return numbers.map((n) =>
      entryOf({ guid: `${feed}-${n}`, url: `https://example.com/${n}`, title: `${title} ${n} of ${feed}` }),
    );
  }

  function pollInTransaction(feed: CarryingFeed, entries: Entry[], minutes: number): Promise<SavedArticles> {
    return opened.sql.transaction((sql) => saveArticles(sql, feed, entries, later(minutes)));
  }

  it('make one article of what all feeds bring first, in whatever order, without deadlock', async () => {
    const feeds = [];
    for (const n of [0, 1, 2, 3])
      feeds.push(await addFeed(opened.sql, `https://example.com/${n}.rss`, ['all', `c${n}`]));
    const earlier = await addFeed(opened.sql, 'https://example.com/earlier.rss', ['all']);
    for (let round = 0; round < 15; round += 1) {
      await opened.sql.query('delete from articles');
      // Some are known already, so that keys are added to known and to new articles at once.
      const known = NUMBERS.filter((n) => n % 3 < round % 3);
      await saveArticles(opened.sql, earlier, documentOf(9, known), NOW);
      const documents = feeds.map((_, n) => documentOf(n, n % 2 === 0 ? NUMBERS : NUMBERS.toReversed()));
      const saved: SavedArticles[] = await Promise.all(
        feeds.map((feed, n) => pollInTransaction(feed, documents[n] ?? [], 0)),
      );
      assert.equal(
        saved.reduce((sum, { inserted }) => sum + inserted, 0),
        NUMBERS.length - known.length,
      );
      assert.equal(await countOf(opened.sql, 'articles'), NUMBERS.length);
      assert.equal(await countOf(opened.sql, 'sources'), NUMBERS.length * feeds.length + known.length);
      assert.equal(await countOf(opened.sql, 'article_categories'), NUMBERS.length * (feeds.length + 1));
      const rows = await rowsOnDisk(opened.sql);
      await Promise.all(feeds.map((feed, n) => pollInTransaction(feed, documents[n] ?? [], 5)));
      assert.deepEqual(await rowsOnDisk(opened.sql), rows);
    }
  });

  it('of one feed leave what a single one leaves, new or updated', async () => {
    const feed = await addFeed(opened.sql, 'https://example.com/0.rss', ['all']);
    for (const [minutes, title] of ['First', 'Second', 'Third'].entries()) {
      const document = documentOf(0, NUMBERS, title);
      await Promise.all([1, 2, 3].map(() => pollInTransaction(feed, document, minutes)));
      const { rows } = await opened.sql.query('select distinct revision from articles');
      assert.deepEqual(rows, [{ revision: minutes + 1 }]);
      assert.equal(await countOf(opened.sql, 'articles'), NUMBERS.length);
      assert.equal(await countOf(opened.sql, 'article_revisions'), NUMBERS.length * minutes);
    }
  });

  it('of which one updates what the other is just storing, lose no update', async () => {
    const feed = await addFeed(opened.sql, 'https://example.com/0.rss');
    const stored = signal();
    const held = signal();
    const first = opened.sql.transaction(async (sql) => {
      await saveArticles(sql, feed, documentOf(0, [1], 'Old'), NOW);
      stored.give();
      await held.given;
    });
    await stored.given;
    const second = pollInTransaction(feed, documentOf(0, [1], 'New'), 1);
    await untilSomeoneWaits(opened.sql);
    held.give();
    await first;
    assert.equal((await second).updated, 1);
  });

  it('and changes of the feeds’ categories leave each article in those of all that carry it', async () => {
    const url = (n: number) => `https://example.com/${n}.rss`;
    const feeds = [];
    for (const n of [0, 1, 2]) feeds.push(await addFeed(opened.sql, url(n), ['all']));
    for (let round = 0; round < 12; round += 1) {
      // Some categories are new to all of those who want them at the same time.
      const [one, other] = [`Round ${round % 5}`, `Round ${(round + 1) % 5}`];
      const asked = [0, 1, 2].map((n) => ({ url: url(n), categories: n === 1 ? [other, one] : [other] }));
      const numbers = NUMBERS.slice(round, round + 20);
      await Promise.all([
        ...feeds.map((feed, n) => pollInTransaction(feed, documentOf(n, numbers.slice(n)), round)),
        ...feeds.slice(0, 2).map(({ id }) => changeFeed(opened.sql, id, { categories: [one, other] }, NOW)),
        importFeeds(opened.sql, asked, NOW),
        importFeeds(opened.sql, asked.toReversed(), NOW),
      ]);
      const { rows } = await opened.sql.query(
        `select id from articles where
           array(select category from article_categories where article_id = id order by 1) <> array(
             select distinct category from sources join feed_categories using (feed_id) where article_id = id order by 1
           )`,
      );
      assert.deepEqual(rows, [], `round ${round}`);
    }
  });

  it('and a clean-up do not meet', async () => {
    const feed = await addFeed(opened.sql, 'https://example.com/0.rss');
    const old = documentOf(0, NUMBERS).map((entry) => ({ ...entry, publishedAt: later(-9999) }));
    await saveArticles(opened.sql, feed, old, NOW);
    for (let round = 1; round < 10; round += 1) {
      // All but the first are dropped; then they come back while they are being removed. What was removed stays away.
      await opened.sql.query('delete from removed_keys');
      await saveArticles(opened.sql, feed, old, later(round * 1000 - 500));
      await saveArticles(opened.sql, feed, old.slice(0, 1), later(round * 1000));
      await Promise.all([
        removeOldArticles(opened.sql, NOW, 1000, NOW),
        pollInTransaction(feed, old, round * 1000 + 500),
      ]);
      const left = await countOf(opened.sql, 'articles');
      assert.ok(left === NUMBERS.length || left === 1, String(left));
      assert.equal(await countOf(opened.sql, 'sources'), left);
      await opened.sql.query('delete from articles');
    }
  });
});

function signal(): { readonly given: Promise<void>; give(): void } {
  let give = () => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}

async function untilSomeoneWaits(sql: Sql): Promise<void> {
  for (;;) {
    const { rows } = await sql.query<{ waiting: number }>(
      `select count(*) as waiting from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if ((rows[0]?.waiting ?? 0) > 0) return;
  }
}
