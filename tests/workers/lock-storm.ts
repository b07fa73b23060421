import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { changeFeed } from '../../src/articles/change-feed.ts';
import { matchArticles } from '../../src/articles/copies/match-articles.ts';
import { mergeArticle } from '../../src/articles/copies/merge.ts';
import { splitArticle } from '../../src/articles/copies/split.ts';
import { importFeeds } from '../../src/articles/import-feeds.ts';
import { removeFeed } from '../../src/articles/remove-feed.ts';
import { saveArticles } from '../../src/articles/save.ts';
import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { CodedError } from '../../src/errors.ts';
import { openAddressGuard } from '../../src/feeds/address-guard.ts';
import { forgiveFeeds } from '../../src/feeds/forgive.ts';
import { openHttpClient } from '../../src/feeds/http-client.ts';
import { mendSchedule } from '../../src/feeds/mend-schedule.ts';
import { openOutageWatch } from '../../src/feeds/outage.ts';
import { openPollSaver } from '../../src/feeds/poll-saver.ts';
import { openFeedReader } from '../../src/feeds/reader.ts';
import { savePolls } from '../../src/feeds/save-poll.ts';
import { readPollTarget } from '../../src/feeds/store.ts';
import { notePush } from '../../src/feeds/websub/pushes.ts';
import { claimSubscriptions, matchSubscriptions } from '../../src/feeds/websub/store.ts';
import { type ArticleId, type FeedId, feedId, shardOf } from '../../src/ids.ts';
import { openLog } from '../../src/log.ts';
import { openMetrics } from '../../src/metrics.ts';
import { addCuration, endCuration } from '../../src/ranking/curation-store.ts';
import { ledgerOnSql } from '../../src/views/import/store.ts';
import { recordReads } from '../../src/views/record.ts';
import { revokeViews, undoRevocation } from '../../src/views/revoke.ts';
import { archiveViews } from '../../workers/archive-views.ts';
import { cleanUp } from '../../workers/clean-up.ts';
import { type PollFeedTools, pollFeedInSlot } from '../../workers/poll-one.ts';
import { entryOf } from '../articles/entries.ts';
import { openOrigin } from '../support/origin.ts';

/** What the storm came to. */
export interface LockStorm {
  /** How often each kind of work was done. */
  readonly done: Readonly<Record<string, number>>;
  /** What failed, a line each: the work and PostgreSQL's code. */
  readonly failures: readonly string[];
  /** As PostgreSQL counts them, of this database. */
  readonly deadlocks: number;
  /** The longest that each kind took (ms). */
  readonly longest: Readonly<Record<string, number>>;
}

const START = new Date('2026-11-23T03:10:00Z').getTime();
/** Of the storm's time in one of ours: keeping times, leases and granularities all come into play. */
const FASTER = 1200;
const FEEDS = 12;
const FARTHEST_MS = 8;
const LINKS = 60;
const CATEGORIES = 8;
/** What stops all others for a while, so that nothing would meet while it goes on and on. */
const SELDOM = /^(clean|archive|remove|revoke|log)/;
/** What may well be: the article or feed is gone by now. */
const EXPECTED = new Set(['article-unknown', 'article-alone', 'usage-invalid', 'curation-unknown', 'import-running']);

/**
 * Everything that writes to PostgreSQL at once, for so long, on so few feeds and articles that all of it meets: imports,
 * changed, removed, moving, polled and pushed feeds, copies, clean-up, counts, revocations, curations.
 */
