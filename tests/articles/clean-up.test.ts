import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { forgetRemovedKeys, removeOldArticles } from '../../src/articles/clean-up.ts';
import { saveArticles } from '../../src/articles/save.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import { openTestSql } from '../support/engines.ts';
import { addFeed, countOf, entryOf, forgetArticles, later } from './entries.ts';

const opened = { sql: undefined as unknown as Sql, close: async () => {} };
before(async () => void Object.assign(opened, await openTestSql()));
after(() => opened.close());
beforeEach(() => forgetArticles(opened.sql));

const DAY = 1440;
const old = (name: string, more: Partial<Entry> = {}): Entry =>
  entryOf({ guid: name, url: `https://example.com/${name}`, title: name, publishedAt: later(-100 * DAY), ...more });

const remove = async (minutes: number) =>
  (await removeOldArticles(opened.sql, later(minutes - 90 * DAY), 1000, later(minutes))).removed.length;

async function titles(): Promise<string[]> {
  const { rows } = await opened.sql.query<{ title: string }>('select title from articles order by title');
  return rows.map(({ title }) => title);
}

describe('removal by age', () => {
  it('spares what the last fetch of any feed still carried', async () => {
    const feed = await addFeed(opened.sql, 'https://example.com/a.rss');
    const other = await addFeed(opened.sql, 'https://example.com/b.rss');
    await saveArticles(opened.sql, feed, [old('a'), old('b'), old('c')], later(0));
    await saveArticles(opened.sql, other, [old('b')], later(0));
    assert.equal(await remove(500), 0);
    await saveArticles(opened.sql, feed, [old('a')], later(600));
    assert.equal(await remove(700), 1);
    assert.deepEqual(await titles(), ['a', 'b']);
  });

  it('goes by the most patient feed of an article', async () => {
    const feed = await addFeed(opened.sql, 'https://example.com/a.rss');
    const patient = await addFeed(opened.sql, 'https://example.com/b.rss');
    const hasty = await addFeed(opened.sql, 'https://example.com/c.rss');
    await opened.sql.query('update feeds set keep_days = case id when $1 then 365 else 5 end where id in ($1, $2)', [
      patient.id,
      hasty.id,
    ]);
    const young = { publishedAt: later(-10 * DAY) };
    await saveArticles(opened.sql, feed, [old('a'), old('b'), old('young', young)], later(0));
    await saveArticles(opened.sql, patient, [old('b')], later(0));
    await saveArticles(opened.sql, hasty, [old('a'), old('young', young), old('hasty', young)], later(0));
    for (const one of [feed, patient, hasty]) await saveArticles(opened.sql, one, [old(`next ${one.id}`)], later(600));
    assert.equal(await remove(700), 2);
    const left = await titles();
    assert.deepEqual(
      left.filter((title) => !title.startsWith('next')),
      ['b', 'young'],
    );
  });
});

describe('who takes the place of what was removed', () => {
  it('is the oldest copy that stays, or the original', async () => {
    const feed = await addFeed(opened.sql, 'https://example.com/a.rss');
    const young = ['heir', 'late', 'other'].map((name, i) => old(name, { publishedAt: later(i) }));
    await saveArticles(opened.sql, feed, [old('original'), old('copy'), old('alone'), old('lost'), ...young], later(0));
    await saveArticles(opened.sql, feed, [old('next')], later(600));
    await opened.sql.query(
      `update articles copy set original_id = original.id from articles original
       where (original.title, copy.title) in (
         ('original', 'late'), ('original', 'heir'), ('original', 'copy'), ('other', 'lost')
       )`,
    );
    const { rows } = await opened.sql.query<{ id: string; title: string }>('select id, title from articles');
    const titleOf = (id: string) => rows.find((row) => row.id === id)?.title ?? '';
    const { removed, successors } = await removeOldArticles(opened.sql, later(-90 * DAY), 1000, later(700));
    assert.equal(removed.length, 4);
    assert.deepEqual(successors.map((one) => `${titleOf(one.removed)} → ${titleOf(one.successor)}`).sort(), [
      'copy → heir',
      'lost → other',
      'original → heir',
    ]);
    const left = await opened.sql.query<{ id: string; of: string | null }>(
      'select id, original_id as of from articles',
    );
    const copies = left.rows.filter(({ of }) => of !== null);
    assert.deepEqual(
      copies.map(({ id, of }) => `${titleOf(id)} of ${titleOf(of ?? '')}`),
      ['late of heir'],
    );
    assert.equal(await countOf(opened.sql, 'count_changes'), 6, 'the removed, and who took their places');
  });
});

describe('what was removed', () => {
  /** A feed whose article `a` was removed, and that goes on. */
  async function removed() {
    const feed = await addFeed(opened.sql, 'https://example.com/a.rss');
    await saveArticles(opened.sql, feed, [old('a')], later(0));
    await saveArticles(opened.sql, feed, [old('next')], later(600));
    assert.equal(await remove(700), 1);
    return feed;
  }

  it('does not come back, by whatever of its keys', async () => {
    const feed = await removed();
    const other = await addFeed(opened.sql, 'https://example.com/b.rss');
    const saved = await saveArticles(opened.sql, feed, [old('next'), old('a')], later(800));
    assert.deepEqual([saved.inserted, saved.unchanged], [0, 2]);
    await saveArticles(opened.sql, feed, [old('next'), old('a', { guid: 'new' })], later(900));
    await saveArticles(opened.sql, other, [old('a', { guid: 'theirs' })], later(900));
    await saveArticles(opened.sql, feed, [old('next'), old('a', { publishedAt: null })], later(1000));
    assert.deepEqual(await titles(), ['next']);
  });

  it('does not keep a new article with its guid or link away', async () => {
    const feed = await removed();
    const fresh = { title: 'Another', publishedAt: later(790) };
    await saveArticles(
      opened.sql,
      feed,
      [old('next'), old('a', { ...fresh, url: 'https://example.com/other' })],
      later(800),
    );
    assert.deepEqual(await titles(), ['Another', 'next']);
  });

  it('is forgotten when no feed has carried it for a month', async () => {
    const feed = await removed();
    const keys = await countOf(opened.sql, 'removed_keys');
    assert.ok(keys > 0);
    // Brought back by the feed, and carried in its last fetch, however long ago that is.
    await saveArticles(opened.sql, feed, [old('next'), old('a')], later(800));
    assert.equal(await forgetRemovedKeys(opened.sql, later(800 + 40 * DAY)), 0);
    await saveArticles(opened.sql, feed, [old('next'), old('x')], later(900));
    assert.equal(await forgetRemovedKeys(opened.sql, later(900 + 10 * DAY)), 0);
    assert.equal(await forgetRemovedKeys(opened.sql, later(900 + 31 * DAY)), keys);
  });
});
