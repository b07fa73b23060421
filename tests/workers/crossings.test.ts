/**
 * Pairs that once waited for each other, each at the very moment that it took. docs/data-model.md says which lock comes
 * before which.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { changeFeed } from '../../src/articles/change-feed.ts';
import { forgetRemovedKeys } from '../../src/articles/clean-up.ts';
import { matchArticles } from '../../src/articles/copies/match-articles.ts';
import { mergeArticle } from '../../src/articles/copies/merge.ts';
import { restoreFingerprints } from '../../src/articles/copies/restore-fingerprints.ts';
import { noteCountChanges } from '../../src/articles/count-changes.ts';
import { PASS_SAVING } from '../../src/articles/gate.ts';
import { importFeeds } from '../../src/articles/import-feeds.ts';
import { listArticles } from '../../src/articles/list.ts';
import { removeFeed } from '../../src/articles/remove-feed.ts';
import { saveArticles } from '../../src/articles/save.ts';
import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { openAddressGuard } from '../../src/feeds/address-guard.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import { forgiveFeeds } from '../../src/feeds/forgive.ts';
import { openHttpClient } from '../../src/feeds/http-client.ts';
import { mendSchedule } from '../../src/feeds/mend-schedule.ts';
import { openOutageWatch } from '../../src/feeds/outage.ts';
import { openFeedReader } from '../../src/feeds/reader.ts';
import { pollRow, savePolls } from '../../src/feeds/save-poll.ts';
import { findFeed, readPollTarget } from '../../src/feeds/store.ts';
import type { ArticleId, FeedId } from '../../src/ids.ts';
import { newArticleId } from '../../src/ids.ts';
import { openLog } from '../../src/log.ts';
import { openMetrics } from '../../src/metrics.ts';
import { ledgerOnSql } from '../../src/views/import/store.ts';
import { type PollFeedTools, pollFeedInSlot } from '../../workers/poll-one.ts';
import { entryOf } from '../articles/entries.ts';
import { middle, pollOf } from '../feeds/poll-fixtures.ts';
import { cross } from '../support/crossing.ts';
import { openTestSql, skipWithoutPostgres } from '../support/engines.ts';
import { type Origin, openOrigin, redirecting, sending } from '../support/origin.ts';

const NOW = new Date('2026-11-23T03:00:00Z');
const FEED = `<rss version="2.0"><channel><title>Times</title>
<item><title>One</title><guid>1</guid><link>https://a.example/1</link></item>
<item><title>Two</title><guid>2</guid><link>https://a.example/2</link></item></channel></rss>`;
const EMPTY = FEED.replace(/<item>.*<\/item>/s, '');
const ago = (ms: number) => new Date(NOW.getTime() - ms);

describe('who works at the same time does not end the other', { skip: skipWithoutPostgres }, () => {
  let sql: Sql;
  let close: () => Promise<void>;
  let origin: Origin;
  let tools: PollFeedTools;
  const client = openHttpClient({ guard: openAddressGuard(['127.0.0.1/32']), userAgent: 'test' });
  const reader = openFeedReader({ threads: 1 });

  before(async () => {
    ({ sql, close } = await openTestSql());
    origin = await openOrigin();
    tools = {
      ...{ sql, outage: openOutageWatch(), limits: { minSeconds: 300, maxSeconds: 3600 }, random: middle },
      fetching: { client, reader, budget: { take: async () => 0, stop: async () => {} } },
      saver: { add: async (line) => (await savePolls(sql, [line])).has(line.feed) },
      ...{ clock: () => NOW, metrics: openMetrics('test'), log: openLog('silent') },
    };
  });
  after(async () => {
    await Promise.all([client.close(), reader.close()]);
    await origin.close();
    await close();
  });
  beforeEach(async () => {
    await sql.script(
      'truncate feeds, articles, categories, count_changes, removed_keys, view_imports, read_counts cascade',
    );
    origin.on('/feed', sending(FEED));
  });

  async function add(path: string, categories: readonly string[] = []): Promise<FeedId> {
    const { added } = await importFeeds(sql, [{ url: `${origin.url}${path}`, categories }], NOW);
    assert.ok(added[0] !== undefined);
    return added[0];
  }

  /** A poll that is under way: what is left is to store it. */
  async function begin(id: FeedId): Promise<() => Promise<string>> {
    await sql.query('update feeds set leased_until = $2 where id = $1', [id, ago(-MINUTE)]);
    const target = await readPollTarget(sql, id);
    assert.ok(target);
    return async () => {
      const { outcome, written } = await pollFeedInSlot(tools, target, 0);
      await written;
      return outcome;
    };
  }

  const poll = async (id: FeedId) => (await begin(id))();

  /** The next poll of it is sure that it moved there. */
  async function move(id: FeedId, path: string): Promise<void> {
    await sql.query('update feeds set moved_polls = 2, moved_since = $2, moved_to = $3 where id = $1', [
      ...[id, ago(DAY), `${origin.url}${path}`],
    ]);
  }

  const passGate = (tx: Sql) => tx.query(`select ${PASS_SAVING}`);

  const linked = (n: number, guid = `${n}`) =>
    entryOf({ guid, title: ['One', 'Two', 'Three'][n - 1] ?? '', url: `https://a.example/${n}` });

  /** A push to the feed that is read, so long after now, and is still to be stored. */
  async function pushed(id: FeedId, entries: readonly Entry[], after = 0): Promise<() => Promise<unknown>> {
    const target = await readPollTarget(sql, id);
    assert.ok(target);
    return () => sql.transaction((tx) => saveArticles(tx, target, entries, ago(-after)));
  }

  it('imports of the same new feeds or categories in opposite order', async () => {
    for (const [names, held] of [
      [[], "insert into feeds (url, host) values ('https://m.example/', 'm')"],
      [['z', 'm', 'a'], "insert into categories (slug, name) values ('m', 'm')"],
    ] as const) {
      const feeds = ['a', 'm', 'z'].map((host, n) => ({
        url: `https://${host}.example/`,
        categories: names.slice(n, n + 1),
      }));
      const imports = [feeds, feeds.toReversed()].map((given) => () => importFeeds(sql, given, NOW));
      await cross(sql, (tx) => tx.query(held), ...imports);
      const { rows } = await sql.query('select url from feeds');
      assert.equal(rows.length, 3);
      await sql.script('truncate feeds, categories cascade');
    }
  });

  it('a large import, and one feed that is not in it', async () => {
    const many = Array.from({ length: 1500 }, (_, n) => ({ url: `https://h${n}.example/`, categories: ['Many'] }));
    const one = { url: 'https://one.example/', categories: ['Many'] };
    let isAdded = false;
    await cross(
      sql,
      (tx) => tx.query("insert into feeds (url, host) values ('https://h1400.example/', 'h')"),
      () => importFeeds(sql, many, NOW),
      async () => {
        isAdded = (await importFeeds(sql, [one], NOW)).added.length === 1;
      },
      async () => assert.ok(isAdded, 'it does not wait'),
    );
  });

  it('a large import, and a feed that gets the same new categories', async () => {
    const id = await add('/feed');
    const many = Array.from({ length: 1001 }, (_, n) => ({
      url: `https://h${n}.example/`,
      categories: [n === 1000 ? 'a' : 'z'],
    }));
    await cross(
      sql,
      (tx) => tx.query("insert into feeds (url, host) values ('https://h5.example/', 'h')"),
      () => importFeeds(sql, many, NOW),
      () => changeFeed(sql, id, { categories: ['a', 'z'] }, NOW),
    );
    assert.deepEqual((await findFeed(sql, id))?.categories, ['a', 'z']);
  });

  it('a feed that merges with another, and gets other categories', async () => {
    const [old] = [await add('/old', ['Old']), await add('/feed', ['New'])];
    origin.on('/old', redirecting('/feed', 301));
    origin.on('/feed', sending(EMPTY));
    await move(old, '/feed');
    const change = () => changeFeed(sql, old, { categories: ['Other'] }, NOW);
    const [, outcome] = await cross(sql, passGate, change, await begin(old));
    assert.equal(outcome, 'moved');
    const { rows } = await sql.query('select url from feeds');
    assert.deepEqual(rows, [{ url: `${origin.url}/feed` }]);
  });

  it('a feed that merges with another, and one that the other is pushed', async () => {
    const [old, owner] = [await add('/old'), await add('/feed')];
    origin.on('/old', redirecting('/feed', 301));
    await poll(owner);
    await poll(old);
    await move(old, '/feed');
    const sources = (tx: Sql) => tx.query('select from sources where feed_id = $1 for update', [owner]);
    const push = await pushed(owner, [linked(1), linked(2), linked(3)], 2 * HOUR);
    await cross(sql, sources, push, await begin(old));
    assert.equal(await findFeed(sql, old), undefined);
  });

  it('a feed that moves, and is pushed', async () => {
    const id = await add('/old');
    await (await pushed(id, [linked(1, 'first guid')]))();
    origin.on('/feed', sending(EMPTY));
    origin.on('/old', redirecting('/feed', 301));
    await move(id, '/feed');
    // Another guid of the same article is noted in the feed's row, after its new category was.
    await sql.script(`insert into categories (slug, name) values ('new', 'New');
      insert into feed_categories (feed_id, category) select id, 'new' from feeds`);
    const push = await pushed(id, [linked(1, 'second guid')]);
    const category = (tx: Sql) => tx.query('select from categories for update');
    const [, outcome] = await cross(sql, category, push, await begin(id));
    assert.equal(outcome, 'moved');
    assert.equal((await findFeed(sql, id))?.url, `${origin.url}/feed`);
  });

  it('a feed that is removed, and polled', async () => {
    const id = await add('/feed');
    await poll(id);
    await sql.query("update sources set last_seen_at = last_seen_at - interval '2 hours'");
    origin.on('/feed', sending(FEED.replace('</channel>', '<item><title>Three</title></item></channel>')));
    const sources = (tx: Sql) => tx.query('select from sources where feed_id = $1 for update', [id]);
    await cross(sql, sources, await begin(id), () => removeFeed(sql, id));
    assert.equal(await findFeed(sql, id), undefined);
  });

  it('two feeds that move to one URL', async () => {
    const [one, other] = [await add('/old'), await add('/older')];
    origin.on('/feed', sending(EMPTY));
    for (const path of ['/old', '/older']) origin.on(path, redirecting('/feed', 301));
    for (const id of [one, other]) await move(id, '/feed');
    const [first, second] = [await begin(one), await begin(other)];
    const url = (tx: Sql) => tx.query("insert into feeds (url, host) values ($1, 'h')", [`${origin.url}/feed`]);
    const outcomes = await cross(sql, url, first, second);
    assert.ok(outcomes.includes('moved'));
    for (const id of [one, other]) if ((await findFeed(sql, id)) !== undefined) await poll(id);
    const { rows } = await sql.query('select url from feeds');
    assert.deepEqual(rows, [{ url: `${origin.url}/feed` }]);
  });

  it('polls that are written, forgiven and put right, whatever the order of the rows on disk', async () => {
    const ids: FeedId[] = [];
    for (let n = 0; n < 3; n++) ids.push(await add(`/${n}`));
    const [first, , last] = ids as [FeedId, FeedId, FeedId];
    const lease = ago(-MINUTE);
    const works: Readonly<Record<'forgive' | 'mend' | 'save', () => Promise<unknown>>> = {
      forgive: () => forgiveFeeds(sql, ids, 300, NOW, middle),
      mend: () => mendSchedule(sql, ago(DAY)),
      save: async () => {
        const targets = await Promise.all(ids.map((id) => readPollTarget(sql, id)));
        const limits = { minSeconds: 300, maxSeconds: 3600, isOwnOutage: false };
        const counts = { inserted: 0, updated: 0, unchanged: 0, rejected: 0 };
        const rows = targets.flatMap((target) =>
          target === undefined ? [] : [pollRow(target, pollOf({ kind: 'unchanged' }), counts, limits, NOW, middle)],
        );
        return await savePolls(
          sql,
          rows.map(({ line }) => line),
        );
      },
    };
    const names = ['forgive', 'mend', 'save'] as const;
    for (const one of names) {
      for (const other of names.filter((name) => name !== one)) {
        for (const held of [first, last]) {
          await sql.query(
            "update feeds set failures = 3, last_outcome = 'failed:dns', last_polled_at = $1, leased_until = $2",
            [NOW, lease],
          );
          // The first row is the last on disk.
          await sql.query('update feeds set title = title where id = $1', [first]);
          await cross(
            sql,
            (tx) => tx.query('select from feeds where id = $1 for update', [held]),
            works[one],
            works[other],
          );
        }
      }
    }
  });

  it('a log of views that is imported, and articles that change', async () => {
    const id = await add('/feed');
    await (await pushed(id, [linked(1)]))();
    const [kept] = (await listArticles(sql, { limit: 1 })).items;
    assert.ok(kept);
    const [between, gone] = [newArticleId(ago(-HOUR), 0), newArticleId(ago(-DAY), 0)];
    const ledger = ledgerOnSql(sql, { byIds: async () => new Map(), byUrls: async () => new Map() }, () => NOW);
    const slot = Math.floor(ago(HOUR).getTime() / (5 * MINUTE));
    const counts = [kept.id, gone].map((article) => ({ slot, article, reads: 1, boxReads: 0 }));
    const batch = {
      ...{ id: undefined, since: 0, head: 1, position: 1, hash: '00', warm: 0, spans: [], source: '', name: 'log' },
      ...{ lines: 2, refused: {}, counts },
    };
    await cross(
      sql,
      (tx) => noteCountChanges(tx, [between], NOW),
      () => noteCountChanges(sql, [kept.id, between, gone], NOW),
      () => ledger.commit(batch),
    );
  });

  describe('articles that get new words', () => {
    let ids: readonly [ArticleId, ArticleId, ArticleId];
    let update: () => Promise<unknown>;

    /** Three articles, the oldest first, of which the poll has the first and waits for the second when the others come. */
    beforeEach(async () => {
      const id = await add('/feed');
      const entries = [1, 2, 3].map((n) => ({ ...linked(n), publishedAt: ago((9 - n) * HOUR) }));
      await (await pushed(id, entries))();
      await matchArticles(sql, NOW);
      const { rows } = await sql.query<{ id: ArticleId }>('select id from articles order by id');
      ids = rows.map((row) => row.id) as unknown as typeof ids;
      update = await pushed(
        id,
        entries.map((one) => ({ ...one, summary: 'New words.' })),
      );
    });
    const second = (tx: Sql) => tx.query('select from articles where id = $1 for no key update', [ids[1]]);

    it('and are made copies of each other', async () => {
      await cross(sql, second, update, () => mergeArticle(sql, ids[2], ids[0], NOW));
    });

    it('and are matched, one of them as a copy no longer', async () => {
      await sql.query('update articles set original_id = $2, matched_at = null where id = $1', [ids[2], ids[1]]);
      await sql.query('update articles set matched_at = null where id = $1', [ids[0]]);
      await cross(sql, second, update, () => matchArticles(sql, NOW));
    });
  });

  it('fingerprints that are made anew for long, and a feed that gets other categories', async () => {
    const [id, other] = [await add('/feed'), await add('/other')];
    await (await pushed(id, [linked(1)]))();
    await matchArticles(sql, NOW);
    await sql.query('delete from fingerprints');
    await (await pushed(id, [linked(2)]))();
    let isChanged = false;
    const [restored] = await cross(
      sql,
      (tx) => tx.query('select from articles for update'),
      () => restoreFingerprints(sql, ago(DAY)),
      () => matchArticles(sql, NOW),
      async () => {
        isChanged = (await changeFeed(sql, other, { categories: ['Other'] }, NOW)) !== undefined;
      },
      async () => assert.ok(isChanged, 'it does not wait'),
    );
    assert.equal(restored, 1);
  });

  it('keys that are forgotten, and that a feed brings again', async () => {
    const id = await add('/feed');
    const target = await readPollTarget(sql, id);
    assert.ok(target);
    const entries = [1, 2, 3, 4, 5, 6].map((n) =>
      entryOf({ guid: `g${n}`, title: `T${n}`, publishedAt: ago(90 * DAY) }),
    );
    await saveArticles(sql, target, entries, ago(90 * DAY));
    await sql.query(
      'insert into removed_keys (key, removed_at, seen_at) select key, $1, $1 from article_aliases where not is_weak order by key desc',
      [ago(60 * DAY)],
    );
    await sql.script('delete from articles');
    // The last by their order, and the first on disk.
    await cross(
      sql,
      (tx) =>
        tx.query(
          'select from removed_keys where key = (select key from removed_keys order by key desc limit 1) for update',
        ),
      () => forgetRemovedKeys(sql, NOW),
      () => saveArticles(sql, target, entries, NOW),
    );
  });
});
