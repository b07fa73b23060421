import { setTimeout as sleep } from 'node:timers/promises';
import { QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Sql } from '../../src/engines/sql.ts';
import { addFeeds } from '../../src/feeds/store.ts';
import { openQueue } from '../../src/queues/open.ts';
import { eventually, type Product } from '../support/product.ts';
import { type Expected, openNewsstand } from './newsstand.ts';

/**
 * Two pollers work on feeds that go on and on; every poll job is put into the queue a second time at once; the pollers are
 * killed (-9) at random moments and started again. Then what is stored is compared with what was shown.
 */
export interface StormTools {
  readonly sql: Sql;
  readonly redis: Redis;
  start(environment: Record<string, string>): Promise<Product>;
  readonly random: () => number;
  readonly onKill?: (kill: Kill) => void;
}

export interface StormPlan {
  readonly feeds: number;
  readonly kills: number;
  /** Between two polls of a feed. */
  readonly interval: string;
  /** Else what a poller held is free at once, also what the other one holds, which then stores nothing. */
  readonly areLeasesWaitedFor: boolean;
}

/** What was under way when a poller was killed. */
export interface Kill {
  readonly stored: number;
  readonly requests: number;
  /** Transactions that were open in PostgreSQL, of both pollers. */
  readonly transactions: number;
  readonly leases: number;
}

export interface StormResult {
  readonly kills: readonly Kill[];
  readonly jobs: number;
  /** Documents that were stored, and what came of them. */
  readonly documents: number;
  readonly articles: number;
  readonly copies: number;
  readonly revisions: number;
  /** Feeds that were under way at three deaths in a row, and kept away for a day. */
  readonly quarantined: number;
  readonly seconds: number;
  /** What is not as it must be, a line each. */
  readonly differences: readonly string[];
}

/** As fast as it goes: what is due is looked for ten times a second. */
const SETTINGS = {
  ...{ ROLES: 'scheduler,poller', FEEDS_FILE: 'bench/no-feeds.opml', FETCH_ALLOW_CIDRS: '127.0.0.1/32' },
  SCHEDULE_INTERVAL: '100ms',
  HOST_REQUESTS_PER_MINUTE: '1000000',
};
const POLLERS = 2;
/** A poller lives for this long at most, once documents were stored since it began. */
const LIFE_MS = 2500;
/** Within so long of a request its document is read and stored. */
const AFTER_MS = 60;

export async function runPollStorm(tools: StormTools, plan: StormPlan): Promise<StormResult> {
  const { sql, redis, random } = tools;
  const startedAt = performance.now();
  const stand = await openNewsstand(plan.feeds, random);
  const feeds = stand.urls.map((url, feed) => ({ url, categories: [`c${feed}`] }));
  await addFeeds(sql, feeds, new Date());
  const doubler = await doubleJobs(redis);
  const kills: Kill[] = [];
  let begunKills = 0;

  const start = () => tools.start({ ...SETTINGS, POLL_MIN_INTERVAL: plan.interval, POLL_MAX_INTERVAL: plan.interval });
  const kill = async (product: Product, begun: number) => {
    await eventually('something is stored', async () => stand.stored() > begun, 120);
    await sleep(LIFE_MS * random());
    // Polls are over in no time: most are caught at one, from its request to some time after its answer.
    for (let looks = 0; random() > 1 / 500 && stand.underWay() === 0 && looks < 2000; looks += 1) await sleep(1);
    await sleep(AFTER_MS * random());
    const struck = { stored: stand.stored(), requests: stand.underWay(), ...(await underWay(sql)) };
    await product.kill();
    kills.push(struck);
    tools.onKill?.(struck);
  };
  // Each dies by itself, so that the other goes on amid what it left.
  const live = async () => {
    let product = await start();
    while (begunKills < plan.kills) {
      begunKills += 1;
      await kill(product, stand.stored());
      if (!plan.areLeasesWaitedFor) await sql.query('update feeds set leased_until = now() where leased_until > now()');
      product = await start();
    }
    return product;
  };
  const pollers = await Promise.all(Array.from({ length: POLLERS }, live));
  const quarantined = await endQuarantines(sql);
  const expected = await stand.finish();
  await eventually('all are matched', async () => (await countOf(sql, 'articles where matched_at is null')) === 0, 90);
  await Promise.all(pollers.map((product) => product.stop()));
  const jobs = await doubler.close();
  await stand.close();
  return {
    ...{ kills, jobs, documents: stand.stored() + plan.feeds },
    articles: await countOf(sql, 'articles'),
    copies: await countOf(sql, 'articles where original_id is not null'),
    revisions: await countOf(sql, 'article_revisions'),
    quarantined,
    seconds: (performance.now() - startedAt) / 1000,
    differences: [...(await compareArticles(sql, expected)), ...(await compareFeeds(sql))],
  };
}

