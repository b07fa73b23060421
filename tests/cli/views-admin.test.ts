import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { after, before, beforeEach, test } from 'node:test';
import { Command } from 'commander';
import { listen } from '../../src/api/port.ts';
import { type ViewsAdmin, viewsAdminOnApi, viewsAdminOnSql } from '../../src/cli/views-admin.ts';
import { addViewsAudit } from '../../src/cli/views-audit.ts';
import { addViewsRevoke } from '../../src/cli/views-revoke.ts';
import { addCounts } from '../../src/views/read-counts.ts';
import { serverFor } from '../api/server-under-test.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { type CountEngines, FIRST, NEXT, reset, START, tick } from '../views/following.ts';
import { fakeTerminal } from './fake-terminal.ts';

const LOCAL_TOKEN = 'l'.repeat(64);
const FROM = '2026-03-01T10:00:00Z';
const TO = '2026-03-01T11:00:00Z';
const closers: (() => Promise<unknown>)[] = [];
const admins: Record<string, ViewsAdmin> = {};
let engines: CountEngines;
let url: string;

before(async () => {
  const [database, cache] = await Promise.all([openTestSql(), openTestRedis()]);
  engines = { sql: database.sql, redis: cache.redis };
  const server = await serverFor(
    { SITE_TIME_ZONE: 'UTC' },
    { ...engines, localToken: LOCAL_TOKEN, clock: () => START },
  );
  url = await listen(server, { HOST: '127.0.0.1', PORT: 0 });
  closers.push(() => server.close(), database.close, cache.close);
  admins['in the database'] = viewsAdminOnSql(engines.sql, 'UTC', () => START);
  admins['through the API'] = viewsAdminOnApi({ url, token: LOCAL_TOKEN });
});
after(async () => {
  for (const close of closers) await close();
});
beforeEach(async () => {
  await engines.sql.script('truncate revocations, revoked_counts restart identity');
  await reset(engines);
  const slot = Math.floor(START.getTime() / 300_000);
  const row = (article: string, viewClass: 'pixel' | 'beacon', reads: number) => ({
    ...{ slot, article, class: viewClass, reads, boxReads: 0 },
  });
  await addCounts(engines.sql, [row(FIRST, 'pixel', 30), row(FIRST, 'beacon', 2), row(NEXT, 'pixel', 4)]);
});

async function views(admin: ViewsAdmin, ...args: string[]): Promise<string> {
  const terminal = fakeTerminal();
  const program = new Command('newsrank').exitOverride().configureOutput({ writeErr: () => {} });
  addViewsRevoke(program, terminal, (_, work) => work(admin));
  await program.parseAsync(args, { from: 'user' });
  return terminal.printed.join('\n');
}

for (const way of ['in the database', 'through the API']) {
  test(`views revoke tries, takes, lists and gives back, ${way}`, async () => {
    const admin = admins[way] as ViewsAdmin;
    const asked = ['revoke', '--class', 'pixel', '--from', FROM, '--to', TO];
    const what = '34 reads of 2 articles, from 2026-03-01T10:00:00.000Z to 2026-03-01T11:00:00.000Z';
    assert.equal(await views(admin, ...asked, '--dry-run'), `Would be taken: ${what}.`);
    assert.equal(await views(admin, 'revocations'), '');
    const taken = await views(admin, ...asked, '--reason', 'a robot');
    assert.equal(taken, `Taken: ${what}. To give them back: newsrank views revoke --undo 1`);
    const [line] = JSON.parse(await views(admin, 'revocations', '--article', FIRST, '--json'));
    const { username } = userInfo();
    assert.deepEqual([line.id, line.reads, line.by, line.reason, line.undoneAt], [1, 30, username, 'a robot', null]);
    assert.match(await views(admin, 'revocations'), /^1 {2}pixel from .*: 34 reads \(.*: a robot\)$/);
    assert.equal(await views(admin, 'revoke', '--undo', '1'), `Counted again: ${what}.`);
    assert.match(await views(admin, 'revocations'), /: undone by /);
    await assert.rejects(views(admin, 'revoke', '--undo', '1'), { code: 'revocation-unknown' });
    const one = JSON.parse(await views(admin, ...asked, '--article', NEXT, '--json'));
    assert.deepEqual([one.id, one.article, one.reads], [2, NEXT, 4]);
  });
}

test('what makes no sense is refused, and nothing is taken', async () => {
  const admin = admins['in the database'] as ViewsAdmin;
  for (const [args, expected] of [
    [['revoke'], { code: 'usage-invalid' }],
    [['revoke', '--from', FROM], { code: 'usage-invalid' }],
    [['revoke', '--from', 'noon', '--to', TO], { code: 'usage-invalid' }],
    [['revoke', '--from', TO, '--to', FROM], { code: 'usage-invalid' }],
    [['revoke', '--from', FROM, '--to', TO, '--article', 'x'], { code: 'article-unknown' }],
    [['revoke', '--undo', 'x'], { code: 'usage-invalid' }],
    [['revoke', '--class', 'people', '--from', FROM, '--to', TO], { code: 'commander.invalidArgument' }],
  ] as const) {
    await assert.rejects(views(admin, ...args), expected, args.join(' '));
  }
  assert.deepEqual(await admin.list(undefined), []);
});

async function post(path: string, body: object, token = LOCAL_TOKEN) {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

test('the routes are for who has a token, and look at what they are given', async () => {
  assert.equal((await post('/v1/views/revoke', { from: FROM, to: TO }, 'x')).status, 401);
  for (const body of [
    {},
    { from: FROM },
    { from: 'x', to: TO },
    { class: 'x', from: FROM, to: TO },
    { from: TO, to: FROM },
  ]) {
    assert.equal((await post('/v1/views/revoke', body)).status, 400, JSON.stringify(body));
  }
  assert.equal((await post('/v1/views/revocations/7/undo', {})).status, 404);
  assert.equal((await post('/v1/views/revocations/x/undo', {})).status, 400);
});

test('views audit compares, fails where something is wrong, and repairs', async () => {
  await tick(engines, START);
  const terminal = fakeTerminal();
  const audit = async (...args: string[]) => {
    const program = new Command('newsrank').exitOverride();
    addViewsAudit(program, terminal, async (_, isRepair) => {
      const { body } = await post('/v1/views/audit', { repair: isRepair });
      return body as Awaited<ReturnType<Parameters<typeof addViewsAudit>[2] & object>>;
    });
    await program.parseAsync(['audit', ...args], { from: 'user' });
  };
  // The counts came past the notes that a recount goes by.
  await assert.rejects(audit(), { code: 'check-failed' });
  assert.match(terminal.printed.at(-1) ?? '', /the counts of 2 were wrong/);
  await audit('--repair');
  await tick(engines, new Date(START.getTime() + 180_000));
  await tick(engines, new Date(START.getTime() + 360_000));
  await audit();
  assert.equal(terminal.printed.at(-1), 'the counts of 2 articles are right');
  const metrics = await (await fetch(`${url}/metrics`)).text();
  // Two by the first audit, and the same two by the one that repaired them.
  assert.match(metrics, /^newsrank_audit_differences_total 4$/m);
});
