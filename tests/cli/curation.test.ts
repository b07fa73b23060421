import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { after, before, beforeEach, test } from 'node:test';
import { Command } from 'commander';
import { listen } from '../../src/api/port.ts';
import { addCuration } from '../../src/cli/curation.ts';
import { type CurationAdmin, curationOnApi, curationOnSql } from '../../src/cli/curation-admin.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { serverFor } from '../api/server-under-test.ts';
import { openTestSql } from '../support/engines.ts';
import { addArticles, CATEGORIES, FIRST, START } from '../views/following.ts';
import { fakeTerminal } from './fake-terminal.ts';

const LOCAL_TOKEN = 'l'.repeat(64);
const { username } = userInfo();
const closers: (() => Promise<unknown>)[] = [];
const admins: Record<string, CurationAdmin> = {};
let sql: Sql;
let url: string;

before(async () => {
  const database = await openTestSql();
  sql = database.sql;
  const server = await serverFor({}, { sql, localToken: LOCAL_TOKEN, clock: () => START });
  url = await listen(server, { HOST: '127.0.0.1', PORT: 0 });
  closers.push(() => server.close(), database.close);
  admins['in the database'] = curationOnSql(sql, () => START);
  admins['through the API'] = curationOnApi({ url, token: LOCAL_TOKEN });
});
after(async () => {
  for (const close of closers) await close();
});
beforeEach(async () => {
  await sql.script('truncate curations restart identity; truncate articles, categories cascade');
  await sql.query('insert into categories (slug, name) select c, c from unnest($1::text[]) c', [CATEGORIES]);
  await addArticles(sql, [FIRST]);
});

async function curation(admin: CurationAdmin, ...args: string[]): Promise<string> {
  const terminal = fakeTerminal();
  const program = new Command('newsrank').exitOverride().configureOutput({ writeErr: () => {} });
  addCuration(
    program,
    terminal,
    (_, work) => work(admin),
    () => START,
  );
  await program.parseAsync(['curation', ...args], { from: 'user' });
  return terminal.printed.join('\n');
}

