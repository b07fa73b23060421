import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { saveArticles } from '../src/articles/save.ts';
import { shardOf } from '../src/ids.ts';
import { migrate } from '../src/schema/migrate.ts';
import { keysOf } from '../src/views/keys.ts';
import { addFeed, entryOf } from './articles/entries.ts';
import { databaseUrl, openDatabase, openTestRedis, skipWithoutPostgres, skipWithoutRedis } from './support/engines.ts';
import { emptyFolder } from './support/folders.ts';
import { eventually, startProduct } from './support/product.ts';

const TOKEN = 'a-token-of-this-test-no-secret-at-all';
const SHIM = new URL('../chaos/clock-shim.mjs', import.meta.url).href;
const HOUR = 3_600_000;

test('an API whose clock is hours off counts reads as the others do', {
  skip: skipWithoutPostgres || skipWithoutRedis,
}, async (t) => {
  const [database, redis] = await Promise.all([openDatabase(String(databaseUrl), migrate), openTestRedis()]);
  t.after(async () => {
    await Promise.all([database.close(), redis.close()]);
  });
  const { sql } = database;
  const feed = await addFeed(sql, 'https://example.com/feed', ['news']);
  const entries = ['right', 'ahead', 'behind'].map((guid) => entryOf({ guid, title: `What is ${guid}` }));
  const { insertedIds } = await saveArticles(sql, feed, entries, new Date());
  const environment = {
    ...{ DATABASE_URL: database.url, REDIS_URL: redis.url, INGEST_TOKEN: TOKEN },
    ...{ ARCHIVE_INTERVAL: '100ms', FEEDS_FILE: 'bench/no-feeds.opml' },
  };
  const file = join(await emptyFolder(t), 'clock');
  writeFileSync(file, String(2 * HOUR));
  const shim = { NODE_OPTIONS: `--import ${SHIM}`, CLOCK_FILE: file };
  const right = await startProduct(t, environment, ['start', '--roles', 'api,counter']);
  const wrong = await startProduct(t, { ...environment, ...shim }, ['start', '--roles', 'api']);

  const startedAt = Date.now();
  const view = async (url: string, article: string | undefined) => {
    const answer = await fetch(`${url}/v1/views`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ article, visitor: 'somebody' }),
    });
    assert.deepEqual(await answer.json(), { accepted: 1, dropped: {} });
  };
  await view(right.url, insertedIds[0]);
  await view(wrong.url, insertedIds[1]);
  writeFileSync(file, String(-5 * HOUR));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await view(wrong.url, insertedIds[2]);

  const rows = await eventually('archived', async () => {
    const { rows } = await sql.query<{ slot: Date }>('select slot from read_counts');
    return rows.length === 3 && rows;
  });
  for (const { slot } of rows) assert.ok(Math.abs(slot.getTime() - startedAt) < HOUR / 6, slot.toISOString());
  const scores = await Promise.all(
    insertedIds.map(async (id) => {
      const key = `${keysOf(shardOf(id)).tag}:f15:news`;
      const landmark = await redis.redis.hget(`${keysOf(shardOf(id)).tag}:marks`, 'L:15');
      return Number(await redis.redis.zscore(key, id)) * 2 ** (Number(landmark) / 900 - startedAt / 900_000);
    }),
  );
  for (const score of scores) assert.ok(score > 0.9 && score < 1.1, `weighs as it should: ${scores.join(', ')}`);
});
