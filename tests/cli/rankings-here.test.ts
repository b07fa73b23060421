import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import { Command } from 'commander';
import { loadSettings } from '../../config/load.ts';
import { readClosedHere } from '../../src/cli/closed-here.ts';
import { explainHere } from '../../src/cli/explain-here.ts';
import { addRankings } from '../../src/cli/rankings.ts';
import { backtestHere } from '../../src/cli/rankings-backtest.ts';
import { HOUR } from '../../src/clock.ts';
import { sqlOnPglite } from '../../src/engines/pglite.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { CodedError } from '../../src/errors.ts';
import type { CategorySlug } from '../../src/ids.ts';
import { openRankings } from '../../src/ranking/build.ts';
import { closePeriods } from '../../src/ranking/closed.ts';
import type { ListKey } from '../../src/ranking/list.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import { insertArticles, insertCategories, testArticle } from '../ranking/counts.ts';
import { fillDataFolder, openEmbeddedRedis } from '../support/engines.ts';
import { emptyFolder } from '../support/folders.ts';
import { eventually, startProduct } from '../support/product.ts';
import { fakeTerminal } from './fake-terminal.ts';

const now = new Date();
const [first, second] = [1, 2].map((hours) =>
  testArticle(new Date(now.getTime() - (30 + hours) * HOUR), 'politics'),
) as [ReturnType<typeof testArticle>, ReturnType<typeof testArticle>];
const KEY: ListKey = { kind: 'access', scope: 'politics' as CategorySlug, window: '24h' };
/** Whole hours, so that lists of hours hold each of them whatever the time is. */
const hourAgo = (hours: number) => new Date(Math.floor(now.getTime() / HOUR - hours) * HOUR);

async function fill(sql: Sql): Promise<void> {
  await insertCategories(sql, { politics: 'Politics' });
  await insertArticles(sql, [first, second]);
  for (const [hours, article, reads] of [
    [5, first, 8],
    [5, second, 3],
    [3, second, 1],
  ] as const) {
    await sql.query('insert into read_counts (slot, article_id, reads) values ($1, $2, $3)', [
      hourAgo(hours),
      article.id,
      reads,
    ]);
  }
  const { redis, close } = await openEmbeddedRedis();
  await restoreCounts(sql, redis, now);
  await openRankings({ sql, redis, siteName: 'JN' }).tick(now);
  await close();
  await closePeriods(sql, { siteName: 'JN', zone: 'Asia/Tokyo' }, now);
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof CodedError ? error.code : error),
  );

test('the verbs of rankings work on a folder that nobody has, and through the newsrank that has it', async (t) => {
  const folder = await emptyFolder(t);
  await fillDataFolder(join(folder, 'postgres'));
  const database = await PGlite.create({ dataDir: join(folder, 'postgres') });
  await fill(sqlOnPglite(database));
  await database.close();
  const settings = loadSettings({ DATA_DIR: folder });

  const explained = async () => {
    const { place, rank, next, reads, article } = await explainHere(settings, KEY, second.id);
    return { place, rank, next, reads, id: article.id };
  };
  const closed = () =>
    readClosedHere(settings, { period: 'hour', start: hourAgo(5).toISOString(), scope: 'site', limit: 1 });
  const unknown = { period: 'hour', start: hourAgo(300).toISOString(), scope: 'site', limit: 1 } as const;
  const replayed = () => backtestHere(settings, { from: hourAgo(5), to: hourAgo(1), halfLives: [2] });
  const all = async () => {
    const { items, ...backtest } = await replayed();
    const codes = [
      await codeOf(readClosedHere(settings, unknown)),
      await codeOf(explainHere(settings, KEY, testArticle(now, 'politics').id)),
    ];
    return { explained: await explained(), closed: await closed(), backtest, items, codes };
  };

  const alone = await all();
  assert.deepEqual([alone.explained.place, alone.explained.rank, alone.explained.id], ['listed', 2, second.id]);
  assert.equal(alone.explained.reads['24h'], 4);
  const needed = second.id > first.id ? 4 : 5;
  assert.deepEqual([alone.explained.next?.reads, alone.explained.next?.passes?.id], [needed, first.id]);
  const { items, window } = alone.closed;
  assert.deepEqual(
    [items.map(({ article, reads }) => [article.id, reads]), window.final],
    [[[first.id, 8]], true],
    'cut to the limit',
  );
  assert.deepEqual([alone.backtest.hours, alone.backtest.reads], [4, 12]);
  assert.ok(alone.items.some(({ list, setting }) => list === 'popular' && setting === '2h'));
  assert.deepEqual(alone.codes, ['list-unknown', 'article-unknown']);

  const product = await startProduct(t, { DATA_DIR: folder, ROLES: 'counter,ranker,api' });
  await eventually('the counts are restored', async () => (await explained()).reads['24h'] === 4);
  assert.deepEqual(await all(), alone);
  // What a newsrank that was killed left behind is no way in, and the folder is free.
  await product.kill();
  assert.deepEqual(await explained(), alone.explained);
});

test('where nothing was ever read the list is empty, and what is asked for wrongly is refused', async (t) => {
  const folder = await emptyFolder(t);
  await fillDataFolder(join(folder, 'postgres'));
  const rankings = async (...args: string[]) => {
    const terminal = fakeTerminal({ DATA_DIR: folder });
    const program = new Command('newsrank').exitOverride();
    addRankings(program, terminal);
    const code = await codeOf(program.parseAsync(['rankings', ...args], { from: 'user' }));
    return { code, text: terminal.printed.join('\n') };
  };
  assert.match((await rankings()).text, /^JN ACCESS RANKING, .*\nNobody has read anything yet\.$/);
  const { asOf, items } = JSON.parse((await rankings('--json', '--at', '2026-01-31')).text);
  assert.deepEqual([asOf, items], ['2026-01-31T00:00:00.000Z', []]);
  assert.equal((await rankings('--category', 'Politics')).code, 'category-unknown');
  // Neither a day that is none nor a time of nobody's zone.
  for (const at of ['2026-02-30', '2026-01-31T09:00', 'Jan 31 2026']) {
    assert.equal((await rankings('--at', at)).code, 'usage-invalid', at);
  }
});
