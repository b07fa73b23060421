import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import type { Sql } from '../../src/engines/sql.ts';
import type { ArticleId } from '../../src/ids.ts';
import { closePeriods } from '../../src/ranking/closed.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { fillSite } from './filled-site.ts';
import { NOW } from './newsroom.ts';
import { boxIn, openPages } from './serve.ts';

let sql: Sql;
let redis: Redis;
let app: FastifyInstance;
let ids: ArticleId[];
const closers: (() => Promise<unknown>)[] = [];

const bodyOf = async (url: string) => (await app.inject({ url, headers: { accept: 'text/html' } })).body;
const momentIn = (html: string) => /<nav class="moment"[\s\S]*?<\/nav>/.exec(html)?.[0] ?? '';
const linkIn = (html: string, rel: string) =>
  new RegExp(`rel="${rel}" href="([^"]+)"`).exec(momentIn(html))?.[1]?.replaceAll('&amp;', '&');
const shown = (html: string) =>
  [...boxIn(html, 'box-access').matchAll(/class="rank" data-article="(\w+)"/g)].map(([, id]) => id);

before(async () => {
  const [database, store] = await Promise.all([openTestSql(), openTestRedis()]);
  closers.push(database.close, store.close);
  ({ sql } = database);
  ({ redis } = store);
  ids = await fillSite(sql, redis);
  // Two articles, read in the two hours before 11:00 and 10:00 in Tokyo.
  for (const [index, slot, reads] of [
    [0, '2024-11-26T01:30:00Z', 9],
    [1, '2024-11-26T01:30:00Z', 7],
    [1, '2024-11-26T00:30:00Z', 8],
  ] as const) {
    await sql.query('insert into read_counts (article_id, slot, reads) values ($1, $2, $3)', [ids[index], slot, reads]);
  }
  await closePeriods(sql, { siteName: 'JN', zone: 'Asia/Tokyo' }, NOW);
  ({ app } = await openPages({ sql, redis }));
  closers.unshift(() => app.close());
});

after(async () => {
  for (const close of closers) await close();
});

test('a list as it stood at a time, with ways back and forward', async () => {
  const html = await bodyOf('/ranking?window=1h&at=2024-11-26T11:00');
  assert.match(momentIn(html), /11:00 JST, November 26, 2024/);
  assert.deepEqual(shown(html), [ids[0], ids[1]]);
  assert.doesNotMatch(boxIn(html, 'box-access'), /data-live/);
  assert.equal(linkIn(html, 'prev'), '/ranking?window=1h&at=2024-11-26T10:00');
  assert.equal(linkIn(html, 'next'), '/ranking?window=1h&at=2024-11-26T12:00');
  assert.deepEqual(shown(await bodyOf(linkIn(html, 'prev') ?? '')), [ids[1]]);
  const last = await bodyOf(linkIn(html, 'next') ?? '');
  assert.equal(linkIn(last, 'next'), '/ranking?window=1h');
  assert.match(momentIn(await bodyOf('/ranking?window=1h')), /Current list/);
});

test('a time that is to come, or none at all, is now', async () => {
  for (const at of ['2099-01-01T00:00', 'yesterday', '2024-02-30T00:00', '']) {
    assert.match(momentIn(await bodyOf(`/ranking?at=${at}`)), /Current list/, at);
  }
  assert.match(momentIn(await bodyOf('/ranking?at=2024-11-26T02:00:00Z')), /11:00 JST/);
});

test('finished hours lead to each other', async () => {
  const html = await bodyOf('/ranking?period=hour');
  assert.match(momentIn(html), /Final<\/span> 11:00–12:00 JST, November 26, 2024/);
  assert.match(html, /Nobody has read anything here yet\.</);
  const before = await bodyOf(linkIn(html, 'prev') ?? '');
  assert.match(momentIn(before), /10:00–11:00 JST, November 26, 2024/);
  assert.deepEqual(shown(before), [ids[0], ids[1]]);
  assert.equal(linkIn(before, 'next'), '/ranking?period=hour&start=2024-11-26T11');
});

test('a period without a list says so and leads on', async () => {
  for (const start of ['1999-01-01', 'nonsense', '2024-11-31']) {
    const html = await bodyOf(`/ranking?period=hour&start=${start}`);
    assert.match(html, /There is no list of this time/, start);
    const [, title = ''] = /<title>(.*?) \| JN<\/title>/.exec(html) ?? [];
    assert.equal(title, start === 'nonsense' ? 'JN ACCESS RANKING' : `JN ACCESS RANKING, ${start}`);
    assert.doesNotMatch(html, /moment-now|class="final"|>[^<]*nonsense/, 'neither of now nor what a link says');
    assert.equal(linkIn(html, 'prev'), '/ranking?period=hour&start=2024-11-26T11', start);
  }
  assert.match(await bodyOf('/ranking?period=month&lang=ja'), /この期間のランキングはありません/);
});
