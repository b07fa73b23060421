import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { MINUTE } from '../../../src/clock.ts';
import type { Sql } from '../../../src/engines/sql.ts';
import type { ImportLedger } from '../../../src/views/import/ledger.ts';
import { insertCategories, type TestArticle } from '../../ranking/counts.ts';
import { openTestSql } from '../../support/engines.ts';
import {
  BOT,
  BROWSER,
  combined,
  expectedReads,
  importText,
  ledgerOn,
  logOf,
  pathOf,
  SITE,
  storeArticles,
  storedReads,
  type TestView,
} from './logs.ts';

const NOW = new Date('2026-11-26T03:00:00Z');
const START = new Date('2026-11-25T00:00:00Z');
const at = (minutes: number) => new Date(START.getTime() + minutes * MINUTE);

let sql: Sql;
let close: () => Promise<void>;
let ledger: ImportLedger;
let articles: TestArticle[];

before(async () => {
  ({ sql, close } = await openTestSql());
  await insertCategories(sql, { politics: 'Politics' });
  articles = await storeArticles(sql, START, 4, 'politics');
  ledger = ledgerOn(sql, NOW);
});
after(() => close());
beforeEach(() => sql.script('truncate read_counts, view_imports, count_changes'));

const path = (article: number): string => pathOf(articles[article] as TestArticle);

/** Views of a few visitors, so dense that many are repetitions. */
const someViews = fc
  .array(fc.tuple(fc.nat(3), fc.nat(4), fc.nat(900), fc.nat(20)), { minLength: 1, maxLength: 120 })
  .map((raw) =>
    raw
      .sort((a, b) => a[2] - b[2])
      .map(([visitor, article, minutes, rare]): TestView => {
        const view = {
          at: at(minutes),
          path: article === 4 ? '/nothing' : path(article),
          address: `203.0.113.${visitor}`,
        };
        return rare === 0 ? { ...view, agent: BOT } : view;
      }),
  );

test('an import counts what would have been counted, whenever it is killed, and a second one nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      someViews,
      fc.array(fc.tuple(fc.nat(6), fc.boolean()), { maxLength: 4 }),
      async (views, deaths) => {
        await sql.script('truncate read_counts, view_imports, count_changes');
        const log = logOf(views);
        const isPiped = deaths.length % 2 === 1;
        for (const [commits, isAfter] of deaths) {
          await importText(dying(ledger, commits, isAfter), log, NOW, { chunk: 700, isPiped }).catch((error) => {
            assert.equal(error.message, 'killed');
          });
        }
        await importText(ledger, log, NOW, { chunk: 1500, isPiped });
        assert.deepEqual(await storedReads(sql), expectedReads(views, articles));
        const again = await importText(ledger, log, NOW);
        assert.deepEqual(await storedReads(sql), expectedReads(views, articles));
        const isKnown = Object.keys(expectedReads(views, articles)).length > 0;
        if (isKnown)
          assert.deepEqual(again, { lines: views.length, reads: 0, refused: { 'counted-before': views.length } });
      },
    ),
    { numRuns: 25 },
  );
});

/** Dies before or after its next commit but so many. */
function dying(from: ImportLedger, commits: number, isAfter: boolean): ImportLedger {
  let left = commits;
  return {
    ...from,
    async commit(batch) {
      if (left-- > 0) return from.commit(batch);
      if (isAfter) await from.commit(batch);
      throw new Error('killed');
    },
  };
}

test('a log that has grown, was renamed or packed counts what is new, with a half-written line when it is whole', async () => {
  const views = Array.from({ length: 40 }, (_, i) => ({
    at: at(i * 7),
    path: path(i % 3),
    address: `203.0.113.${i % 5}`,
  }));
  const log = logOf(views);
  const cut = log.indexOf('\n', 1000) + 90;
  const first = await importText(ledger, log.slice(0, cut), NOW, { chunk: 300 });
  assert.equal(first.refused.invalid, undefined);
  await importText(ledger, log.slice(0, -1), NOW, { name: 'access.log.1', isPiped: true });
  await importText(ledger, gzipSync(log), NOW, { name: 'access.log.2.gz' });
  assert.deepEqual(await storedReads(sql), expectedReads(views, articles));
  const { rows } = await sql.query('select name, position, reads from view_imports');
  assert.equal(rows.length, 1);
  assert.deepEqual(rows[0], {
    name: 'access.log.2.gz',
    position: log.length,
    reads: sum(expectedReads(views, articles)),
  });
});

