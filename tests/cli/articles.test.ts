import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { Command, CommanderError } from 'commander';
import { listen } from '../../src/api/port.ts';
import { saveArticles } from '../../src/articles/save.ts';
import { noteSuccessors } from '../../src/articles/successors.ts';
import { articlesOnApi, articlesOnSql, type WithArticles } from '../../src/cli/article-reader.ts';
import { addArticles } from '../../src/cli/articles.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { CodedError, type ErrorCode } from '../../src/errors.ts';
import { newArticleId } from '../../src/ids.ts';
import { serverFor } from '../api/server-under-test.ts';
import { addFeed, entryOf, later, NOW } from '../articles/entries.ts';
import { openTestSql } from '../support/engines.ts';
import { emptyFolder } from '../support/folders.ts';
import { fakeTerminal } from './fake-terminal.ts';

const LOCAL_TOKEN = 'l'.repeat(64);
const FEED = 'https://example.com/politics.rss';

let sql: Sql;
const closers: (() => Promise<unknown>)[] = [];
const ways: Record<string, WithArticles> = {};

before(async () => {
  const database = await openTestSql();
  ({ sql } = database);
  const server = await serverFor({}, { sql, localToken: LOCAL_TOKEN });
  const url = await listen(server, { HOST: '127.0.0.1', PORT: 0 });
  closers.push(() => server.close(), database.close);
  ways['in the database'] = (settings, work) => work(articlesOnSql(sql, settings));
  ways['through the API'] = (_, work) => work(articlesOnApi({ url, token: LOCAL_TOKEN }));

  const politics = await addFeed(sql, FEED, ['politics']);
  const world = await addFeed(sql, 'https://example.com/world.rss', ['world']);
  const votes = Array.from({ length: 230 }, (_, n) =>
    entryOf({ title: `Vote ${n}`, content: `<p>Text of vote ${n}</p>`, publishedAt: later(-n), language: 'en' }),
  );
  await saveArticles(sql, politics, votes, NOW);
  await saveArticles(sql, world, [entryOf({ title: '東京で投票', publishedAt: later(-1000), language: 'ja' })], NOW);
});
after(async () => {
  for (const close of closers) await close();
});

type Run = (...args: string[]) => Promise<{ lines: string[]; shown: string[] }>;

/** Each verb does the same whichever way it goes. */
function testVerbs(name: string, check: (run: Run, t: TestContext) => Promise<void>): void {
  for (const way of ['in the database', 'through the API']) {
    test(`${name}, ${way}`, (t) => {
      const run: Run = async (...args) => {
        const terminal = fakeTerminal();
        const program = new Command('newsrank').exitOverride().configureOutput({ writeErr: () => {} });
        addArticles(program, terminal, (settings, work) => (ways[way] as WithArticles)(settings, work));
        await program.parseAsync(['articles', ...args], { from: 'user' });
        return { lines: terminal.printed.join('\n').split('\n'), shown: terminal.shown };
      };
      return check(run, t);
    });
  }
}

const isCoded =
  (code: ErrorCode, message = /./) =>
  (error: unknown) =>
    error instanceof CodedError && error.code === code && message.test(error.message);