/** Puts a second job beside each one; resolves, when closed, to how many there were. */
async function doubleJobs(redis: Redis): Promise<{ close(): Promise<number> }> {
  const ignore = () => {};
  const queue = openQueue('poll-feed', redis, ignore);
  const connection = redis.duplicate();
  const events = new QueueEvents('poll-feed', { connection, prefix: queue.opts.prefix ?? '' });
  events.on('error', ignore);
  const adding = new Set<Promise<unknown>>();
  let doubled = 0;
  const again = async (id: string) => {
    const job = await queue.getJob(id);
    if (job === undefined) return;
    await queue.add('poll-feed', job.data, { jobId: `again-${id}`, lifo: true });
    doubled += 1;
  };
  events.on('added', ({ jobId }) => {
    if (jobId.startsWith('again-')) return;
    const added = again(jobId).finally(() => adding.delete(added));
    adding.add(added);
  });
  await events.waitUntilReady();
  return {
    async close() {
      await events.close();
      await Promise.all(adding);
      await queue.close();
      connection.disconnect();
      return doubled;
    },
  };
}

/** As who resumes a feed does. */
async function endQuarantines(sql: Sql): Promise<number> {
  const { count } = await sql.query(
    `update feeds set state = 'active', strikes = 0, next_poll_at = now() where state = 'quarantined'`,
  );
  return count;
}

async function underWay(sql: Sql): Promise<{ transactions: number; leases: number }> {
  const { rows } = await sql.query<{ transactions: number; leases: number }>(
    `select (select count(*) from pg_stat_activity
             where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()) as transactions,
            (select count(*) from feeds where leased_until > now()) as leases`,
  );
  return rows[0] ?? { transactions: 0, leases: 0 };
}

async function countOf(sql: Sql, of: string): Promise<number> {
  const { rows } = await sql.query<{ n: number }>(`select count(*) as n from ${of}`);
  return rows[0]?.n ?? 0;
}

interface Stored {
  readonly url: string;
  readonly title: string;
  readonly revision: number;
  readonly kept: number;
  readonly feeds: readonly number[];
  readonly categories: readonly string[];
  readonly original: string | null;
  readonly story_id: number | null;
}

async function compareArticles(sql: Sql, expected: readonly Expected[]): Promise<string[]> {
  const { rows } = await sql.query<Stored>(
    `select split_part(article.url, '?', 1) as url, article.title, article.revision, article.story_id,
       (select count(*) from article_revisions where article_id = article.id) as kept,
       array(select distinct feed_id - (select min(id) from feeds) from sources where article_id = article.id order by 1) as feeds,
       array(select category from article_categories where article_id = article.id order by 1) as categories,
       (select split_part(original.url, '?', 1) from articles original where original.id = article.original_id) as original
     from articles article`,
  );
  const stored = new Map<string, Stored[]>();
  for (const row of rows) stored.set(row.url, [...(stored.get(row.url) ?? []), row]);
  const differences = expected.flatMap((article) => differencesOf(article, stored));
  const known = new Set(expected.map(({ url }) => url));
  return [...differences, ...rows.filter(({ url }) => !known.has(url)).map(({ url }) => `${url} was never shown`)];
}

function differencesOf(expected: Expected, stored: ReadonlyMap<string, readonly Stored[]>): string[] {
  const [article, ...more] = stored.get(expected.url) ?? [];
  if (article === undefined) return [`${expected.url} is lost`];
  const twin = expected.twin === null ? undefined : stored.get(expected.twin)?.[0];
  const isSingle = expected.feeds.length === 1;
  const checks: Record<string, boolean> = {
    'is stored more than once': more.length > 0,
    'has other feeds': article.feeds.join() !== [...expected.feeds].sort((a, b) => a - b).join(),
    'has other categories':
      article.categories.join() !==
      expected.feeds
        .map((feed) => `c${feed}`)
        .sort()
        .join(),
    'has other words': !expected.titles.includes(article.title),
    'has other revisions': isSingle ? article.revision !== expected.revisions : article.revision > expected.revisions,
    'has lost earlier words': article.kept !== article.revision - 1,
    'has no story': article.story_id === null,
    'is a copy of something else': article.original !== null && article.original !== twin?.url,
    'and its copy are strangers': twin !== undefined && (article.original === null) === (twin.original === null),
  };
  return Object.entries(checks)
    .filter(([, isWrong]) => isWrong)
    .map(([what]) => `${expected.url} ${what}`);
}

/** Whoever died, no server is to blame. */
async function compareFeeds(sql: Sql): Promise<string[]> {
  const { rows } = await sql.query<{ url: string }>(`select url from feeds where failures > 0 or state <> 'active'`);
  return rows.map(({ url }) => `${url} is blamed`);
}
