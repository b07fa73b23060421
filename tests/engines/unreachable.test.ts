import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openClosers } from '../../src/closers.ts';
import { openEngines } from '../../src/engines/open.ts';
import { openPostgres } from '../../src/engines/postgres.ts';
import { openRedis } from '../../src/engines/redis.ts';
import { CodedError } from '../../src/errors.ts';
import { openLog } from '../../src/log.ts';
import { databaseUrl, fillDataFolder, openEmbeddedRedis, skipWithoutPostgres } from '../support/engines.ts';
import { emptyFolder } from '../support/folders.ts';
import { DEAD_PORT, listenFor } from '../support/ports.ts';

const silent = openLog('silent');
const never = (error: Error) => assert.fail(error);

/** Checks the error, which must name the server, say what to do, and keep the password to itself. */
const says =
  (code: string, port: number, ...words: RegExp[]) =>
  (error: unknown) => {
    assert.ok(error instanceof CodedError);
    assert.equal(error.code, code);
    for (const word of [new RegExp(`127\\.0\\.0\\.1:${port} `), ...words]) assert.match(error.message, word);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  };

test('PostgreSQL on a port where nobody listens', async () => {
  const port = DEAD_PORT;
  const url = `postgres://me:secret@127.0.0.1:${port}/news`;
  await assert.rejects(openPostgres(url), says('database-unreachable', port, /ECONNREFUSED/, /DATABASE_URL/));
});

test('PostgreSQL that hangs up, and one that is something else', async (t) => {
  const port = await listenFor(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const url = `postgres://me:secret@127.0.0.1:${port}/news`;
  await assert.rejects(openPostgres(url), says('database-unreachable', port));
});

test('a PostgreSQL server without that database', { skip: skipWithoutPostgres }, async () => {
  const url = Object.assign(new URL(String(databaseUrl)), { pathname: '/no_such_database' });
  await assert.rejects(openPostgres(url.href), {
    code: 'database-unreachable',
    message: /database "no_such_database" does not exist/,
  });
});

test('Redis on a port where nobody listens', async () => {
  const port = DEAD_PORT;
  const url = `redis://:secret@127.0.0.1:${port}`;
  await assert.rejects(openRedis(url, 'worker', never), says('redis-unreachable', port, /ECONNREFUSED/, /REDIS_URL/));
});

// Side by side, because both use up their patience.
describe('Redis', { concurrency: true }, () => {
  test('that never answers', async (t) => {
    const port = await listenFor(t, () => {});
    const url = `redis://:secret@127.0.0.1:${port}`;
    await Promise.all([
      assert.rejects(openRedis(url, 'commands', never), says('redis-unreachable', port, /timed out/)),
      assert.rejects(openRedis(url, 'worker', never), says('redis-unreachable', port, /not ready after 5 s/)),
    ]);
  });

  test('that is still loading its data', async (t) => {
    const loading = 'loading:1\r\nloading_eta_seconds:100\r\n';
    const port = await listenFor(t, (socket) => {
      socket.on('data', (chunk) => {
        for (const [, name] of String(chunk).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
          socket.write(name === 'info' ? `$${loading.length}\r\n${loading}\r\n` : '+OK\r\n');
        }
      });
    });
    const url = `redis://127.0.0.1:${port}`;
    await assert.rejects(openRedis(url, 'commands', never), says('redis-unreachable', port, /still loading/));
  });
});

test('Redis with another password', async () => {
  const { url, close } = await openEmbeddedRedis();
  const wrong = Object.assign(new URL(url), { password: 'secret' });
  await assert.rejects(
    openRedis(wrong.href, 'queue', never),
    says('redis-unreachable', Number(wrong.port), /WRONGPASS/),
  );
  await close();
});

test('when Redis cannot be reached, the database that was opened is closed again and its folder free', async (t) => {
  const folder = await emptyFolder(t);
  await fillDataFolder(join(folder, 'postgres'));
  const closers = openClosers((name, message) => assert.fail(`${name}: ${message}`));
  const REDIS_URL = `redis://127.0.0.1:${DEAD_PORT}`;
  const settings = { DATABASE_URL: undefined, REDIS_URL, DATA_DIR: folder };
  await assert.rejects(openEngines(settings, closers, silent), { code: 'redis-unreachable' });
  await closers.closeAll();
  assert.deepEqual(await readdir(folder), ['postgres']);
});

test('a database folder that is damaged is named, and left as it is', async (t) => {
  const folder = await emptyFolder(t);
  await mkdir(join(folder, 'postgres'));
  await writeFile(join(folder, 'postgres', 'PG_VERSION'), '18\n');
  const closers = openClosers((name, message) => assert.fail(`${name}: ${message}`));
  const settings = { DATABASE_URL: undefined, REDIS_URL: undefined, DATA_DIR: folder };
  await assert.rejects(openEngines(settings, closers, silent), { code: 'data-folder-unusable', message: /postgres/ });
  await closers.closeAll();
  assert.deepEqual(await readdir(join(folder, 'postgres')), ['PG_VERSION']);
});