const sum = (reads: Record<string, number>): number => Object.values(reads).reduce((total, count) => total + count, 0);

test('a log that begins like another and goes on differently is its own; piped in, it is refused', async () => {
  const views = [0, 70, 140].map((minutes) => ({ at: at(minutes), path: path(0), address: '203.0.113.1' }));
  const others = views.map((view, i) => (i === 0 ? view : { ...view, address: '203.0.113.2' }));
  await importText(ledger, logOf(views), NOW);
  await assert.rejects(importText(ledger, logOf(others), NOW, { isPiped: true }), { code: 'log-unreadable' });
  assert.equal((await importText(ledger, logOf(others), NOW)).reads, 3);
  // Shorter than what is known, it is no continuation either; with the source known, its times tell that it is old.
  assert.equal((await importText(ledger, logOf(views.slice(0, 2)), NOW, { isPiped: false })).reads, 2);
});

test('logs of one source that overlap are not counted twice; those that follow each other wholly', async () => {
  const views = Array.from({ length: 120 }, (_, i) => ({ at: at(i), path: path(i % 4), address: `203.0.113.${i}` }));
  const part = (from: number, to: number) => importText(ledger, logOf(views.slice(from, to)), NOW, { source: 'web' });
  assert.equal((await part(40, 80)).reads, 40);
  assert.equal((await part(80, 100)).reads, 20);
  assert.deepEqual((await part(60, 120)).refused, { 'counted-before': 40 });
  // Two seconds of a log written before are of the first moment of one read earlier: these may be others.
  assert.deepEqual((await part(0, 60)).refused, { 'counted-before': 19 });
  assert.equal(sum(await storedReads(sql)), 121);
  assert.equal((await importText(ledger, logOf(views.slice(3, 9)), NOW, { source: 'web2' })).reads, 6);
});

test('hostile lines are counted as invalid and stop nothing', async () => {
  const good = (minutes: number) => ({ at: at(minutes), path: path(1), address: '203.0.113.9' });
  const lines = [
    'rubbish',
    '\0\0\0',
    `${'x'.repeat(10_000_000)}`,
    combined(good(0)),
    combined(good(10)).replace('"GET', '"GET "GET'),
    combined(good(20)).slice(0, -5),
    combined({ ...good(30), at: new Date('9999-12-31T00:00:00Z') }),
    combined({ ...good(30), at: new Date('1970-01-01T00:00:00Z') }),
    `${combined(good(61))}\r`,
    combined({ ...good(70), path: `/${'a'.repeat(60_000)}` }),
    combined({ ...good(80), path: '/\\x22%zz\\' }),
    Buffer.from('\xff\xfe\xfd', 'latin1').toString('latin1'),
    combined(good(122)).replace('203.0.113.9', '::ffff:203.0.113.9'),
  ];
  const bytes = Buffer.from(`${lines.join('\n')}\n`, 'latin1');
  const tally = await importText(ledger, bytes, NOW, { chunk: 65_536, format: 'combined' });
  assert.deepEqual(tally, { lines: 13, reads: 3, refused: { invalid: 8, 'unknown-article': 2 } });
});