for (const way of ['in the database', 'through the API']) {
  test(`an editor pins, leaves out, looks and ends, ${way}`, async () => {
    const admin = admins[way] as CurationAdmin;
    const signed = `(${username}, 2026-03-01T10:07:00.000Z`;
    assert.equal(
      await curation(admin, 'pin', FIRST, '--place', '2', '--list', 'popular', '--scope', 'Politics', '--for', '6h'),
      `1  pin ${FIRST} at 2 in popular of politics, until 2026-03-01T16:07:00.000Z ${signed})`,
    );
    assert.equal(
      await curation(admin, 'exclude', 'category', 'Arts & Life', '--scope', 'site', '--until', '2026-03-02'),
      `2  exclude category arts-life in site, until 2026-03-02T00:00:00.000Z ${signed})`,
    );
    assert.equal(
      await curation(admin, 'exclude', 'word', 'horoscope', '--reason', 'no news'),
      `3  exclude word horoscope ${signed}: no news)`,
    );
    const ended = await curation(admin, 'end', '3');
    assert.match(ended, /^3 {2}exclude word horoscope, ended by .* at 2026-03-01T10:07:00.000Z \(/);
    const inForce = JSON.parse(await curation(admin, 'list', '--json'));
    assert.deepEqual(
      inForce.map(({ id }: { id: number }) => id),
      [2, 1],
    );
    const { place, list, scope, expires, endedAt } = inForce[1];
    assert.deepEqual(
      [place, list, scope, expires, endedAt],
      [2, 'popular', 'politics', '2026-03-01T16:07:00.000Z', null],
    );
    assert.equal((await curation(admin, 'list', '--all')).split('\n')[0], ended);
    await assert.rejects(curation(admin, 'end', '3'), { code: 'curation-unknown' });
    await assert.rejects(curation(admin, 'pin', '000000000000'), { code: 'article-unknown' });
  });
}

test('what makes no sense is refused before anything is decided', async () => {
  const admin = admins['in the database'] as CurationAdmin;
  for (const [args, code] of [
    [['pin', FIRST, '--place', '0'], 'usage-invalid'],
    [['pin', FIRST, '--place', '51'], 'curation-invalid'],
    [['pin', FIRST, '--list', 'rising'], 'commander.invalidArgument'],
    [['pin', FIRST, '--for', 'ever'], 'usage-invalid'],
    [['pin', FIRST, '--for', '1h', '--until', '2026-03-02'], 'usage-invalid'],
    [['pin', FIRST, '--until', 'noon'], 'usage-invalid'],
    [['pin', FIRST, '--until', '2026-02-01'], 'curation-invalid'],
    [['exclude', 'title', 'x'], 'usage-invalid'],
    [['exclude', 'word', '--'], 'commander.missingArgument'],
    [['exclude', 'category', 'nope'], 'category-unknown'],
    [['end', 'x'], 'usage-invalid'],
  ] as const) {
    await assert.rejects(curation(admin, ...args), { code }, args.join(' '));
  }
  assert.deepEqual(await admin.list(true), []);
});

async function ask(method: string, path: string, body?: object, token = LOCAL_TOKEN) {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

test('the routes are for who has a token, and look at what they are given', async () => {
  const pin = { action: 'pin', target: 'article', value: FIRST };
  for (const [method, path, body] of [
    ['GET', '/v1/curations', undefined],
    ['POST', '/v1/curations', pin],
    ['POST', '/v1/curations/1/end', {}],
  ] as const) {
    assert.equal((await ask(method, path, body, 'x')).status, 401, path);
  }
  for (const [body, status] of [
    [{}, 400],
    [{ ...pin, action: 'hide' }, 400],
    [{ ...pin, place: 0 }, 400],
    [{ ...pin, list: 'rising' }, 400],
    [{ ...pin, expires: 'tomorrow' }, 400],
    [{ ...pin, expires: '2026-01-01T00:00:00Z' }, 400],
    [{ ...pin, scope: 'nope' }, 404],
    [{ ...pin, value: 'nope' }, 404],
  ] as const) {
    assert.equal((await ask('POST', '/v1/curations', body)).status, status, JSON.stringify(body));
  }
  const made = await ask('POST', '/v1/curations', { ...pin, by: 'ed' });
  assert.deepEqual([made.status, made.body['place'], made.body['by']], [201, 1, 'ed']);
  assert.equal((await ask('POST', `/v1/curations/${made.body['id']}/end`, {})).body['endedBy'], 'API');
  assert.equal((await ask('POST', `/v1/curations/${made.body['id']}/end`, {})).status, 404);
  assert.deepEqual((await ask('GET', '/v1/curations')).body, { items: [], next: null });
  assert.equal(((await ask('GET', '/v1/curations?all=true')).body['items'] as unknown[]).length, 1);
});

test('however many there are, the listing goes on where it stopped, and the command reads it to its end', async () => {
  await sql.query(
    `insert into curations (action, target, value, made_by, made_at)
     select 'exclude', 'word', 'word ' || n, 'ed', $1 from generate_series(1, 1001) n`,
    [START],
  );
  const seen: unknown[] = [];
  let next: unknown = '';
  for (let pages = 1; pages <= 3; pages++) {
    const { body } = await ask('GET', `/v1/curations${next === '' ? '' : `?cursor=${next}`}`);
    seen.push(...(body['items'] as { id: number }[]).map(({ id }) => id));
    next = body['next'];
    assert.equal(next === null, pages === 3);
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 1001 }, (_, n) => 1001 - n),
  );
  for (const admin of Object.values(admins)) assert.equal((await admin.list(false)).length, 1001);
  for (const path of ['/v1/curations?cursor=x', '/v1/views/revocations?cursor=-1']) {
    assert.deepEqual((await ask('GET', path)).body['type'], 'urn:newsrank:problem:cursor-invalid', path);
  }
});
