import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Command } from 'commander';
import type { Redis } from 'ioredis';
import { findClosed } from '../../src/api/find-closed.ts';
import type { LocalAccess } from '../../src/api/local-access.ts';
import { listen } from '../../src/api/port.ts';
import { backtestBody } from '../../src/api/schemas/backtest.ts';
import { explanationBody } from '../../src/api/schemas/explanation.ts';
import { explainPath } from '../../src/cli/explain-here.ts';
import { addRankings, type RankingTools } from '../../src/cli/rankings.ts';
import { callApi } from '../../src/cli/through-api.ts';
import { DAY, HOUR } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { CodedError } from '../../src/errors.ts';
import { backtest } from '../../src/ranking/backtest/run.ts';
import { openRankings } from '../../src/ranking/build.ts';
import { closePeriods } from '../../src/ranking/closed.ts';
import type { ClosedSnapshot } from '../../src/ranking/closed-list.ts';
import { explainPlace } from '../../src/ranking/explain.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import { revokeViews } from '../../src/views/revoke.ts';
import { serverFor } from '../api/server-under-test.ts';
import { insertArticles, insertCategories, testArticle } from '../ranking/counts.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { fakeTerminal } from './fake-terminal.ts';

const NOW = new Date('2026-11-26T03:07:00Z');
const SITE = { siteName: 'JN', zone: 'Asia/Tokyo' };
const LOCAL_TOKEN = 'l'.repeat(64);
const [first, second] = [1, 2].map((hours) => testArticle(new Date(NOW.getTime() - 30 * HOUR - hours), 'politics')) as [
  ReturnType<typeof testArticle>,
  ReturnType<typeof testArticle>,
];
const closers: (() => Promise<unknown>)[] = [];
const ways: Record<string, RankingTools> = {};
let sql: Sql;
let redis: Redis;
let access: LocalAccess;

before(async () => {
  const [database, cache] = await Promise.all([openTestSql(), openTestRedis()]);
  ({ sql } = database);
  ({ redis } = cache);
  const server = await serverFor(
    { SITE_TIME_ZONE: SITE.zone },
    { sql, redis, localToken: LOCAL_TOKEN, clock: () => NOW },
  );
  access = { url: await listen(server, { HOST: '127.0.0.1', PORT: 0 }), token: LOCAL_TOKEN };
  closers.push(() => server.close(), database.close, cache.close);
  await fill();
  ways['on the engines'] = {
    explain: async (_, key, id) => explanationBody(await explainPlace(sql, redis, key, id, NOW)),
    readClosed: async (_, asked) => findClosed(sql, SITE, asked),
    backtest: async (_, asked) => backtestBody(await backtest(sql, asked, NOW)),
  };
  ways['through the API'] = {
    explain: async (_, key, id) => JSON.parse(await callApi(access, explainPath(key, id))),
    readClosed: async (_, { period, start, limit }) =>
      JSON.parse(await callApi(access, `/v1/rankings/closed/${period}/${start}?limit=${limit}`)),
    backtest: async (_, { from }) =>
      JSON.parse(await callApi(access, `/v1/rankings/backtest?from=${from?.toISOString()}&halfLife=1`)),
  };
});
after(async () => {
  for (const close of closers) await close();
});

/** Yesterday's reads, archived; and the lists of today. */
async function fill(): Promise<void> {
  await insertCategories(sql, { politics: 'Politics' });
  await insertArticles(sql, [first, second]);
  for (const [hours, article, reads] of [
    [26, second, 9],
    [26, first, 4],
    [2, first, 8],
    [1, second, 3],
  ] as const) {
    await sql.query('insert into read_counts (slot, article_id, reads) values ($1, $2, $3)', [
      new Date(Math.floor((NOW.getTime() - hours * HOUR) / 300_000) * 300_000),
      article.id,
      reads,
    ]);
  }
  await restoreCounts(sql, redis, NOW);
  await openRankings({ sql, redis, siteName: 'JN' }).tick(NOW);
  await closePeriods(sql, SITE, NOW);
}

async function rankings(tools: RankingTools, ...args: string[]): Promise<string> {
  const terminal = fakeTerminal();
  const program = new Command('newsrank').exitOverride().configureOutput({ writeErr: () => {} });
  addRankings(program, terminal, tools);
  await program.parseAsync(['rankings', ...args], { from: 'user' });
  return terminal.printed.join('\n');
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof CodedError ? error.code : error),
  );

