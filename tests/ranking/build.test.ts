import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { MINUTE, SECOND } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { publishedAtOf } from '../../src/ids.ts';
import { openRankings, type Rankings } from '../../src/ranking/build.ts';
import { claimBuild, keepClaim } from '../../src/ranking/changes.ts';
import { keysOf } from '../../src/views/keys.ts';
import { eventually } from '../support/product.ts';
import { openShards } from './counts.ts';
import { later, now, openSite, type Site } from './site.ts';

const LISTS_OF_SCOPE = 6;

let site: Site;
let rankings: Rankings;

before(async () => {
  site = await openSite();
});
after(() => site.close());
beforeEach(async () => {
  await site.clear();
  rankings = openRankings({ ...site, siteName: 'JN' });
});

test('a list has the shape of the contract', async () => {
  const [article] = await site.newArticles(1, 'politics');
  assert.ok(article);
  await site.count(now, [article, 4]);
  await rankings.tick(now);
  const { version, ...snapshot } = await site.list('politics');
  assert.match(version, /^[\w-]{16}$/);
  const publishedAt = publishedAtOf(article.id).toISOString();
  assert.deepEqual(snapshot, {
    list: 'access',
    scope: 'politics',
    title: '"Politics" ACCESS RANKING',
    window: { id: '24h', from: '2026-11-25T03:00:00.000Z', to: '2026-11-26T03:00:00.000Z', final: false },
    asOf: '2026-11-26T03:00:00.000Z',
    confidence: 'thin',
    items: [
      {
        rank: 1,
        previousRank: 1,
        movement: 'same',
        peakRank: 1,
        since: '2026-11-26T03:00:00.000Z',
        reads: 4,
        fill: null,
        article: {
          id: article.id,
          title: `Title of ${article.id}`,
          url: `https://example.test/${article.id}`,
          source: 'example.test',
          publishedAt,
          updatedAt: publishedAt,
          categories: ['politics'],
          image: null,
        },
      },
    ],
  });
  const popular = await site.list('site', 'popular');
  assert.deepEqual([popular.title, popular.window, popular.items[0]?.reads], ['JN POPULAR ARTICLE', null, 4]);
});

test('every scope has all its lists, filled or empty, and uncategorised articles count for the site', async () => {
  const [article] = await site.newArticles(1);
  await site.count(now, [article, 4]);
  assert.deepEqual(await rankings.tick(now), { built: 3 * LISTS_OF_SCOPE, published: 3 * LISTS_OF_SCOPE });
  assert.equal((await site.list('site')).items[0]?.article.id, article?.id);
  assert.equal((await site.list('sports')).items[0]?.fill, 'site');
  const popular = await site.list('sports', 'popular');
  assert.deepEqual([popular.confidence, popular.items[0]?.fill, popular.items[0]?.reads], ['thin', 'site', 4]);
  assert.equal(await site.redis.exists('list:access:_:24h'), 0);
});

test('only what changed is built again, and what comes out the same keeps its version', async () => {
  const articles = await site.newArticles(6, 'politics');
  await site.count(now, ...articles.map((article) => [article, 5] as const));
  await rankings.tick(now);
  const first = await site.list('politics');
  assert.equal(first.confidence, 'ok');

  assert.deepEqual(await rankings.tick(later(5 * SECOND)), { built: 0, published: 0 });
  await site.redis.sadd(keysOf(3).dirty, 'politics');
  assert.deepEqual(await rankings.tick(later(10 * SECOND)), { built: 2 * LISTS_OF_SCOPE, published: 0 });
  assert.deepEqual(await site.list('politics'), first);

  // The whole anew after a minute: the time moves on, the version does not.
  assert.deepEqual(await rankings.tick(later(MINUTE)), { built: 3 * LISTS_OF_SCOPE, published: 0 });
  const minuteLater = await site.list('politics');
  assert.equal(minuteLater.version, first.version);
  assert.equal(minuteLater.asOf, later(MINUTE).toISOString());

  await site.count(later(MINUTE), [articles[0], 1]);
  const { published } = await rankings.tick(later(MINUTE + SECOND));
  // All but the two rising lists, which are empty as before.
  assert.equal(published, 2 * (LISTS_OF_SCOPE - 1));
  assert.notEqual((await site.list('politics')).version, first.version);
});

test('what nobody noted is taken over within a minute; a removed article leaves no hole', async () => {
  const [kept, gone] = await site.newArticles(2, 'politics');
  await site.count(now, [kept, 4], [gone, 9]);
  await rankings.tick(now);
  await site.sql.query(`update articles set title = 'Eto Dismissed (UPDATE 2)' where id = $1`, [kept?.id]);
  await site.sql.query('delete from articles where id = $1', [gone?.id]);
  await rankings.tick(later(MINUTE));
  const { items } = await site.list('politics');
  assert.deepEqual(
    items.map(({ rank, article }) => [rank, article.title]),
    [[1, 'Eto Dismissed (UPDATE 2)']],
  );
});