export async function runLockStorm(near: Sql, redis: Redis, ms: number, random: () => number): Promise<LockStorm> {
  const sql = farAway(near, random);
  const [origin, began] = [await openOrigin(), Date.now()];
  const clock = () => new Date(START + (Date.now() - began) * FASTER);
  const before = (span: number) => new Date(clock().getTime() - span);
  const upTo = (n: number) => Math.floor(n * random());
  const shuffled = <T>(all: readonly T[]) =>
    all
      .map((one) => ({ one, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ one }) => one);
  const path = (n: number) => `/f${n}`;
  const someCategories = () => Array.from({ length: 1 + upTo(3) }, () => `Section ${upTo(CATEGORIES)}`);
  const linkOf = (n: number) => `https://press.example/${Math.floor(clock().getTime() / DAY)}/${n}`;
  const words = (n: number) => `${'word '.repeat(1 + (n % 4))} story ${n % 15} of the day ${Math.floor(n / 20)}`;

  for (let n = 0; n < FEEDS; n++) {
    origin.on(path(n), (_, response) => {
      if (random() < 0.15) return void response.writeHead(301, { location: path(upTo(FEEDS)) }).end();
      if (random() < 0.15) return void response.writeHead(503).end();
      const items = shuffled(Array.from({ length: LINKS }, (_, link) => link)).slice(0, 12);
      const hub = random() < 0.5 ? '<atom:link rel="hub" href="https://hub.example/"/>' : '';
      const written = items.map(
        (link) => `<item><guid>${random() < 0.3 ? random() : link}</guid><link>${linkOf(link)}</link>
          <title>${words(link)} ${upTo(3)}</title><pubDate>${before(upTo(DAY)).toUTCString()}</pubDate></item>`,
      );
      response.end(`<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>F${n}</title>${hub}
        <atom:link rel="self" href="${origin.url}${path(n)}"/>${written.join('')}</channel></rss>`);
    });
  }

  const client = openHttpClient({ guard: openAddressGuard(['127.0.0.1/32']), userAgent: 'test' });
  const reader = openFeedReader({ threads: 1 });
  const metrics = openMetrics('test');
  const tools: PollFeedTools = {
    ...{ sql, outage: openOutageWatch(), limits: { minSeconds: 300, maxSeconds: 3600 }, random },
    fetching: { client, reader, budget: { take: async () => 0, stop: async () => {} } },
    saver: openPollSaver((lines) => savePolls(sql, lines), 5),
    ...{ clock, metrics, log: openLog('silent') },
  };
  const anyFeed = async (): Promise<FeedId | undefined> => {
    const { rows } = await sql.query<{ id: number }>('select id from feeds order by random() limit 1');
    return rows[0] && feedId(rows[0].id);
  };
  const anyArticles = async (count: number): Promise<ArticleId[]> => {
    const { rows } = await sql.query<{ id: ArticleId }>('select id from articles order by random() limit $1', [count]);
    return rows.map(({ id }) => id);
  };
  const onFeed = (work: (id: FeedId) => Promise<unknown>) => async () => {
    const id = await anyFeed();
    if (id !== undefined) await work(id);
  };
  const toImport = () =>
    shuffled(
      Array.from({ length: FEEDS }, (_, n) => ({ url: `${origin.url}${path(n)}`, categories: someCategories() })),
    );
  const ledger = ledgerOnSql(sql, { byIds: async () => new Map(), byUrls: async () => new Map() }, clock);
  const archive = archiveViews({ sql, redis, clock, metrics, site: { siteName: 'Storm', zone: 'UTC' } });
  const clean = cleanUp({ sql, clock, articleRetentionMs: HOUR, readsRetentionMs: 30 * DAY, zone: 'UTC' });
  const slotOf = (at: Date) => Math.floor(at.getTime() / (5 * MINUTE));
  let head = 0;

  const works: Readonly<Record<string, () => Promise<unknown>>> = {
    importAll: () => importFeeds(sql, toImport(), clock()),
    importAgain: () => importFeeds(sql, toImport(), clock()),
    addOne: () => importFeeds(sql, toImport().slice(0, 1), clock()),
    file: onFeed((id) => changeFeed(sql, id, { categories: someCategories() }, clock())),
    fileAnother: onFeed((id) => changeFeed(sql, id, { categories: someCategories() }, clock())),
    rename: onFeed((id) => changeFeed(sql, id, { title: `T${upTo(9)}`, state: 'active' }, clock())),
    remove: onFeed((id) => removeFeed(sql, id)),
    ...Object.fromEntries(['poll', 'poll2', 'poll3', 'poll4', 'poll5', 'poll6'].map((name) => [name, onFeed(poll)])),
    push: onFeed(push),
    push2: onFeed(push),
    forgive: async () => forgiveFeeds(sql, shuffled(await allFeeds()), 300, clock(), random),
    mend: () => mendSchedule(sql, before(upTo(10) * HOUR)),
    subscribe: () => matchSubscriptions(sql, 'https://rank.example', clock()),
    claim: () => claimSubscriptions(sql, 10, clock()),
    match: () => matchArticles(sql, clock()),
    matchToo: () => matchArticles(sql, clock()),
    merge: async () => {
      const [one, other] = await anyArticles(2);
      if (one !== undefined && other !== undefined) await mergeArticle(sql, one, other, clock());
    },
    split: async () => {
      const [one] = await anyArticles(1);
      if (one !== undefined) await splitArticle(sql, one, clock());
    },
    clean,
    cleanToo: clean,
    read: async () => {
      for (const article of await anyArticles(20)) {
        const read = { article, categories: [], at: clock(), isTimeNamed: false, isBox: false };
        await recordReads(redis, shardOf(article), clock(), [
          { ...read, visitor: `${random()}`, visitorBefore: undefined },
        ]);
      }
    },
    archive,
    archiveToo: archive,
    log: async () => {
      const counts = (await anyArticles(20)).map((article) => ({
        slot: slotOf(before(HOUR)),
        article,
        reads: 1,
        boxReads: 0,
      }));
      head += 1;
      const batch = { id: undefined, since: 1e9, head, position: 1, hash: '00', warm: 0, spans: [], source: '' };
      await ledger.commit({ ...batch, name: 'log', lines: 1, refused: {}, counts });
    },
    revoke: async () => {
      const [article] = await anyArticles(1);
      const rule = { class: undefined, from: before(3 * HOUR), to: clock(), article };
      const { id } = await revokeViews(sql, rule, 'UTC', clock(), { by: 'storm', reason: '' });
      await sleep(20);
      if (id !== undefined && random() < 0.7) await undoRevocation(sql, id, 'storm', clock());
    },
    curate: async () => {
      const [value] = await anyArticles(1);
      if (value === undefined) return;
      const asked = { action: 'pin', target: 'article', value, kind: null, scope: null, place: 1 + upTo(50) } as const;
      const made = await addCuration(sql, { ...asked, by: 's', reason: '', expiresAt: null }, clock());
      await endCuration(sql, made.id, 's', clock());
    },
  };

  async function allFeeds(): Promise<FeedId[]> {
    return (await sql.query<{ id: number }>('select id from feeds')).rows.map(({ id }) => feedId(id));
  }

  async function poll(id: FeedId): Promise<void> {
    const lease = new Date(clock().getTime() + 4 * HOUR);
    const { count } = await sql.query(
      'update feeds set leased_until = $2 where id = $1 and (leased_until is null or leased_until <= $3)',
      [id, lease, clock()],
    );
    if (random() < 0.5) {
      await sql.query('update feeds set moved_polls = 3, moved_since = $2 where id = $1 and moved_to is not null', [
        ...[id, before(3 * DAY)],
      ]);
    }
    const target = count === 0 ? undefined : await readPollTarget(sql, id);
    if (target === undefined) return;
    await (await pollFeedInSlot(tools, target, 0)).written;
  }

  async function push(id: FeedId): Promise<void> {
    const target = await readPollTarget(sql, id);
    if (target === undefined) return;
    const entries = Array.from({ length: 6 }, () => upTo(LINKS)).map((link) =>
      entryOf({ guid: `${random() < 0.5 ? random() : link}`, title: `${words(link)} ${upTo(3)}`, url: linkOf(link) }),
    );
    await sql.transaction(async (tx) => {
      await saveArticles(tx, target, entries, clock());
      const { rows } = await tx.query<{ id: number }>('select id from subscriptions where feed_id = $1', [id]);
      if (rows[0] !== undefined) await notePush(tx, rows[0].id, Buffer.from(`${random()}`), clock());
    });
  }

  await importFeeds(sql, toImport(), clock());
  const done: Record<string, number> = {};
  const longest: Record<string, number> = {};
  const failures: string[] = [];
  const keepOn = async ([name, work]: [string, () => Promise<unknown>]) => {
    while (Date.now() - began < ms) {
      const since = performance.now();
      try {
        await work();
        done[name] = (done[name] ?? 0) + 1;
      } catch (error) {
        if (!(error instanceof CodedError && EXPECTED.has(error.code))) failures.push(`${name}: ${wordsOf(error)}`);
      }
      longest[name] = Math.max(longest[name] ?? 0, Math.round(performance.now() - since));
      await sleep((SELDOM.test(name) ? 500 : 10) * random());
    }
  };
  await Promise.all(Object.entries(works).map(keepOn));
  await Promise.all([client.close(), reader.close(), origin.close()]);
  return { done, failures, longest, deadlocks: await countDeadlocks(sql) };
}

/** With a network in between, so that there is time between two statements of a transaction for others to come. */
function farAway(sql: Sql, random: () => number): Sql {
  const travel = async () => {
    if (random() < 0.5) await sleep(FARTHEST_MS * random());
  };
  return {
    async query(text, parameters, how) {
      await travel();
      return await sql.query(text, parameters, how);
    },
    script: (text) => sql.script(text),
    transaction: (work, opening) => sql.transaction((tx) => work(farAway(tx, random)), opening),
  };
}

function wordsOf(error: unknown): string {
  const { code = '', message, stack = '' } = error as { code?: string; message: string; stack?: string };
  const places = stack.split('\n').filter((line) => /\/(src|workers)\/(?!engines)/.test(line));
  return [code, message, ...places.slice(0, 3).map((line) => line.trim())].join(' ');
}

async function countDeadlocks(sql: Sql): Promise<number> {
  // A session tells what it counted once it has been idle for a second.
  await sleep(1500);
  const { rows } = await sql.query<{ deadlocks: number }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  );
  return rows[0]?.deadlocks ?? 0;
}
