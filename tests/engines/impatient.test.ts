import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Impatient, openImpatient } from '../../src/engines/impatient.ts';
import { openPool, type PostgresPool } from '../../src/engines/postgres.ts';
import { type Finding, openProbe } from '../../src/engines/probe.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { DEAD_PORT, listenFor } from '../support/ports.ts';

/** A pool of which nothing is known but whether it was given up; what is asked of it is answered by `answer`. */
function fakePool(answer: () => Promise<unknown>) {
  const fake = { isAbandoned: false, isClosed: false };
  const ask = async <T>() => (await answer()) as T;
  const pool: PostgresPool = {
    sql: { query: ask, transaction: ask, script: ask },
    async close() {
      fake.isClosed = true;
    },
    abandon() {
      fake.isAbandoned = true;
    },
    connections: () => ({ busy: 1 }),
  };
  return Object.assign(fake, { pool });
}

const never = () => new Promise<never>(() => {});
const refused = { code: 'unavailable', message: 'Try again in a few seconds.' };

/** What asks PostgreSQL without patience, whose probe finds what it is told to. */
function openOver(t: TestContext, answers: (() => Promise<unknown>)[]) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const pools: ReturnType<typeof fakePool>[] = [];
  const told: unknown[] = [];
  const open = () => {
    const fake = fakePool(answers[pools.length] ?? never);
    pools.push(fake);
    return fake.pool;
  };
  let next: Finding = 'answers';
  const impatient: Impatient = openImpatient(
    open,
    { look: async () => next },
    { onError: () => told.push('error'), onHang: (isHanging) => told.push(isHanging) },
  );
  const expect = (finding: Finding) => {
    next = finding;
  };
  const find = async (finding: Finding) => {
    expect(finding);
    t.mock.timers.tick(500);
    // Timers are not real here, promises are.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { impatient, pools, told, expect, find };
}

const waysToAsk: readonly ((sql: Sql) => Promise<unknown>)[] = [
  (sql) => sql.query('select 1'),
  (sql) => sql.script('select 1'),
  (sql) => sql.transaction(async () => 1),
];

test('what is owed when nothing answers fails at once, and so does all that is asked until something does', async (t) => {
  const { impatient, pools, told, find } = openOver(t, [never, async () => 'an answer']);
  const owed = waysToAsk.map((ask) => ask(impatient.sql));
  await find('answers');
  assert.equal(pools[0]?.isAbandoned, false);
  const failed = Promise.all(owed.map((one) => assert.rejects(one, refused)));
  await find('silent');
  await failed;
  assert.equal(pools[0]?.isAbandoned, true);
  assert.deepEqual(told, ['error', 'error', 'error', true]);
  for (const ask of waysToAsk) await assert.rejects(ask(impatient.sql), refused);
  await find('silent');
  assert.equal(pools.length, 2, 'a hang that goes on costs nothing more');
  await find('answers');
  for (const ask of waysToAsk) assert.equal(await ask(impatient.sql), 'an answer');
  assert.deepEqual(told.slice(4), ['error', 'error', 'error', false]);
  await impatient.close();
  assert.equal(pools[1]?.isClosed, true);
});

test('connections that are dead are not used again, though new ones are answered', async (t) => {
  const { impatient, pools, told, find } = openOver(t, [never, async () => 'an answer']);
  const owed = assert.rejects(impatient.sql.query('select 1'), refused);
  await find('anew');
  await owed;
  assert.equal(pools[0]?.isAbandoned, true);
  assert.equal(await impatient.sql.query('select 1'), 'an answer');
  assert.deepEqual(told, ['error']);
  // After a hang there are none.
  await find('silent');
  await find('anew');
  assert.equal(pools.length, 3);
  await impatient.close();
});

test('what is owed by a server that has just fallen silent is not waited for at the end', async (t) => {
  const { impatient, pools, told, expect, find } = openOver(t, [never]);
  void impatient.sql.query('select 1');
  expect('silent');
  await impatient.close();
  assert.deepEqual([pools[0]?.isAbandoned, pools[0]?.isClosed], [true, false]);
  await find('silent');
  assert.deepEqual([pools.length, told], [1, []], 'nothing is watched any more');
});

test('what fails by itself fails with its own error', async (t) => {
  const { impatient, told } = openOver(t, [() => Promise.reject(new Error('division by zero'))]);
  for (const ask of waysToAsk) await assert.rejects(ask(impatient.sql), /division by zero/);
  assert.deepEqual(told, []);
  await impatient.close();
});

const fromServer = (message: string) => Object.assign(new Error(message), { severity: 'FATAL' });

/** What a look finds where the connection that was there, and one made anew, are answered so. */
const FINDINGS: readonly (readonly [
  what: string,
  kept: () => Promise<unknown>,
  anew: () => Promise<unknown>,
  Finding,
])[] = [
  ['it answers', async () => 1, never, 'answers'],
  ['it answers within two seconds', () => sleep(1200), never, 'answers'],
  ['it has no connection left, and says so', () => Promise.reject(fromServer('too many clients')), never, 'answers'],
  ['the kept connection alone broke', () => Promise.reject(new Error('ECONNRESET')), async () => 1, 'answers'],
  ['old connections are dead', never, async () => 1, 'anew'],
  [
    'it is away',
    () => Promise.reject(new Error('ECONNRESET')),
    () => Promise.reject(new Error('ECONNREFUSED')),
    'silent',
  ],
  ['it is silent', never, never, 'silent'],
];

for (const [what, kept, anew, finding] of FINDINGS) {
  test(`a look finds "${finding}" where ${what}`, async () => {
    const pools = [fakePool(kept), fakePool(anew)];
    let opened = 0;
    const probe = openProbe(() => (pools[opened++] ?? fakePool(never)).pool);
    const looks = [probe.look(), probe.look()];
    assert.deepEqual(await Promise.all(looks), [finding, finding]);
    assert.ok(opened <= 2, 'those who look at the same time see the same');
    await probe.close();
    assert.deepEqual(
      pools.slice(0, opened).map(({ isAbandoned }) => isAbandoned),
      pools.slice(0, opened).map(() => true),
      'no connection is left',
    );
  });
}

test('a question that is not answered within a second fails, and the next goes out on a new connection', async () => {
  const pools = [fakePool(never), fakePool(async () => 'an answer')];
  let opened = 0;
  const probe = openProbe(() => (pools[opened++] ?? fakePool(never)).pool);
  const ask = () => probe.ask((sql) => sql.query('select 1'));
  await assert.rejects(ask(), /does not answer/);
  assert.equal(await probe.look(), 'anew');
  assert.equal(await ask(), 'an answer');
  await probe.close();
});

test('a server that takes connections and keeps silent, or is not there, is found so, and leaves nothing open', async (t) => {
  for (const port of [await listenFor(t, () => {}), DEAD_PORT]) {
    const probe = openProbe(() =>
      openPool(`postgres://me@127.0.0.1:${port}/news`, undefined, { max: 1, connectMs: 1000 }),
    );
    const startedAt = performance.now();
    assert.equal(await probe.look(), 'silent');
    await assert.rejects(probe.ask((sql) => sql.query('select 1')));
    assert.ok(performance.now() - startedAt < 10_000);
    await probe.close();
  }
});
