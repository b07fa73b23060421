/** Links of feeds and lists while PostgreSQL does not answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openServer } from '../../src/api/server.ts';
import { saveArticles } from '../../src/articles/save.ts';
import { MINUTE } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { addFeed, entryOf } from '../articles/entries.ts';
import { openTestSql } from '../support/engines.ts';
import { toolsFor } from './server-under-test.ts';

test('a link that was followed before leads on, and who follows another is told so in time', async (t) => {
  const database = await openTestSql();
  t.after(() => database.close());
  const feed = await addFeed(database.sql, 'https://news.example/feed');
  const entries = ['a', 'b'].map((name) => entryOf({ guid: name, url: `https://news.example/${name}`, title: name }));
  const saved = await saveArticles(database.sql, feed, entries, new Date());
  const [known, other] = saved.insertedIds;
  assert.ok(known && other);

  let isSilent = false;
  let now = new Date();
  const query: Sql['query'] = (...asked) => (isSilent ? new Promise(() => {}) : database.sql.query(...asked));
  const app = await openServer(toolsFor({}, { sql: { ...database.sql, query }, clock: () => now }));
  t.after(() => app.close());
  const follow = async (id: string) => {
    const { statusCode, headers } = await app.inject(`/r/${id}`);
    return [statusCode, headers.location ?? headers['retry-after']];
  };
  const url = entries[0]?.url;
  assert.deepEqual(await follow(known), [302, url]);

  isSilent = true;
  now = new Date(now.getTime() + 10 * MINUTE);
  const begun = performance.now();
  assert.deepEqual(await follow(known), [302, url]);
  assert.deepEqual(await follow(other), [503, '2']);
  assert.ok(performance.now() - begun < 10_000, 'nobody waits until the connection is given up');

  isSilent = false;
  now = new Date(now.getTime() + MINUTE);
  assert.equal((await follow(other))[0], 302);
});
