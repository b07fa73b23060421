import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ANSWER_LIMIT_MS } from '../../src/engines/answer-limit.ts';
import { openPostgres } from '../../src/engines/postgres.ts';
import { PREPARED, type Sql } from '../../src/engines/sql.ts';
import { databaseUrl, openDatabase, skipWithoutPostgres } from '../support/engines.ts';
import { listenFor } from '../support/ports.ts';

describe('connections to a PostgreSQL server', { skip: skipWithoutPostgres }, () => {
  let sql: Sql;
  let close: () => Promise<void>;
  before(async () => {
    ({ sql, close } = await openDatabase(String(databaseUrl), async () => {}));
  });
  after(() => close());

  const terminateOthers = () =>
    sql.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`);

  test('that break while idle are replaced', async () => {
    await Promise.all(Array.from({ length: 5 }, () => sql.query('select pg_sleep(0.01)')));
    assert.equal((await terminateOthers()).count, 4);
    const eight = () => Array.from({ length: 8 }, () => sql.query('select 1'));
    // The first to use one may meet its end.
    await Promise.allSettled(eight());
    assert.equal((await Promise.all(eight())).length, 8);
  });

  test('that break within a transaction fail it, and are not used again', async () => {
    // More often than there are connections: none may get lost.
    for (let round = 0; round < 12; round++) {
      let isOver = false;
      const work = sql.transaction(async (tx) => {
        const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
        await tx.query('select pg_terminate_backend($1)', [rows[0]?.pid]).catch(() => {});
        isOver = true;
        await tx.query('select 1');
      });
      await assert.rejects(work);
      assert.equal(isOver, true);
    }
    assert.deepEqual((await sql.query('select 1 as one')).rows, [{ one: 1 }]);
  });

  test('that are half open are given up when they owe an answer for too long', async (t) => {
    const sockets = new Set<Socket>();
    const { hostname, port } = new URL(String(databaseUrl));
    const way = await listenFor(t, (socket) => {
      const onward = connect(Number(port), hostname);
      onward.on('error', () => {});
      socket.pipe(onward).pipe(socket);
      socket.on('close', () => onward.destroy());
      for (const end of [socket, onward]) sockets.add(end);
    });
    const url = Object.assign(new URL(String(databaseUrl)), { host: `127.0.0.1:${way}` });
    const through = await openPostgres(url.href);
    await through.sql.query('select 1');
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const frozen = through.sql.transaction(async (tx) => {
      for (const socket of sockets) socket.unpipe().pause();
      const answer = tx.query('select 1');
      setImmediate(() => t.mock.timers.tick(ANSWER_LIMIT_MS));
      await answer;
    });
    await assert.rejects(frozen, /terminated|ended|not answered/);
    t.mock.timers.reset();
    assert.deepEqual((await through.sql.query('select 1 as one')).rows, [{ one: 1 }]);
    assert.deepEqual(await through.sql.transaction(async (tx) => (await tx.query('select 2 as two')).rows), [
      { two: 2 },
    ]);
    await through.close();
  });

  test('have limits on what one statement may take, UTC, and our name', async () => {
    const { rows } = await sql.query(`select current_setting('statement_timeout') as statement,
      current_setting('idle_in_transaction_session_timeout') as idle, current_setting('timezone') as zone,
      current_setting('application_name') as name`);
    assert.deepEqual(rows, [{ statement: '24s', idle: '1min', zone: 'UTC', name: 'newsrank' }]);
  });

  test('answer statements that are called at once together; those after one that failed fail for its reason', async () => {
    const divide = 'select 6 / $1::int as value';
    const others = ["select 'before' as name, $1::int as value", "select 'after' as name, $1::int as value"] as const;
    // More often than there are connections: on each, they are parsed once and described once.
    for (let round = 0; round < 12; round++) {
      const failing = sql.transaction(async (tx) => {
        const answers = await Promise.allSettled([
          tx.query(others[0], [round], PREPARED),
          tx.query(divide, [0], PREPARED),
          tx.query(others[1], [round], PREPARED),
        ]);
        const [before, ...failed] = answers.map((answer) =>
          answer.status === 'fulfilled' ? answer.value : answer.reason.code,
        );
        assert.deepEqual(before, { rows: [{ name: 'before', value: round }], count: 1 });
        assert.deepEqual(failed, ['22012', '22012']);
        throw new Error('seen');
      });
      await assert.rejects(failing, /^Error: seen$/);
      const again = await sql.transaction((tx) =>
        Promise.all([tx.query(others[1], [round], PREPARED), tx.query(divide, [2], PREPARED)]),
      );
      assert.deepEqual(
        again.map(({ rows }) => rows),
        [[{ name: 'after', value: round }], [{ value: 3 }]],
      );
    }
  });

  test('send one Sync for all statements that are called at once', async (t) => {
    const sent: Buffer[] = [];
    const { hostname, port } = new URL(String(databaseUrl));
    const way = await listenFor(t, (socket) => {
      const onward = connect(Number(port), hostname);
      onward.on('error', () => {});
      socket.on('data', (packet) => sent.push(packet));
      socket.on('close', () => onward.destroy());
      socket.pipe(onward).pipe(socket);
    });
    const url = Object.assign(new URL(String(databaseUrl)), { host: `127.0.0.1:${way}` });
    const through = await openPostgres(url.href);
    await through.sql.query('select 1');
    sent.length = 0;
    await through.sql.transaction((tx) => Promise.all([tx.query('select 1'), tx.query('select 2')]));
    const syncs = Buffer.concat(sent).toString('latin1').split('S\0\0\0\x04').length - 1;
    assert.equal(syncs, 2);
    await through.close();
  });

  test('let many transactions wait for one', async () => {
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        sql.transaction(async (tx) => (await tx.query<{ n: number }>('select $1::int as n', [n])).rows[0]?.n),
      ),
    );
    assert.deepEqual(
      results,
      Array.from({ length: 50 }, (_, n) => n),
    );
  });
});
