import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { saveArticles } from '../../src/articles/save.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { addFeeds, readPollTarget } from '../../src/feeds/store.ts';
import { type BackupHeader, backUp, listTables } from '../../src/schema/backup.ts';
import { restore } from '../../src/schema/restore.ts';
import { ensurePartition } from '../../src/views/partitions.ts';
import { entryAt, later, NOW } from '../feeds/poll-fixtures.ts';
import { openEmbeddedSql, openTestSql } from '../support/engines.ts';

const ABOUT = { version: '1.2.3', at: NOW.toISOString() };
const ENTRIES = 450;
let from: Sql;
let to: Sql;
let lines: string[];
const closers: (() => Promise<void>)[] = [];

before(async () => {
  const [source, target] = [await openEmbeddedSql(), await openTestSql()];
  closers.push(source.close, target.close);
  [from, to] = [source.sql, target.sql];
  await fill(from);
  lines = await linesOf(from);
});
after(async () => {
  for (const close of closers) await close();
});

/** What the product stores, and values that are easily spoilt on their way. */
async function fill(sql: Sql): Promise<void> {
  const { added } = await addFeeds(sql, [{ url: 'https://a.example/feed', categories: ['News', '経済'] }], NOW);
  const feed = added[0] && (await readPollTarget(sql, added[0]));
  assert.ok(feed);
  const entries = Array.from({ length: ENTRIES }, (_, n) => ({
    ...{ ...entryAt(NOW), title: `Line\n"quoted" \\ ${n} 日本 😀`, guid: `g${n}`, url: `https://a.example/${n}` },
  }));
  await saveArticles(sql, feed, entries, NOW);
  await saveArticles(sql, feed, [{ ...entries[0], title: 'New words' } as (typeof entries)[0]], later(60));
  // A row that refers to one which comes after it.
  await sql.query(
    'update articles set original_id = (select max(id) from articles) where id = (select min(id) from articles)',
  );
  await sql.query(
    `update feeds set next_poll_at = '2026-01-31 09:00:00.123457+00', body_hash = '\\xdeadbeef', etag = E'"a\\\\\\t\\x7f"'`,
  );
  await sql.transaction((tx) => ensurePartition(tx, 'slot', NOW));
  await sql.query(
    `insert into read_counts (grain, slot, article_id, reads) select 'slot', $1, min(id), 7 from articles
     union all select 'day', $1::timestamptz - interval '400 days', min(id), 9 from articles`,
    [NOW],
  );
  await sql.query(
    `insert into term_frequencies (term, articles, counted_at) values ('en:pi', 0.1::real + 0.2::real, $1)`,
    [NOW],
  );
}

async function linesOf(sql: Sql): Promise<string[]> {
  const written: string[] = [];
  await backUp(sql, ABOUT, async (line) => void written.push(line));
  return written;
}

async function* asRead(given: readonly string[]): AsyncGenerator<string> {
  yield* given;
}

const isEmpty = async (): Promise<boolean> =>
  (await to.query('select from feeds union all select from articles')).count === 0;

async function refused(given: readonly string[], code: string, message: RegExp): Promise<void> {
  await assert.rejects(restore(to, asRead(given)), { code, message });
  assert.ok(await isEmpty());
}

const headerWith = (change: Partial<BackupHeader>): string[] => {
  const [, header] = JSON.parse(lines[0] ?? '') as [string, BackupHeader];
  return [JSON.stringify(['newsrank', { ...header, ...change }]), ...lines.slice(1)];
};