for (const way of ['on the engines', 'through the API']) {
  test(`an article's place is explained, ${way}`, async () => {
    const tools = ways[way] as RankingTools;
    const text = await rankings(tools, '--category', 'Politics', '--explain', second.id);
    assert.match(text, new RegExp(`^Title of ${second.id}\n`));
    assert.match(text, /\naccess 24h of politics: listed by its reads, place 2\.\n/);
    const isNewer = second.id > first.id;
    assert.match(
      text,
      new RegExp(`To take place 1 before "Title of ${first.id}" it needs ${isNewer ? 5 : 6} more reads now`),
    );
    assert.match(text, /\nReads: 3 in 1h, 3 in 24h, 12 in 7d, 12 in 30d\n/);
    const json = JSON.parse(await rankings(tools, 'explain', second.id, '--list', 'popular', '--json'));
    assert.deepEqual([json.list, json.scope, json.place, json.article.id], ['popular', 'site', 'listed', second.id]);
    assert.deepEqual(Object.keys(json.decayed), ['popular', 'fast', 'slow']);
    assert.equal(await codeOf(rankings(tools, '--explain', 'zzzzzzzzzzzz')), 'article-unknown');
  });

  test(`the list of a finished period is read, ${way}`, async () => {
    const tools = ways[way] as RankingTools;
    const latest = await rankings(tools, '--list', 'closed');
    assert.match(latest, /^JN ACCESS RANKING, 2026-11-24T15:00:00\.000Z to 2026-11-25T15:00:00\.000Z\n/);
    assert.match(latest, new RegExp(`\n1 +1 +9 +Title of ${second.id}\n2 +2 +4 +Title of ${first.id}$`));
    assert.equal(await rankings(tools, '--list', 'closed', '--start', '2026-11-25'), latest);
    const json = JSON.parse(await rankings(tools, '--list', 'closed', '--period', 'hour', '--json', '--limit', '1'));
    assert.deepEqual([json.list, json.window.id, json.window.final], ['closed', 'hour', true]);
    assert.equal(await codeOf(rankings(tools, '--list', 'closed', '--start', '2026-11-20')), 'list-unknown');
  });

  test(`the archive is replayed, ${way}`, async () => {
    const tools = ways[way] as RankingTools;
    const text = await rankings(tools, 'backtest', '--from', '2026-11-25T01:00:00Z', '--half-life', '1h');
    assert.match(text, /^2026-11-25T01:00:00\.000Z to 2026-11-26T03:00:00\.000Z: 26 hours, /);
    assert.match(text, /\npopular +1h +[\d.]+ %/);
    const { items } = JSON.parse(await rankings(tools, 'backtest', '--from', '2026-11-25T01:00:00Z', '--json'));
    assert.ok(
      items.some(({ list, setting }: { list: string; setting: string }) => `${list} ${setting}` === 'access 24h'),
    );
    assert.equal(await codeOf(rankings(tools, 'backtest', '--from', 'yesterday')), 'usage-invalid');
    assert.equal(await codeOf(rankings(tools, 'backtest', '--half-life', '9w')), 'usage-invalid');
  });
}

test('a limit that is none is refused', async () => {
  const tools = ways['on the engines'] as RankingTools;
  for (const limit of ['0', '51', 'x', '-1', '1.5']) {
    assert.equal(await codeOf(rankings(tools, '--list', 'closed', '--limit', limit)), 'usage-invalid', limit);
  }
});

test('over HTTP a revision is asked for by its number, the last one is served, and the backtest needs a token', async () => {
  const day = `${access.url}/v1/rankings/closed/day/latest`;
  const listAt = async (url: string) => (await (await fetch(url)).json()) as ClosedSnapshot;
  const before = await listAt(day);
  const [from, to] = [new Date(NOW.getTime() - 2 * DAY), new Date(NOW.getTime() - DAY)];
  const rule = { class: undefined, from, to, article: second.id };
  await revokeViews(sql, rule, SITE.zone, NOW, { by: 'ed', reason: 'a robot' });
  await closePeriods(sql, SITE, new Date(NOW.getTime() + HOUR));
  const [last, old] = [await listAt(day), await listAt(`${day}?revision=1`)];
  assert.deepEqual([last.revision, last.revised?.because, last.revised?.supersedes], [2, ['revoked'], before.version]);
  assert.deepEqual(
    last.items.map(({ article }) => article.id),
    [first.id],
  );
  assert.deepEqual(old, before);
  assert.equal((await fetch(`${day}?revision=3`)).status, 404);
  assert.equal((await fetch(`${access.url}/v1/rankings/backtest`)).status, 401);
  const odd = await fetch(`${access.url}/v1/rankings/backtest?from=soon`, {
    headers: { authorization: `Bearer ${LOCAL_TOKEN}` },
  });
  assert.deepEqual([odd.status, ((await odd.json()) as { code: string }).code], [400, 'request-invalid']);
});
