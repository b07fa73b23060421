import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { DAY, MINUTE } from '../../src/clock.ts';
import { type ArticleId, type CategorySlug, newArticleId, shardOf } from '../../src/ids.ts';
import { archiveCounts, removeOldBatches } from '../../src/views/archive.ts';
import { readCounts } from '../../src/views/counts.ts';
import { keysOf } from '../../src/views/keys.ts';
import { type Read, recordReads } from '../../src/views/record.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { CutOff, cutEngines } from './cut.ts';

const NOW = new Date('2026-03-01T10:07:00Z');
const WORLD = 'world' as CategorySlug;
const articles = Array.from({ length: 60 }, (_, i) => newArticleId(new Date('2026-02-01'), i));

let database: Awaited<ReturnType<typeof openTestSql>>;
let server: Awaited<ReturnType<typeof openTestRedis>>;

before(async () => {
  [database, server] = await Promise.all([openTestSql(), openTestRedis()]);
  await database.sql.script("insert into categories (slug, name) values ('world', 'World')");
  await database.sql.query(
    `insert into articles (id, title, published_at, published_from, first_seen_at, updated_at, content_hash)
     select id, id, now(), 'feed', now(), now(), '' from unnest($1::text[]) as id`,
    [articles],
  );
  await database.sql.script("insert into article_categories select id, 'world' from articles");
});
after(async () => {
  await Promise.all([database.close(), server.close()]);
});
beforeEach(async () => {
  await server.redis.flushdb();
  await database.sql.script('truncate read_counts, archive_batches');
});

async function readAll(now: Date, times: number): Promise<void> {
  for (const article of articles) {
    const read = (): Read => ({
      ...{ article, categories: [WORLD], at: now, isTimeNamed: false, isBox: false },
      ...{ visitor: randomBytes(8).readBigInt64BE().toString(), visitorBefore: undefined },
    });
    await recordReads(server.redis, shardOf(article), now, Array.from({ length: times }, read));
  }
}

async function inDatabase(): Promise<Record<string, number>> {
  const { rows } = await database.sql.query<{ article_id: string; reads: number }>(
    'select article_id, sum(reads)::int as reads from read_counts group by 1',
  );
  return Object.fromEntries(rows.map((row) => [row.article_id, row.reads]));
}

const each = (reads: number): Record<string, number> => Object.fromEntries(articles.map((id) => [id, reads]));

const inRedis = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    await Promise.all(articles.map(async (id) => [id, (await readCounts(server.redis, id, [WORLD]))['24h']] as const)),
  );

test('a shard that is not restored keeps its counts to itself', async () => {
  const { sql } = database;
  await readAll(NOW, 1);
  assert.equal(await archiveCounts(sql, server.redis, NOW), 0);
  await restoreCounts(sql, server.redis, NOW);
  assert.equal(await archiveCounts(sql, server.redis, NOW), articles.length);
  assert.deepEqual(await inDatabase(), each(1));
});

test('archivers, restorers and collectors that race count everything once', async () => {
  const { sql } = database;
  const { redis } = server;
  const runs = Array.from({ length: 4 }, async () => {
    await readAll(NOW, 2);
    await restoreCounts(sql, redis, NOW);
    await Promise.all([archiveCounts(sql, redis, NOW), archiveCounts(sql, redis, NOW), readAll(NOW, 1)]);
  });
  await Promise.all(runs);
  await archiveCounts(sql, redis, NOW);
  assert.deepEqual(await inDatabase(), each(12));

  await redis.flushdb();
  await Promise.all([
    restoreCounts(sql, redis, NOW),
    readAll(NOW, 3),
    restoreCounts(sql, redis, NOW),
    archiveCounts(sql, redis, NOW),
    restoreCounts(sql, redis, NOW),
  ]);
  await restoreCounts(sql, redis, NOW);
  assert.deepEqual(await inRedis(), each(15));
  await archiveCounts(sql, redis, NOW);
  assert.deepEqual(await inDatabase(), each(15));
});

test('a batch that died after its commit is not written again', async () => {
  const { sql } = database;
  const { redis } = server;
  await restoreCounts(sql, redis, NOW);
  await readAll(NOW, 1);
  const committed = async () => (await sql.query('select from archive_batches')).count > 0;
  for (let step = 0; !(await committed()); step++) {
    const dying = cutEngines(redis, sql, { step, when: 'after' });
    await assert.rejects(archiveCounts(dying.sql, dying.redis, NOW), CutOff);
  }
  assert.deepEqual(await inDatabase(), each(1), 'the commit stands');
  await readAll(NOW, 1);
  await archiveCounts(sql, redis, NOW);
  assert.deepEqual(await inDatabase(), each(2));
});

test('a batch whose Redis was emptied before its commit is given up, so that a restore misses nothing of it', async () => {
  const { sql } = database;
  const { redis } = server;
  await restoreCounts(sql, redis, NOW);
  await readAll(NOW, 1);
  const emptied = new Proxy(sql, {
    get: (target, name) =>
      name !== 'transaction'
        ? Reflect.get(target, name)
        : async (work: Parameters<typeof sql.transaction>[0]) => {
            await redis.flushdb();
            return await target.transaction(work);
          },
  });
  assert.equal(await archiveCounts(emptied, redis, NOW), 0);
  await restoreCounts(sql, redis, NOW);
  assert.deepEqual(await inDatabase(), await withoutZeros(inRedis()));
});

const withoutZeros = async (counts: Promise<Record<string, number>>): Promise<Record<string, number>> =>
  Object.fromEntries(Object.entries(await counts).filter(([, reads]) => reads > 0));

test('a restore that dies half-way is finished by the next, article by article', async () => {
  const { sql } = database;
  const { redis } = server;
  await restoreCounts(sql, redis, NOW);
  await readAll(NOW, 2);
  await archiveCounts(sql, redis, NOW);
  await redis.flushdb();
  for (const step of [17, 20, 22, 24]) {
    const dying = cutEngines(redis, sql, { step, when: step % 2 === 0 ? 'after' : 'before' });
    await assert.rejects(restoreCounts(dying.sql, dying.redis, NOW), CutOff);
  }
  const added = await restoreCounts(sql, redis, NOW);
  assert.ok(added > 0 && added < articles.length, `${added} of ${articles.length} were left`);
  assert.deepEqual(await inRedis(), each(2));
  assert.equal(await restoreCounts(sql, redis, NOW), 0);
});

test('old hours are restored into the long windows only, and withdrawn articles not at all', async () => {
  const { sql } = database;
  const [old, gone] = [articles[0], '0000000gone0'] as [ArticleId, ArticleId];
  await sql.query('insert into read_counts select $1::timestamptz, unnest($2::text[]), 5', [
    new Date(NOW.getTime() - 3 * DAY),
    [old, gone],
  ]);
  await restoreCounts(sql, server.redis, NOW);
  assert.deepEqual(await readCounts(server.redis, old, [WORLD]), { '1h': 0, '24h': 0, '7d': 5, '30d': 5 });
  const { tag } = keysOf(shardOf(gone));
  assert.equal(await server.redis.zscore(`${tag}:w30d:world`, gone), null);
});

test('batch ids are forgotten once nothing can find the batch again', async () => {
  const { sql } = database;
  await restoreCounts(sql, server.redis, NOW);
  await readAll(NOW, 1);
  await archiveCounts(sql, server.redis, NOW);
  assert.equal(await removeOldBatches(sql, NOW), 0);
  assert.ok((await removeOldBatches(sql, new Date(NOW.getTime() + MINUTE))) > 0);
});
