import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadSettings, printSettings } from '../../config/load.ts';
import { SETTINGS } from '../../config/settings.ts';
import { CodedError } from '../../src/errors.ts';
import { emptyFolder } from '../support/folders.ts';

const MINUTE = 60_000;

test('without an environment every setting has its default', () => {
  const settings = loadSettings({});
  assert.equal(settings.PORT, 8080);
  assert.equal(settings.SITE_NAME, 'JN');
  assert.equal(settings.POLL_MIN_INTERVAL, 5 * MINUTE);
  assert.equal(settings.DATABASE_URL, undefined);
  assert.deepEqual(settings.ROLES, ['scheduler', 'poller', 'counter', 'ranker', 'api']);
});

test('what the environment says is read in its own form', () => {
  const settings = loadSettings({
    ROLES: 'poller, ranker',
    POLL_MAX_INTERVAL: '90m',
    FETCH_ALLOW_CIDRS: '127.0.0.1/32, fd00::/8',
    PORT: '',
  });
  assert.deepEqual(settings.ROLES, ['poller', 'ranker']);
  assert.equal(settings.POLL_MAX_INTERVAL, 90 * MINUTE);
  assert.deepEqual(settings.FETCH_ALLOW_CIDRS, ['127.0.0.1/32', 'fd00::/8']);
  assert.equal(settings.PORT, 8080, 'an empty variable counts as unset');
});

test('all mistakes are reported together, each with what would be right', () => {
  const environment = {
    PORT: '70000',
    POLL_MIN_INTERVAL: '5 minutes',
    SITE_TIME_ZONE: 'Mars/Olympus',
    ROLES: 'poller,cook',
    REDIS_URL: 'http://localhost',
    ADMIN_TOKEN: 'too-short',
    FETCH_ALLOW_CIDRS: '127.0.0.1',
  };
  assert.throws(
    () => loadSettings(environment),
    (error) => {
      assert.ok(error instanceof CodedError);
      assert.equal(error.code, 'settings-invalid');
      for (const name of Object.keys(environment)) assert.ok(error.message.includes(`${name} must be`), name);
      assert.ok(!error.message.includes('too-short'), 'a secret is not repeated');
      return true;
    },
  );
});

test('a secret may lie in a file, and is never repeated', async (t) => {
  const file = join(await emptyFolder(t), 'admin_token');
  await writeFile(file, 'a-secret-of-thirty-two-characters\n');
  assert.equal(loadSettings({ ADMIN_TOKEN_FILE: file }).ADMIN_TOKEN, 'a-secret-of-thirty-two-characters');
  assert.match(printSettings({ ADMIN_TOKEN_FILE: file }), /^ADMIN_TOKEN=\*+$/m);
  assert.throws(
    () => loadSettings({ ADMIN_TOKEN_FILE: `${file}.not` }),
    /ADMIN_TOKEN must be in a file that can be read/,
  );
  const both = { ADMIN_TOKEN_FILE: file, ADMIN_TOKEN: 'another-secret-of-32-characters--' };
  assert.throws(() => loadSettings(both), /ADMIN_TOKEN must be set once/);
  await writeFile(file, 'short');
  assert.throws(() => loadSettings({ ADMIN_TOKEN_FILE: file }), /must be 32 to 512 characters long\.$/);
  assert.equal(loadSettings({ PORT_FILE: file }).PORT, 8080, 'what is no secret has no file');
});

test('a shortest interval above the longest is refused', () => {
  assert.throws(() => loadSettings({ POLL_MIN_INTERVAL: '7h' }), /POLL_MIN_INTERVAL must not be longer/);
});

test('printed settings mask secrets', () => {
  const printed = printSettings({ DATABASE_URL: 'postgres://u:hunter2@db/news', PORT: '9000' });
  assert.match(printed, /^DATABASE_URL=\*+$/m);
  assert.match(printed, /^PORT=9000$/m);
  assert.match(printed, /^# ADMIN_TOKEN is not set$/m);
  assert.ok(!printed.includes('hunter2'));
});

test("README's table holds each setting with its default", async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  for (const [name, { fallback }] of Object.entries(SETTINGS)) {
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\` |`));
    assert.ok(row !== undefined, `README has no row for ${name}`);
    if (fallback !== undefined && fallback !== '') assert.ok(row.includes(`\`${fallback}\``), `${name}: ${row}`);
  }
});

test('a base URL is taken without its last slash, and nothing that is none', () => {
  assert.equal(loadSettings({ PUBLIC_URL: 'https://rank.example/news/' }).PUBLIC_URL, 'https://rank.example/news');
  for (const wrong of ['rank.example', 'ftp://rank.example', 'https://rank.example/?x=1', 'https://u:p@rank.example']) {
    assert.throws(() => loadSettings({ PUBLIC_URL: wrong }), /PUBLIC_URL must be a URL such as/, wrong);
  }
});
