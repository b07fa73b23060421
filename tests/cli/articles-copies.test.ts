import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Command } from 'commander';
import { listen } from '../../src/api/port.ts';
import { addArticles } from '../../src/cli/articles.ts';
import { type CopyAdmin, copyAdminOnApi, copyAdminOnSql } from '../../src/cli/copy-admin.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { ArticleId } from '../../src/ids.ts';
import { serverFor } from '../api/server-under-test.ts';
import { originals, store } from '../articles/copies/stored.ts';
import { NOW } from '../articles/entries.ts';
import { openTestSql } from '../support/engines.ts';
import { fakeTerminal } from './fake-terminal.ts';

const LOCAL_TOKEN = 'l'.repeat(64);
const closers: (() => Promise<unknown>)[] = [];
const admins: Record<string, CopyAdmin> = {};
let sql: Sql;
let url: string;
let ids: [ArticleId, ArticleId];

before(async () => {
  const database = await openTestSql();
  ({ sql } = database);
  const server = await serverFor({}, { sql, localToken: LOCAL_TOKEN, clock: () => NOW });
  url = await listen(server, { HOST: '127.0.0.1', PORT: 0 });
  closers.push(() => server.close(), database.close);
  admins['in the database'] = copyAdminOnSql(sql, () => NOW);
  admins['through the API'] = copyAdminOnApi({ url, token: LOCAL_TOKEN });
});
after(async () => {
  for (const close of closers) await close();
});
beforeEach(async () => {
  await sql.script('delete from articles');
  ids = [await store(sql, { title: 'Rates are held' }), await store(sql, { title: 'Rates are held again', age: 30 })];
});

async function articles(admin: CopyAdmin, ...args: string[]): Promise<string> {
  const terminal = fakeTerminal();
  const program = new Command('newsrank').exitOverride().configureOutput({ writeErr: () => {} });
  const unused = async () => assert.fail('no verb of these reads articles');
  addArticles(program, terminal, unused, (_, work) => work(admin));
  await program.parseAsync(['articles', ...args], { from: 'user' });
  return terminal.printed.join('\n');
}

for (const way of ['in the database', 'through the API']) {
  test(`articles merge and split, ${way}`, async () => {
    const admin = admins[way] as CopyAdmin;
    const [one, other] = ids;
    assert.equal(await articles(admin, 'merge', other, one), `Merged ${other} into ${one}.`);
    assert.deepEqual(await originals(sql, ids), [null, one]);
    assert.equal(await articles(admin, 'merge', other, one), `${other} and ${one} are copies already.`);
    assert.equal(await articles(admin, 'split', other, '--json'), JSON.stringify({ id: other, from: [one] }));
    assert.deepEqual(await originals(sql, ids), [null, null]);
    const merged = JSON.parse(await articles(admin, 'merge', one, other, '--json'));
    assert.deepEqual(merged, { original: other, copies: [one] });
    assert.equal(await articles(admin, 'split', one), `Split ${one} from ${other}.`);
    await assert.rejects(articles(admin, 'split', one), { code: 'article-alone' });
    await assert.rejects(articles(admin, 'merge', one, one), { code: 'usage-invalid' });
    for (const id of ['000000000000', 'nonsense/..'])
      await assert.rejects(articles(admin, 'merge', id, one), { code: 'article-unknown' });
  });
}

test('the routes need the admin token', async () => {
  for (const verb of ['split', 'merge']) {
    const { status } = await fetch(`${url}/v1/articles/${ids[0]}/${verb}`, { method: 'POST' });
    assert.equal(status, 401);
  }
  assert.deepEqual(await originals(sql, ids), [null, null]);
});