test('what is written of a copy counts for its original, of a removed article for its successor, and is recounted', async () => {
  const [original, copy] = articles as [TestArticle, TestArticle];
  await sql.query('update articles set original_id = $1 where id = $2', [original.id, copy.id]);
  const views = [0, 0, 5].map((minutes, i) => ({ at: at(minutes), path: path(i % 2), address: '203.0.113.1' }));
  const tally = await importText(ledger, logOf([...views, { ...(views[0] as TestView), at: at(70) }]), NOW);
  await sql.query('update articles set original_id = null');
  assert.deepEqual([tally.reads, tally.refused], [2, { duplicate: 2 }]);
  assert.deepEqual([...new Set(Object.keys(await storedReads(sql)).map((key) => key.split(' ')[1]))], [original.id]);
  const { rows } = await sql.query('select article_id from count_changes');
  assert.deepEqual(rows, [{ article_id: original.id }]);
});

test('an article that is merged between look-up and commit is recounted, and reads of long ago are not', async () => {
  const views = [{ at: new Date(NOW.getTime() - 40 * 24 * 60 * MINUTE), path: path(2), address: '203.0.113.1' }];
  await importText(ledger, logOf(views), NOW);
  assert.deepEqual((await sql.query('select article_id from count_changes')).rows, []);
  const late: ImportLedger = {
    ...ledger,
    async commit(batch) {
      await sql.query('update articles set original_id = $1 where id = $2', [articles[0]?.id, articles[3]?.id]);
      return ledger.commit(batch);
    },
  };
  const old = { ...(views[0] as TestView), path: path(3) };
  await importText(late, logOf([old]), NOW);
  await sql.query('update articles set original_id = null');
  assert.deepEqual((await sql.query('select article_id from count_changes')).rows, [{ article_id: articles[3]?.id }]);
});

test('two imports of one log, or of one source, do not both count', async () => {
  const views = Array.from({ length: 20 }, (_, i) => ({ at: at(i * 70), path: path(0), address: '203.0.113.1' }));
  let isMeddling = false;
  const meddling: ImportLedger = {
    ...ledger,
    async commit(batch) {
      if (!isMeddling) {
        isMeddling = true;
        await importText(ledger, logOf(views), NOW, { source: 'web' });
      }
      return ledger.commit(batch);
    },
  };
  await assert.rejects(importText(meddling, logOf(views), NOW, { chunk: 900 }), { code: 'import-running' });
  isMeddling = false;
  const others = views.map((view) => ({ ...view, address: '203.0.113.2' }));
  await sql.script('truncate read_counts, view_imports');
  await assert.rejects(importText(meddling, logOf(others), NOW, { source: 'web' }), { code: 'import-running' });
  assert.equal(sum(await storedReads(sql)), 20);
});

test('only the wished times are counted; what brought no read is read again; paths need a site', async () => {
  const views = Array.from({ length: 10 }, (_, i) => ({ at: at(i), path: path(0), address: `203.0.113.${i}` }));
  const log = logOf(views);
  const none = await importText(ledger, log, NOW, { site: 'https://other.example' });
  assert.deepEqual(none.refused, { 'unknown-article': 10 });
  await assert.rejects(importText(ledger, log, NOW, { site: undefined }), { code: 'usage-invalid', message: /--site/ });
  const some = await importText(ledger, log, NOW, { since: at(2), until: at(6) });
  assert.deepEqual([some.reads, some.refused], [4, { 'out-of-range': 6 }]);
});

test('JSON Lines and CSV are counted like access logs', async () => {
  const json = [0, 3, 70].map((minutes) =>
    JSON.stringify({ article: articles[0]?.id, at: at(minutes), visitor: 'a', ref: 'box' }),
  );
  assert.deepEqual((await importText(ledger, json.join('\n'), NOW)).refused, { duplicate: 1 });
  const { rows } = await sql.query(`select sum(box_reads)::int as box from read_counts where class = 'import'`);
  assert.deepEqual(rows, [{ box: 2 }]);
  const csv = [0, 3].map((minutes) => `${at(minutes).toISOString()},"${SITE}${path(1)}?utm_source=x",,"${BOT}"`);
  const heading = 'at,url,address,userAgent';
  const tally = await importText(ledger, [heading, ...csv, csv[0]?.replace(BOT, BROWSER)].join('\r\n'), NOW);
  assert.deepEqual([tally.reads, tally.refused], [1, { bot: 2 }]);
});