testVerbs('search finds by words and filters', async (run) => {
  const titles = async (...args: string[]) =>
    (await run('search', '--json', ...args)).lines.map((line) => line && JSON.parse(line).title);
  assert.deepEqual(await titles('vote', '17'), ['Vote 17']);
  assert.deepEqual(await titles('投票'), ['東京で投票']);
  assert.deepEqual(await titles('"vote 3" OR "vote 5"'), ['Vote 3', 'Vote 5']);
  assert.deepEqual(await titles('--limit', '2', '--', 'vote', '-0'), ['Vote 1', 'Vote 2']);
  assert.equal((await titles('vote', '--limit', '150')).length, 150);
  assert.equal((await titles()).length, 20);
  assert.deepEqual(await titles('--category', 'World'), ['東京で投票']);
  assert.deepEqual(await titles('--source', 'https://example.com/world.rss'), ['東京で投票']);
  assert.deepEqual(await titles('--language', 'ja'), ['東京で投票']);
  assert.deepEqual(await titles('--since', later(-1).toISOString()), ['Vote 0', 'Vote 1']);
  assert.deepEqual(await titles('--until', '2024-11-26'), ['東京で投票']);
  assert.deepEqual(await titles('--since', '1h'), ['']);
  assert.deepEqual(await titles('vote', '--sort', 'relevance', '--limit', '1'), ['Vote 0']);
  const table = await run('search', '投票');
  assert.match(
    table.lines[1] ?? '',
    /^[0-9a-z]{12} +2024-11-25 20:08 +Title of https:\/\/example\.com\/world\.rss +東京で投票$/,
  );
  assert.deepEqual((await run('search', 'nothing', 'like', 'it')).lines, ['Nothing found.']);
});

testVerbs('wrong wishes are named', async (run) => {
  await assert.rejects(run('search', '--limit', '0'), isCoded('usage-invalid'));
  await assert.rejects(run('search', '--since', 'yesterday'), isCoded('usage-invalid'));
  await assert.rejects(run('search', '--sort', 'up'), CommanderError);
  await assert.rejects(run('search', '--category', 'None'), isCoded('category-unknown', /There is no category none/));
  await assert.rejects(run('search', '--source', '999999'), isCoded('feed-unknown'));
  for (const id of ['zzzzzzzzzzzz', '../feeds', ''])
    await assert.rejects(run('show', id), isCoded('article-unknown', /There is no article/), id);
});

testVerbs('show tells all that is known', async (run) => {
  const { id } = JSON.parse((await run('search', 'vote', '17', '--json')).lines[0] ?? '');
  const text = (await run('show', id)).lines.join('\n');
  assert.match(
    text,
    new RegExp(`^Vote 17\n${id}, 2024-11-26T12:31:00\\.000Z\n.*politics.*Found in:\n.*\n\nText of vote 17$`, 's'),
  );
  const whole = JSON.parse((await run('show', id, '--json')).lines[0] ?? '');
  assert.deepEqual([whole.content, whole.original, whole.copies], ['<p>Text of vote 17</p>', null, []]);
});

testVerbs('of a removed article, what took its place is shown', async (run) => {
  const { id } = JSON.parse((await run('search', 'vote', '18', '--json')).lines[0] ?? '');
  const gone = newArticleId(later(-5000), 999);
  await noteSuccessors(sql, [{ removed: gone, successor: id }], NOW);
  assert.equal(JSON.parse((await run('show', gone, '--json')).lines[0] ?? '').title, 'Vote 18');
});

testVerbs('export writes all as JSON Lines, each once, and tells how far it is', async (run, t) => {
  const { lines, shown } = await run('export');
  const articles = lines.map((line) => JSON.parse(line));
  assert.equal(new Set(articles.map(({ id }) => id)).size, 231);
  assert.equal(articles[5].content, '<p>Text of vote 5</p>');
  assert.deepEqual(shown, [
    '100 articles, back to 2024-11-26',
    '200 articles, back to 2024-11-26',
    '231 articles, back to 2024-11-25',
    '',
  ]);
  assert.equal((await run('export', 'vote', '3', '--category', 'politics', '--json')).lines.length, 1);

  const folder = await emptyFolder(t);
  const file = join(folder, 'articles.jsonl');
  await run('export', '--language', 'ja', '--output', file);
  assert.equal(JSON.parse(await readFile(file, 'utf8')).title, '東京で投票');
  await assert.rejects(
    run('export', '--category', 'none', '--output', join(folder, 'other')),
    isCoded('category-unknown'),
  );
  assert.deepEqual(await readdir(folder), ['articles.jsonl']);
});
