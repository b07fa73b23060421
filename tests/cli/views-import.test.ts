import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Command, CommanderError } from 'commander';
import type { Redis } from 'ioredis';
import { listen } from '../../src/api/port.ts';
import { ledgerOnApi, type WithImports } from '../../src/cli/import-ledger.ts';
import { addViewsImport } from '../../src/cli/views-import.ts';
import { DAY, HOUR, MINUTE, systemClock } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { type CategorySlug, shardOf } from '../../src/ids.ts';
import type { Snapshot } from '../../src/ranking/list.ts';
import { keysOf } from '../../src/views/keys.ts';
import { recountChanges } from '../../src/views/recount.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import { serverFor } from '../api/server-under-test.ts';
import { insertCategories, referenceList, type TestArticle, type TestReads } from '../ranking/counts.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { emptyFolder } from '../support/folders.ts';
import {
  BOT,
  expectedReads,
  ledgerOn,
  logOf,
  pathOf,
  SITE,
  storeArticles,
  type TestView,
} from '../views/import/logs.ts';
import { fakeTerminal } from './fake-terminal.ts';

const LOCAL_TOKEN = 'l'.repeat(64);
/** Yesterday in UTC, whatever day it is. */
const MIDNIGHT = Math.floor(systemClock().getTime() / DAY) * DAY - DAY;
const LINES = 3000;

let sql: Sql;
let redis: Redis;
let url: string;
let articles: TestArticle[];
let views: TestView[];
const closers: (() => Promise<unknown>)[] = [];
const ways: Record<string, WithImports> = {};

before(async () => {
  const [database, server] = await Promise.all([openTestSql(), openTestRedis()]);
  ({ sql } = database);
  ({ redis } = server);
  const api = await serverFor({}, { sql, localToken: LOCAL_TOKEN });
  url = await listen(api, { HOST: '127.0.0.1', PORT: 0 });
  closers.push(() => api.close(), database.close, server.close);
  ways['in the database'] = (_, work) => work(ledgerOn(sql, systemClock()));
  ways['through the API'] = (_, work) => work(ledgerOnApi({ url, token: LOCAL_TOKEN }));
  await insertCategories(sql, { politics: 'Politics', sports: 'Sports' });
  articles = [
    ...(await storeArticles(sql, new Date(MIDNIGHT - 3 * HOUR), 8, 'politics')),
    ...(await storeArticles(sql, new Date(MIDNIGHT - 2 * HOUR), 8, 'sports')),
  ];
  // Some hours before yesterday to its end; each article is read less than the one before.
  views = Array.from({ length: LINES }, (_, i) => ({
    at: new Date(MIDNIGHT - 8 * HOUR + Math.floor((i / LINES) * 32 * HOUR)),
    path: i % 5 === 4 ? '/style.css' : pathOf(articles[Math.min(i % 16, (i * 7) % 19) % 16] as TestArticle),
    address: `203.0.113.${(i >> 5) % 97}`,
    ...(i % 29 === 0 && { agent: BOT }),
  }));
});
after(async () => {
  for (const close of closers) await close();
});
beforeEach(async () => {
  await sql.script('truncate read_counts, view_imports, count_changes, recounts');
  await redis.flushdb();
  await restoreCounts(sql, redis, systemClock());
});

async function run(way: string, ...args: string[]) {
  const terminal = fakeTerminal({ SITE_TIME_ZONE: 'Asia/Tokyo' });
  const program = new Command('newsrank').exitOverride().configureOutput({ writeErr: () => {} });
  addViewsImport(program, terminal, (settings, work) => (ways[way] as WithImports)(settings, work));
  await program.parseAsync(['import', ...args], { from: 'user' });
  return { text: terminal.printed.join('\n'), shown: terminal.shown };
}

async function fileOf(t: TestContext, content: string | Buffer, name = 'access.log'): Promise<string> {
  const file = join(await emptyFolder(t), name);
  await writeFile(file, content);
  return file;
}

function readsOf(counted: readonly TestView[]): TestReads[] {
  const byId = new Map(articles.map((article) => [`${article.id}`, article]));
  return Object.entries(expectedReads(counted, articles)).map(([key, reads]) => {
    const [slot, id = ''] = key.split(' ');
    return { article: byId.get(id) as TestArticle, at: new Date((Number(slot) + 0.5) * 5 * MINUTE), reads };
  });
}

