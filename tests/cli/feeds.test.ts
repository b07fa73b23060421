import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, type TestContext, test } from 'node:test';
import { CommanderError } from 'commander';
import { loadSettings } from '../../config/load.ts';
import { listen } from '../../src/api/port.ts';
import type { WithFeedAdmin } from '../../src/cli/feed-admin.ts';
import { feedAdminOnApi } from '../../src/cli/feed-admin-api.ts';
import { feedAdminOnSql } from '../../src/cli/feed-admin-sql.ts';
import { systemClock } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { CodedError, type ErrorCode } from '../../src/errors.ts';
import { updateFeed } from '../../src/feeds/store.ts';
import { type FeedId, feedId } from '../../src/ids.ts';
import { serverFor } from '../api/server-under-test.ts';
import { openTestSql } from '../support/engines.ts';
import { emptyFolder } from '../support/folders.ts';
import { feedsOn } from './fake-terminal.ts';

const LOCAL_TOKEN = 'l'.repeat(64);
const OPML = `<opml version="2.0"><body><outline text="World"><outline text="Asia">
  <outline type="rss" text="Times" xmlUrl="https://times.example/asia"/></outline>
  <outline type="rss" text="Post" xmlUrl="https://post.example/feed"/></outline></body></opml>`;

let sql: Sql;
const closers: (() => Promise<unknown>)[] = [];
const admins: Record<string, WithFeedAdmin> = {};

before(async () => {
  const database = await openTestSql();
  ({ sql } = database);
  const server = await serverFor({}, { sql, localToken: LOCAL_TOKEN, pollNow: async (id) => pollNow(id) });
  const url = await listen(server, { HOST: '127.0.0.1', PORT: 0 });
  closers.push(() => server.close(), database.close);
  const settings = loadSettings({});
  const pollHere = async () => async (_: object, __: Sql, id: FeedId) => pollNow(id);
  admins['in the database'] = (_, work) => work(feedAdminOnSql({ sql, settings, pollHere }));
  admins['through the API'] = (_, work) => work(feedAdminOnApi({ url, token: LOCAL_TOKEN }));
});
after(async () => {
  for (const close of closers) await close();
});
beforeEach(() => sql.script('truncate feeds, categories cascade'));

/** What a poller would have written. */
async function pollNow(id: number, outcome = 'fresh', status = 200, error: string | null = null): Promise<void> {
  await sql.query(
    `insert into polls (feed_id, started_at, outcome, status, wire_bytes, duration_ms, inserted, error)
     values ($1, $2, $3, $4, 1234, 56, 7, $5)`,
    [id, systemClock(), outcome, status, error],
  );
  const state = [id, outcome, status, error];
  await sql.query('update feeds set last_outcome = $2, last_status = $3, last_error = $4 where id = $1', state);
}

async function opmlFile(t: TestContext, text = OPML): Promise<string> {
  const file = join(await emptyFolder(t), 'feeds.opml');
  await writeFile(file, text);
  return file;
}

const isCoded = (code: ErrorCode, says: RegExp) => (error: unknown) =>
  error instanceof CodedError && error.code === code && says.test(error.message) && !error.message.includes('\n');

/** Each verb does the same whichever way it goes. */
function testVerbs(name: string, check: (t: TestContext, feeds: ReturnType<typeof feedsOn>) => Promise<void>): void {
  for (const way of ['in the database', 'through the API']) {
    test(`${name}, ${way}`, (t) =>
      check(
        t,
        feedsOn((settings, work) => (admins[way] as WithFeedAdmin)(settings, work)),
      ));
  }
}

testVerbs('a feed is added once, found by id and URL, and removed', async (_, feeds) => {
  const added = await feeds(
    'add',
    'https://a.example/feed',
    '--category',
    'World News',
    'Life',
    '--title',
    'A',
    '--json',
  );
  const { id, isNew } = JSON.parse(added.text);
  assert.equal(isNew, true);
  assert.equal((await feeds('add', 'https://A.example/feed#x')).text, `Feed ${id} has this URL already.`);
  await assert.rejects(feeds('add', 'ftp://a.example/'), isCoded('feed-url-invalid', /http/));
  assert.match(
    (await feeds('explain', 'https://a.example/feed')).text,
    new RegExp(`^Feed ${id}: A \\(active, in life`),
  );
  assert.equal((await feeds('remove', 'https://a.example/feed')).text, `Removed feed ${id}, https://a.example/feed.`);
  for (const unknown of [String(id), 'https://a.example/feed', '999999999999999']) {
    await assert.rejects(feeds('remove', unknown), isCoded('feed-unknown', /There is no feed/));
  }
  await assert.rejects(feeds('explain', 'nonsense'), isCoded('feed-url-invalid', /no URL/));
});