test('what is no whole backup of ours leaves the database empty', async () => {
  await refused([], 'backup-unreadable', /no JSON/);
  await refused(['[]'], 'backup-unreadable', /does not begin/);
  await refused(['{"a":1}'], 'backup-unreadable', /does not begin/);
  await refused(headerWith({ format: 2 }), 'backup-unreadable', /format 2/);
  await refused(
    headerWith({ migrations: [{ name: '999-later.sql', sha256: '' }] }),
    'schema-newer',
    /newsrank 1\.2\.3/,
  );
  await refused(lines.slice(0, -1), 'backup-unreadable', /too early/);
  await refused(lines.toSpliced(5, 1), 'backup-unreadable', /end/);
  await refused([...lines.slice(0, 1), '{"id":1}', ...lines.slice(1)], 'backup-unreadable', /no table/);
  await refused([...lines.slice(0, 1), '["table","pg_authid"]'], 'backup-unreadable', /pg_authid/);
  for (const header of ['["newsrank"]', '["newsrank",null]', '["newsrank",7]']) {
    await refused([header], 'backup-unreadable', /does not begin/);
  }
  await refused(['["newsrank",{"format":1}]'], 'backup-unreadable', /no migrations/);
  await refused(headerWith({ migrations: [] }), 'backup-unreadable', /no migrations/);
  await refused(headerWith({ partitions: [null as never] }), 'backup-unreadable', /partitions/);
  const withEnd = (...end: readonly string[]) => [...lines.slice(0, -2), ...end];
  const ended = lines.at(-1) ?? '';
  await refused(withEnd('["sequences",{"pg_class":1}]', ended), 'backup-unreadable', /pg_class is none of ours/);
  await refused(withEnd('["sequences",{"feeds_id_seq":"many"}]', ended), 'backup-unreadable', /take its rows/);
  for (const line of ['["sequences",null]', '["end",null]', '[]', '7', 'null', '"end"']) {
    await refused(withEnd(line), 'backup-unreadable', /says/);
  }
  const row = lines.findIndex((line) => line.startsWith('{"id"'));
  await refused(lines.with(row, '{"id":'), 'backup-unreadable', /take its rows/);
  await refused(lines.with(row, '{"id":"many"}'), 'backup-unreadable', /take its rows/);
  await refused(lines.toSpliced(row, 0, lines[row] ?? ''), 'backup-unreadable', /take its rows/);
  await refused(
    lines.filter((line) => !line.includes('"https://a.example/feed"')),
    'backup-unreadable',
    /take its rows|rows/,
  );
  for (const partition of [
    {
      name: 'x; drop table feeds',
      parent: 'read_counts_slots',
      bounds: "FOR VALUES FROM ('2026-01-01') TO ('2026-01-02')",
    },
    { name: 'x', parent: 'pg_class', bounds: "FOR VALUES FROM ('2026-01-01') TO ('2026-01-02')" },
    { name: 'x', parent: 'read_counts_slots', bounds: 'DEFAULT; drop table feeds' },
  ]) {
    await refused(headerWith({ partitions: [partition] }), 'backup-unreadable', /partition/);
  }
});

test('a restored database is the one that was backed up, and goes on from there', async () => {
  const progress: string[] = [];
  const rows = await restore(to, asRead(lines), (_, table) => void progress.push(table));
  assert.equal(rows, lines.filter((line) => line.startsWith('{')).length);
  assert.ok(progress.includes('articles') && progress.filter((table) => table === 'articles').length === 1);
  for (const { name } of await listTables(from)) {
    const text = `select to_jsonb(${name})::text as row from ${name} order by 1`;
    const [there, here] = [await from.query(text), await to.query(text)];
    assert.deepEqual(here.rows, there.rows, name);
  }
  assert.deepEqual(JSON.parse((await linesOf(to))[0] ?? ''), JSON.parse(lines[0] ?? ''), 'partitions as well');
  const [feed] = (await addFeeds(to, [{ url: 'https://b.example/feed' }], NOW)).added;
  assert.ok(Number(feed) > 1, 'ids go on after the last');
  await assert.rejects(
    to.query("insert into sources (feed_id, guid_hash, article_id, guid) values (999, '', 'none', '')"),
  );
  await assert.rejects(restore(to, asRead(lines)), { code: 'database-used' });
});

test('references are what they were before they were dropped for the load', async () => {
  const text = `select conrelid::regclass::text, conname, pg_get_constraintdef(oid) as rule from pg_constraint
    where contype = 'f' and conparentid = 0 order by 1, 2`;
  assert.deepEqual((await to.query(text)).rows, (await from.query(text)).rows);
});
