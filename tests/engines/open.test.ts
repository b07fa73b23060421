import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openClosers } from '../../src/closers.ts';
import { openEngines } from '../../src/engines/open.ts';
import { openLog } from '../../src/log.ts';
import { startChild } from '../support/children.ts';
import { databaseUrl, fillDataFolder, redisUrl, skipWithoutPostgres, skipWithoutRedis } from '../support/engines.ts';
import { emptyFolder } from '../support/folders.ts';

const WRITE = `
  const { openPglite } = await import(root + 'src/engines/pglite.ts');
  const { lockFolder } = await import(root + 'src/engines/folder-lock.ts');
  await lockFolder(process.env.FOLDER);
  const { sql } = await openPglite(process.env.FOLDER + '/postgres');
  await sql.script('create table written (n bigint primary key, filler text)');
  for (let n = 1; ; n++) {
    await sql.transaction(async (tx) => {
      await tx.query('insert into written values ($1, repeat(md5($2), 50))', [n, n]);
      await tx.query('update written set filler = md5(filler) where n = $1 - 5', [n]);
    });
    console.log(n);
  }`;

const closersOf = () => openClosers((name, message) => assert.fail(`${name}: ${message}`));

const logged = () => {
  const lines: { level: string; msg: string }[] = [];
  return { lines, log: openLog('info', { write: (line: string) => lines.push(JSON.parse(line)) }) };
};

test('embedded: a killed process leaves all that it committed, and its folder to the next', async (t) => {
  const folder = await emptyFolder(t);
  await fillDataFolder(join(folder, 'postgres'));
  const child = startChild(t, WRITE, { FOLDER: folder });
  let acknowledged = 0;
  while (acknowledged < 50) acknowledged = Number(await child.line());
  await child.kill();

  const { lines, log } = logged();
  const closers = closersOf();
  const settings = { DATABASE_URL: undefined, REDIS_URL: undefined, DATA_DIR: folder };
  const { sql, redis, connectRedis, isRedisEphemeral } = await openEngines(settings, closers, log);
  const { rows } = await sql.query<{ count: number; last: number }>('select count(*), max(n) as last from written');
  const [{ count, last } = { count: 0, last: 0 }] = rows;
  assert.ok(last >= acknowledged);
  assert.equal(count, last);

  assert.equal(isRedisEphemeral, true);
  assert.equal(await redis.incr('n'), 1);
  assert.equal(await (await connectRedis('queue')).incr('n'), 2);
  assert.equal(lines.length, 1);
  assert.match(lines[0]?.msg ?? '', /^embedded PostgreSQL in .*power cut.*; embedded Valkey \(in memory; restored/);
  await closers.closeAll();
  assert.deepEqual(await readdir(folder), ['postgres']);
});

test('embedded: a first start that was killed half-way does not stand in the way of the next', async (t) => {
  const folder = await emptyFolder(t);
  await mkdir(join(folder, 'postgres'));
  await writeFile(join(folder, 'postgres', 'PG_VERSION'), '18\n');
  await writeFile(join(folder, 'postgres.unfinished'), '');
  const closers = closersOf();
  const settings = { DATABASE_URL: undefined, REDIS_URL: redisUrl, DATA_DIR: folder };
  const { sql } = await openEngines(settings, closers, openLog('silent'));
  assert.deepEqual((await sql.query('select 1 as one')).rows, [{ one: 1 }]);
  await closers.closeAll();
  assert.deepEqual(await readdir(folder), ['postgres']);
});

test('servers: named without their passwords', { skip: skipWithoutPostgres || skipWithoutRedis }, async () => {
  const { lines, log } = logged();
  const closers = closersOf();
  const REDIS_URL = redisUrl;
  const DATABASE_URL = Object.assign(new URL(String(databaseUrl)), { password: 'secret' }).href;
  const engines = await openEngines({ DATABASE_URL, REDIS_URL, DATA_DIR: '/nowhere' }, closers, log);
  assert.match(engines.description, /^PostgreSQL at \S+:\d+; Redis at \S+:\d+$/);
  assert.equal(engines.isRedisEphemeral, false);
  assert.doesNotMatch(JSON.stringify(lines), /secret/);
  await closers.closeAll();
});