testVerbs('the list shows those that are asked for', async (_, feeds) => {
  for (const [url, category] of [
    ['https://a.example/', 'Arts & Life'],
    ['https://b.example/', 'World'],
    ['https://c.example/', 'World'],
  ] as const) {
    await feeds('add', url, '--category', category);
  }
  await sql.query(`update feeds set failures = 3, last_outcome = 'failed:dns', last_error = 'x' where url like '%b.%'`);
  const { rows } = await sql.query<{ id: number }>(`select id from feeds where url like '%c.%'`);
  await updateFeed(sql, feedId(rows[0]?.id ?? 0), { state: 'paused' });
  const urls = async (...filter: string[]) =>
    (await feeds('list', '--json', ...filter)).text.split('\n').map((line) => line && JSON.parse(line).url);
  assert.deepEqual(await urls(), ['https://a.example/', 'https://b.example/', 'https://c.example/']);
  assert.deepEqual(await urls('--state', 'paused'), ['https://c.example/']);
  assert.deepEqual(await urls('--category', 'World'), ['https://b.example/', 'https://c.example/']);
  assert.deepEqual(await urls('--category', 'arts-life', '--state', 'active'), ['https://a.example/']);
  assert.deepEqual(await urls('--failing'), ['https://b.example/']);
  assert.deepEqual(await urls('--failing', '--state', 'paused'), ['']);
  assert.equal((await feeds('list', '--failing', '--state', 'paused')).text, 'No such feeds.');
  assert.match((await feeds('list')).text, /^id +state +last .*\n.*active +failed:dns +3 /s);
  await assert.rejects(feeds('list', '--state', 'happy'), CommanderError);
});

testVerbs('OPML goes in with progress, and comes out as it was', async (t, feeds) => {
  const file = await opmlFile(t);
  const imported = await feeds('import', file, '--category', 'Mine', '--json');
  assert.deepEqual(JSON.parse(imported.text), { added: 2, existing: 0, rejected: 0, problems: [], outlinesLeftOut: 0 });
  assert.deepEqual(imported.progress, ['2 of 2 feeds', '']);
  const { text } = await feeds('export');
  const again = await opmlFile(t, text);
  assert.equal((await feeds('import', again)).text, '0 added, 2 there already, 0 left out.');
  assert.match(text, /<outline text="World" title="World">\s*<outline text="Asia" title="Asia">/);
  assert.match(text, /<outline text="Mine"/);
  assert.equal((await feeds('export', '--json')).text.split('\n').length, 2);
  await assert.rejects(feeds('import', '/nowhere.opml'), isCoded('opml-unreadable', /nowhere/));
  const notes = await opmlFile(t, OPML.replace('</body>', `${'<outline text="note"/>'.repeat(10_003)}</body>`));
  assert.match((await feeds('import', notes)).text, /\nOutlines without a feed: 10000 kept, \d+ left out\.$/);
  const bad = await opmlFile(t, OPML.replace('https://post.example/feed', 'ftp://post.example/'));
  assert.match((await feeds('import', bad)).text, /1 left out.\n {2}ftp:\/\/post.example\/: The URL must start/);
});

testVerbs('a poll is made or asked for, and its outcome told', async (_, feeds) => {
  const { id } = JSON.parse((await feeds('add', 'https://a.example/', '--json')).text);
  assert.match((await feeds('poll', String(id))).text, /^fresh, status 200, 1234 bytes in 56 ms: 7 new/);
  assert.equal(JSON.parse((await feeds('poll', String(id), '--json')).text).outcome, 'fresh');
  await assert.rejects(
    feeds('poll', String(id), '--wait', 'long'),
    isCoded('usage-invalid', /--wait must be a duration/),
  );
});

testVerbs('explain tells the polls, the errors and what to do', async (_, feeds) => {
  const { id } = JSON.parse((await feeds('add', 'https://a.example/', '--json')).text);
  assert.match((await feeds('explain', String(id))).text, /It has not been polled yet/);
  await pollNow(id, 'unchanged', 304);
  await sql.query(`update feeds set failures = 2, basic_auth = 'user:secret' where id = $1`, [id]);
  await pollNow(id, 'failed:http-4xx', 404, 'No feed.');
  const { text } = await feeds('explain', String(id));
  assert.match(text, /The last 2 polls failed \(failed:http-4xx\)/);
  assert.match(text, /What to do: There is no feed at this URL any more/);
  assert.match(text, /Its last 2 polls \(304 to 50 % of 2 answered\):\nwhen +outcome +status +bytes/);
  const json = await feeds('explain', String(id), '--json');
  assert.deepEqual(JSON.parse(json.text).polls[0].error, 'No feed.');
  assert.doesNotMatch(json.text, /secret/);
});

test('where nobody polls here, the feed is made due for a running newsrank', async () => {
  const settings = loadSettings({});
  const onServer: WithFeedAdmin = (_, work) => work(feedAdminOnSql({ sql, settings, pollHere: async () => undefined }));
  const feeds = feedsOn(onServer);
  const { id } = JSON.parse((await feeds('add', 'https://a.example/', '--json')).text);
  await sql.query(`update feeds set next_poll_at = now() + interval '9 hours'`);
  assert.match((await feeds('poll', String(id), '--wait', '0s')).text, /^Asked for/);
  const { rows } = await sql.query('select next_poll_at <= now() as is_due from feeds');
  assert.deepEqual(rows, [{ is_due: true }]);
  await assert.rejects(feeds('poll', String(id), '--wait', '1ms'), isCoded('poll-failed', /Does a newsrank run/));
  const polled = feedsOn(onServer, {}, (line) => void (line !== '' && pollNow(id, 'failed:dns', 0, 'No such host.')));
  await assert.rejects(polled('poll', String(id)), isCoded('poll-failed', /No such host\. Look whether the host name/));
  await updateFeed(sql, feedId(id), { state: 'paused' });
  await assert.rejects(feeds('poll', String(id)), isCoded('feed-paused', /paused/));
});

test('an API that went away, or is no newsrank, is named in one line', async () => {
  const gone: WithFeedAdmin = (_, work) => work(feedAdminOnApi({ url: 'http://127.0.0.1:1', token: 'x' }));
  await assert.rejects(feedsOn(gone)('list'), isCoded('unavailable', /127\.0\.0\.1:1/));
});
