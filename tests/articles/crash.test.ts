import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Sql } from '../../src/engines/sql.ts';
import { migrate } from '../../src/schema/migrate.ts';
import { startChild } from '../support/children.ts';
import { databaseUrl, openDatabase, skipWithoutPostgres } from '../support/engines.ts';
import { addFeed, countOf } from './entries.ts';
import { draftOfRound, FEEDS, ROUNDS, storeRound } from './stored-rounds.ts';

/** Each kill cuts off all feeds of the process, each wherever it is: 56 points in all. */
const KILLS = 7;
const MAX_COMMITS = 10;

const CHILD = `
const { openPostgres } = await import(new URL('src/engines/postgres.ts', root));
const { FEEDS, storeRound } = await import(new URL('tests/articles/stored-rounds.ts', root));
const { sql } = await openPostgres(process.env.STORE_URL);
let left = Number(process.env.ROUNDS_LEFT);
const stored = async (feed) => {
  while (left-- > 0 && (await storeRound(sql, feed))) console.log('stored');
};
await Promise.all(Array.from({ length: FEEDS }, (_, feed) => stored(feed)));
if (left > 0) console.log('done');
`;

/** All that is known in the end, without what the order of the feeds decides: ids, and whose words a shared article has. */
async function stateOf(sql: Sql): Promise<unknown> {
  const { rows } = await sql.query(
    `select
       article.url,
       case when article.url like '%shared%' then null else article.title end as title,
       case when article.url like '%shared%' then null else article.revision end as revision,
       array(select feed_id || ' ' || guid || ' ' || first_seen_at || ' ' || last_seen_at from sources
             where article_id = article.id and article.url not like '%shared%' order by 1) as sources,
       array(select feed_id from sources where article_id = article.id order by 1) as feeds,
       array(select title || array_to_string(changed, ',') || replaced_at from article_revisions
             where article_id = article.id and article.url not like '%shared%' order by revision) as earlier,
       array(select category from article_categories where article_id = article.id order by 1) as categories,
       (select count(*) from article_aliases where article_id = article.id and article.url not like '%shared%') as keys
     from articles article order by article.url, article.title`,
  );
  const trust = await sql.query('select id, guid_trust, guid_evidence is null as calm from feeds order by id');
  return { rows, trust: trust.rows };
}

/** A database with the feeds, and nothing stored yet. */
async function openFeeds() {
  const opened = await openDatabase(databaseUrl ?? '', async (sql) => {
    await migrate(sql);
    await sql.script('create table progress (feed integer primary key, round integer not null)');
    for (let feed = 0; feed < FEEDS; feed += 1) {
      await addFeed(sql, `https://example.com/${feed}.rss`, [`c${feed}`]);
      await sql.query('insert into progress values ($1, 0)', [feed]);
    }
  });
  return opened;
}

async function storeAll(sql: Sql, times: number): Promise<void> {
  const storeFeed = async (feed: number) => {
    for (;;) {
      const more = await Promise.all(Array.from({ length: times }, () => storeRound(sql, feed)));
      if (!more.some(Boolean)) return;
    }
  };
  await Promise.all(Array.from({ length: FEEDS }, (_, feed) => storeFeed(feed)));
}

it('kill -9 wherever it strikes loses nothing and doubles nothing, and neither does every poll at once and twice', {
  skip: skipWithoutPostgres,
}, async (t) => {
  const [whole, twice, killed] = await Promise.all([openFeeds(), openFeeds(), openFeeds()]);
  t.after(() => Promise.all([whole, twice, killed].map(({ close }) => close())));
  await storeAll(whole.sql, 1);
  const expected = await stateOf(whole.sql);
  const shown = new Set(
    Array.from({ length: FEEDS * ROUNDS }, (_, n) => draftOfRound(n % FEEDS, Math.floor(n / FEEDS)))
      .flat()
      .map(({ url }) => url),
  );
  assert.equal(await countOf(whole.sql, 'articles'), shown.size);

  await storeAll(twice.sql, 2);
  assert.deepEqual(await stateOf(twice.sql), expected);

  // A busy machine may be late to kill: so that it never comes too late, one that is to die begins no more than this.
  const start = (rounds: number) => startChild(t, CHILD, { STORE_URL: killed.url, ROUNDS_LEFT: `${rounds}` });
  for (let kill = 0; kill < KILLS; kill += 1) {
    const commits = Math.ceil(Math.random() * MAX_COMMITS);
    const child = start(commits + FEEDS);
    for (let line = 0; line < commits; line += 1) assert.equal(await child.line(), 'stored');
    await child.kill();
  }
  const child = start(Number.POSITIVE_INFINITY);
  let left = 0;
  while ((await child.line()) !== 'done') left += 1;
  assert.ok(left > 0, 'the last process had nothing left to do');
  assert.deepEqual(await stateOf(killed.sql), expected);
});