for (const way of ['in the database', 'through the API']) {
  test(`yesterday's log makes the lists of yesterday and of now, ${way}`, async (t) => {
    const file = await fileOf(t, gzipSync(logOf(views)), 'access-2026-11-23.log.gz');
    const reads = readsOf(views);
    const total = reads.reduce((sum, row) => sum + row.reads, 0);
    const { text, shown } = await run(way, file, '--site', SITE);
    assert.equal(text.split('\n')[0], `${total.toLocaleString('en')} reads in 3,000 lines.`);
    assert.match(text, /No reads: bot \d+, unknown-article \d+, duplicate [\d,]+\./);
    assert.match(shown[0] ?? '', /^\d+ %, [\d,]+ lines \([\d,]+ a second\), [\d,]+ reads, bot \d+, /);
    assert.equal(shown.at(-1), '');

    const evening = new Date(MIDNIGHT + 18 * HOUR);
    const until = reads.filter(({ at }) => at < evening);
    for (const [scope, window] of [
      ['site', '24h'],
      ['site', '1h'],
      ['politics', '24h'],
      ['sports', '7d'],
    ] as const) {
      const query = new URLSearchParams({ window, at: evening.toISOString(), limit: '50' });
      if (scope !== 'site') query.set('category', scope);
      const list = (await (await fetch(`${url}/v1/rankings/access?${query}`)).json()) as Snapshot;
      const own = list.items.filter(({ fill }) => fill === null);
      const expected = referenceList(until, scope, window, evening);
      assert.deepEqual(
        own.map(({ article: { id }, reads }) => ({ id, reads })),
        expected,
        `${scope} ${window}`,
      );
      assert.ok(expected.length > 0);
    }

    await recountChanges(sql, redis, systemClock());
    const now = systemClock();
    for (const article of articles) {
      const place = (window: '7d' | '30d') =>
        redis.zscore(keysOf(shardOf(article.id)).window(window, article.categories[0] as CategorySlug), article.id);
      const expected = referenceList(reads, 'site', '7d', now).find(({ id }) => id === article.id)?.reads;
      assert.deepEqual([Number(await place('7d')), Number(await place('30d'))], [expected, expected]);
    }

    const again = await run(way, await fileOf(t, logOf(views), 'access.log'), '--site', SITE, '--json');
    const { seconds, ...tally } = JSON.parse(again.text);
    assert.deepEqual(tally, { lines: LINES, reads: 0, refused: { 'counted-before': LINES } });
    assert.ok(seconds > 0);
  });
}

test('rotated files of one folder are one source, others are not', async (t) => {
  const overlapping = logOf(views.slice(0, 2000).map((view) => ({ ...view, address: '203.0.113.200' })));
  const folder = await emptyFolder(t);
  const importAs = async (name: string, log: string, ...args: string[]) => {
    await writeFile(join(folder, name), log);
    const { text } = await run('in the database', join(folder, name), '--site', SITE, '--json', ...args);
    return JSON.parse(text);
  };
  await importAs('access.log', logOf(views));
  for (const name of ['access.log.1', 'access.log-20261123']) {
    const { reads, refused } = await importAs(name, overlapping);
    assert.equal(reads, 0, name);
    assert.ok(refused['counted-before'] > 100, name);
  }
  assert.ok((await importAs('access.log.2', overlapping, '--source', 'another server')).reads > 100);
  assert.ok((await importAs('other.log', logOf(views.map((view) => ({ ...view, address: '::1' }))))).reads > 100);
});

test('wrong wishes are named', async (t) => {
  const file = await fileOf(t, logOf(views.slice(0, 10)));
  const fails = (code: string, ...args: string[]) => assert.rejects(run('in the database', ...args), { code });
  await fails('usage-invalid', file);
  await fails('usage-invalid', file, '--site', 'news.example');
  await fails('usage-invalid', file, '--site', SITE, '--since', 'then');
  await fails('log-unreadable', join(file, 'nothing'));
  await fails('log-unreadable', await emptyFolder(t));
  await fails('log-unreadable', await fileOf(t, '<html>\n'));
  await assert.rejects(run('in the database', file, '--format', 'xml'), CommanderError);
  const answers = await Promise.all(
    ['begin', 'find', 'commit'].map((step) => fetch(`${url}/v1/views/import/${step}`, { method: 'POST' })),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    [401, 401, 401],
  );
});