test('a revised title is in its lists at the next tick, whether anything was read or not', async () => {
  const [revised, other] = await site.newArticles(2, 'politics');
  const [elsewhere] = await site.newArticles(1);
  await site.count(now, [revised, 4], [other, 9], [elsewhere, 2]);
  await rankings.tick(now);
  const revise = (id: string | undefined, title: string, at: Date) =>
    site.sql.query(
      `with kept as (
         insert into article_revisions (article_id, revision, title, summary, words_hash, replaced_at)
         select id, revision, title, summary, '', $3 from articles where id = $1
       )
       update articles set title = $2, revision = revision + 1 where id = $1`,
      [id, title, at],
    );
  const titles = async (scope: string) => (await site.list(scope)).items.map(({ article }) => article.title);
  // Stored by a poll that began before the last tick.
  await revise(revised?.id, 'Eto Dismissed (UPDATE 2)', later(-30 * SECOND));
  const { built } = await rankings.tick(later(5 * SECOND));
  assert.equal(built, 2 * LISTS_OF_SCOPE, 'those of the site and of its category');
  assert.deepEqual((await titles('politics')).slice(0, 2), [`Title of ${other?.id}`, 'Eto Dismissed (UPDATE 2)']);
  assert.equal((await titles('site'))[1], 'Eto Dismissed (UPDATE 2)');
  assert.deepEqual(await rankings.tick(later(10 * SECOND)), { built: 0, published: 0 });

  await revise(revised?.id, 'Eto Dismissed (UPDATE 3)', later(12 * SECOND));
  await revise(elsewhere?.id, 'Rain', later(13 * SECOND));
  await rankings.tick(later(15 * SECOND));
  assert.equal((await titles('politics'))[1], 'Eto Dismissed (UPDATE 3)');
  assert.ok((await titles('site')).includes('Rain'));
});

test('a list is stored at most once a minute, and its newest state within one', async () => {
  const [article] = await site.newArticles(1, 'politics');
  const stored = async () => {
    const { rows } = await site.sql.query<{ as_of: Date }>(
      `select as_of from list_snapshots where kind = 'access' and scope = 'politics' and span = '24h' order by as_of`,
    );
    return rows.map((row) => (row.as_of.getTime() - now.getTime()) / SECOND);
  };
  for (const second of [0, 20, 40]) {
    await site.count(later(second * SECOND), [article, 1]);
    await rankings.tick(later(second * SECOND));
  }
  assert.deepEqual(await stored(), [0]);
  await rankings.tick(later(60 * SECOND));
  assert.deepEqual(await stored(), [0, 40]);
  await rankings.tick(later(180 * SECOND));
  assert.deepEqual(await stored(), [0, 40]);
});

test('an empty Redis serves the last list from PostgreSQL until its counts are back', async () => {
  const [article] = await site.newArticles(1, 'politics');
  await site.count(now, [article, 4]);
  await rankings.tick(now);
  const last = await site.list('politics');
  await site.redis.flushdb();
  assert.deepEqual(await site.list('politics'), last);
  assert.deepEqual(await rankings.tick(later(SECOND)), { built: 0, published: 0, isWaiting: true });
  assert.deepEqual(await site.list('politics'), last);

  await openShards(site.redis, now);
  await site.count(now, [article, 5]);
  await rankings.tick(later(2 * SECOND));
  assert.equal(await site.redis.exists('list:access:politics:24h'), 1);
  assert.equal((await site.list('politics')).items[0]?.reads, 5);
});

test('whoever dies amid a build is waited for a few seconds only, whoever is slow for as long as he builds', async () => {
  const { redis } = site;
  const until = async () => Number(await redis.hget('list:builder', 'until'));
  assert.equal(await claimBuild(redis, 'first'), 'nobody');
  const claimed = await until();
  assert.ok(claimed - Date.now() <= 10_000, 'lists do not stand still for long');
  const stopKeeping = keepClaim(redis, 'first');
  await eventually('it is renewed', async () => (await until()) > claimed);
  assert.equal(await claimBuild(redis, 'second'), 'busy');

  stopKeeping();
  await redis.hset('list:builder', 'until', Date.now() - 1);
  assert.equal(await claimBuild(redis, 'second'), 'other');
});

test('builders in turn: each sees what the other took; two at once: one waits', async () => {
  const [a, b] = await site.newArticles(2, 'politics', 'sports');
  const other = openRankings({ ...site, siteName: 'JN' });
  await site.count(now, [a, 3]);
  await rankings.tick(now);
  await site.count(now, [b, 4]);
  await other.tick(later(SECOND));
  await site.count(now, [a, 2]);
  await rankings.tick(later(2 * SECOND));
  assert.deepEqual(
    (await site.list('site')).items.map(({ article, reads }) => [article.id, reads]),
    [
      [a?.id, 5],
      [b?.id, 4],
    ],
  );
  await site.count(now, [b, 4]);
  const results = await Promise.all([rankings, other].map((builder) => builder.tick(later(3 * SECOND))));
  assert.deepEqual(results.map(({ built }) => built > 0).sort(), [false, true]);
  assert.equal((await site.list('site')).items[0]?.reads, 8);
});

test('what a failed build had taken is built by the next one', async () => {
  const [article] = await site.newArticles(1, 'politics');
  await rankings.tick(now);
  await site.count(now, [article, 4]);
  const broken: Sql = { ...site.sql, query: () => Promise.reject(new Error('gone')) };
  const builder = openRankings({ ...site, sql: broken, siteName: 'JN' });
  await assert.rejects(builder.tick(later(SECOND)), /gone/);
  await rankings.tick(later(2 * SECOND));
  assert.equal((await site.list('politics')).items[0]?.reads, 4);
});
