import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Command } from 'commander';
import { addDoctor } from '../../src/cli/doctor.ts';
import type { Finding } from '../../src/cli/finding.ts';
import { openPglite } from '../../src/engines/pglite.ts';
import { CodedError } from '../../src/errors.ts';
import { fillDataFolder, openEmbeddedRedis } from '../support/engines.ts';
import { emptyFolder } from '../support/folders.ts';
import { fakeTerminal } from './fake-terminal.ts';

/** What it found by name, and whether it said that something is not right yet. */
async function examine(environment: Record<string, string>) {
  const terminal = fakeTerminal(environment);
  const program = new Command('newsrank').exitOverride();
  addDoctor(program, terminal);
  let failure = '';
  try {
    await program.parseAsync(['doctor', '--json'], { from: 'user' });
  } catch (error) {
    assert.ok(error instanceof CodedError && error.code === 'check-failed', String(error));
    failure = error.message;
  }
  const findings = JSON.parse(terminal.printed.join('')) as readonly Finding[];
  return { findings: Object.fromEntries(findings.map(({ check, ...found }) => [check, found])), failure };
}

async function dataFolder(t: TestContext): Promise<string> {
  const folder = await emptyFolder(t);
  await fillDataFolder(join(folder, 'postgres'));
  return folder;
}

test('of a database without tables it says so, and makes none', async (t) => {
  const settings = { DATA_DIR: await emptyFolder(t) };
  for (const time of ['first', 'second']) {
    const { findings, failure } = await examine(settings);
    const none = { isGood: true, detail: 'none yet: the first start makes it' };
    assert.deepEqual([findings['schema'], failure], [none, ''], time);
    assert.equal(findings['feeds'], undefined, 'there are no tables to look at');
  }
});

test('of a database of a newer version nothing but that is looked at', async (t) => {
  const folder = await dataFolder(t);
  const { sql, close } = await openPglite(join(folder, 'postgres'));
  await sql.query("insert into migrations (name, sha256) values ('999-later.sql', 'x')");
  await close();
  const { findings, failure } = await examine({ DATA_DIR: folder });
  assert.match(findings['schema']?.detail ?? '', /999-later\.sql/);
  assert.deepEqual([findings['schema']?.isGood, failure], [false, 'not right yet: schema.']);
  assert.equal(findings['feeds'], undefined);
});

test('a Redis that takes no writes is told once, and not as wrong counts as well', async (t) => {
  const { redis, url, close } = await openEmbeddedRedis();
  t.after(async () => {
    // Another test may be given it next.
    await redis.config('SET', 'maxmemory', '0');
    await close();
  });
  const settings = { DATA_DIR: await dataFolder(t), REDIS_URL: url };
  const well = await examine(settings);
  assert.equal(well.failure, '');
  assert.equal(well.findings['counts']?.isGood, true);
  await redis.config('SET', 'maxmemory', '1');
  const full = await examine(settings);
  assert.equal(full.failure, 'not right yet: Redis.');
  assert.match(full.findings['Redis']?.detail ?? '', /raise its maxmemory/);
  assert.equal(full.findings['counts'], undefined);
  assert.equal(full.findings['feeds']?.isGood, true);
});
