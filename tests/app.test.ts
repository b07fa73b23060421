import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWire } from '../chaos/servers/wire.ts';
import { openNewsroom } from '../src/demo/newsroom.ts';
import { seeded } from '../src/demo/seeded.ts';
import { QUEUE_NAMES } from '../src/queues/jobs.ts';
import type { Snapshot } from '../src/ranking/list.ts';
import { emptyFolder } from './support/folders.ts';
import { listenFor } from './support/ports.ts';
import { endNpm, engineSettings, eventually, getJson, run, runUntil, startProduct } from './support/product.ts';

interface Listing<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const TOKEN = 'a-token-for-tests-of-forty-characters---';
const ADMIN = { headers: { authorization: `Bearer ${TOKEN}` } };

/** A sample newsroom, and the settings of a product that follows it. */
async function followNewsroom(t: TestContext): Promise<Record<string, string>> {
  const newsroom = await openNewsroom({
    ...{ port: 0, clock: () => new Date(), random: seeded('app'), publishEveryMs: 3_600_000 },
  });
  t.after(() => newsroom.close());
  const feedsFile = join(await emptyFolder(t), 'feeds.opml');
  await writeFile(feedsFile, newsroom.opml);
  return {
    ...(await engineSettings(t)),
    FEEDS_FILE: feedsFile,
    FETCH_ALLOW_CIDRS: '127.0.0.1/32',
    ADMIN_TOKEN: TOKEN,
    INGEST_TOKEN: TOKEN,
    SCHEDULE_INTERVAL: '300ms',
    RANK_INTERVAL: '300ms',
    ARCHIVE_INTERVAL: '300ms',
    HOST_REQUESTS_PER_MINUTE: '6000',
  };
}

async function readArticle(site: string, article: string, crowd: string, visitors: number): Promise<void> {
  const views = Array.from({ length: visitors }, (_, visitor) => ({ article, visitor: `${crowd} ${visitor}` }));
  const answer = await fetch(`${site}/v1/views`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ views }),
  });
  assert.equal(answer.status, 202);
  assert.deepEqual(await answer.json(), { accepted: visitors, dropped: {} });
}

const CROWD = 8;

/** Readers who open the article again and again, each time as somebody else, until nobody answers any more. */
async function startTraffic(site: string, article: string): Promise<{ end(): Promise<number> }> {
  let acknowledged = 0;
  const readers = Array.from({ length: CROWD }, async (_, reader) => {
    for (let visit = 0; ; visit++) {
      const body = JSON.stringify({ article, visitor: `traffic ${reader} ${visit}` });
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };
      const answer = await fetch(`${site}/v1/views`, { method: 'POST', headers, body }).catch(() => undefined);
      if (answer?.status !== 202) return;
      acknowledged += ((await answer.json()) as { accepted: number }).accepted;
    }
  });
  await eventually('traffic', async () => acknowledged > 200);
  return {
    async end() {
      await Promise.all(readers);
      return acknowledged;
    },
  };
}

/** The articles of the newsroom's first paper; what the second tells again may be a copy of theirs. */
async function listOwn(site: string): Promise<{ id: string }[]> {
  const url = `${site}/v1/articles?limit=100&copies=true`;
  const { items } = await getJson<Listing<{ id: string; source: string }>>(url);
  return items.filter(({ source }) => source.startsWith('Sample News'));
}

test('from feeds to lists, through a crash and a restart', async (t) => {
  const settings = await followNewsroom(t);
  const first = await startProduct(t, settings);
  const feeds = await eventually('all feeds polled', async () => {
    const { items } = await getJson<Listing<{ lastOutcome: string | null }>>(`${first.url}/v1/feeds`, ADMIN);
    return items.every(({ lastOutcome }) => lastOutcome !== null) && items;
  });
  assert.deepEqual([...new Set(feeds.map(({ lastOutcome }) => lastOutcome))], ['fresh']);
  const articles = await listOwn(first.url);
  assert.equal(articles.length, 64, 'eight of each of eight desks, those in two categories once');
  // Of a desk that no other paper tells again: no copy among them.
  const society = await getJson<Listing<{ id: string }>>(`${first.url}/v1/articles?category=society`);
  const [one, other] = society.items;
  assert.ok(one !== undefined && other !== undefined);

  await readArticle(first.url, one.id, 'first crowd', 7);
  await readArticle(first.url, other.id, 'first crowd', 4);
  const ranked = async (site: string) => {
    const list = await getJson<Snapshot>(`${site}/v1/rankings/access?window=24h`);
    const reads = list.items.filter(({ fill }) => fill === null).map(({ article, reads }) => [article.id, reads]);
    return reads.length === 2 && { title: list.title, reads };
  };
  const expected = {
    title: 'JN ACCESS RANKING',
    reads: [
      [one.id, 7],
      [other.id, 4],
    ],
  };
  assert.deepEqual(await eventually('a list of two', () => ranked(first.url)), expected);
  await eventually('counts archived', async () => {
    const metrics = await (await fetch(`${first.url}/metrics`)).text();
    return Number(/^newsrank_archive_rows_total (\d+)/m.exec(metrics)?.[1]) >= 2;
  });
  await first.kill();

  const second = await startProduct(t, settings);
  assert.deepEqual(await eventually('the same list after a crash', () => ranked(second.url)), expected);
  assert.equal((await listOwn(second.url)).length, 64);
  if (settings['DATABASE_URL'] === undefined) {
    const intruder = await run(['start'], { ...settings, PORT: '0', LOG_LEVEL: 'error' });
    assert.equal(intruder.code, 1);
    assert.match(intruder.stderr, /^newsrank: Process \d+ uses the data folder .*\n$/);
  }
  const traffic = await startTraffic(second.url, other.id);
  assert.equal(await second.stop(), 0, 'a stop in the middle of the traffic');
  const acknowledged = 4 + (await traffic.end());

  const third = await startProduct(t, settings);
  // Until the counts are back, the last list stands in, as it was.
  const list = await eventually('all reads that were acknowledged', async () => {
    const found = await getJson<Snapshot>(`${third.url}/v1/rankings/access?window=24h`);
    return (found.items[0]?.reads ?? 0) >= acknowledged && found;
  });
  assert.deepEqual(
    list.items.slice(0, 2).map(({ article }) => article.id),
    [other.id, one.id],
  );
  const unanswered = (list.items[0]?.reads ?? 0) - acknowledged;
  assert.ok(unanswered <= CROWD, 'at most what each reader had just sent was counted without an answer');
  assert.equal(list.items[1]?.reads, 7);
  assert.equal(await third.stop(), 0);
});

test('told to stop while PostgreSQL hangs, it ends in time and loses nothing', { skip: skipReason() }, async (t) => {
  const settings = await followNewsroom(t);
  const direct = new URL(String(settings['DATABASE_URL']));
  const wire = await openWire(Number(direct.port), '127.0.0.1');
  t.after(() => wire.close());
  const wired = Object.assign(new URL(direct), { host: `127.0.0.1:${wire.port}` }).href;
  const first = await startProduct(t, { ...settings, DATABASE_URL: wired, SHUTDOWN_TIMEOUT: '8s' });
  const articles = await eventually('articles', async () => {
    const own = await listOwn(first.url);
    return own.length === 64 && own;
  });
  const article = articles[0]?.id ?? '';
  const traffic = await startTraffic(first.url, article);
  wire.freeze();
  await sleep(1000);
  const askedAt = performance.now();
  assert.equal(await first.stop(), 0);
  const ms = performance.now() - askedAt;
  assert.ok(ms < 8000, `${ms} ms`);
  const acknowledged = await traffic.end();

  const second = await startProduct(t, settings);
  const reads = await eventually('all reads that were acknowledged', async () => {
    const list = await getJson<Snapshot>(`${second.url}/v1/rankings/access?window=24h`);
    const reads = list.items.find((item) => item.article.id === article)?.reads ?? 0;
    return reads >= acknowledged && reads;
  });
  assert.ok(reads <= acknowledged + CROWD, `${reads} reads, ${acknowledged} acknowledged`);
});

test('told to stop while it starts, it goes no further and closes what it has', async (t) => {
  const settings = await engineSettings(t);
  const tell = () => runUntil(/PostgreSQL (?:at|in) /, ['start'], settings);
  let told = await tell();
  // On a busy machine it may hear of it when it has started: then it is told anew.
  for (let times = 1; times < 5 && /is ready/.test(told.stdout); times++) told = await tell();
  const { code, stdout } = told;
  assert.equal(code, 0);
  assert.match(stdout, /"SIGTERM"[\s\S]*stopped before it was ready/);
  assert.doesNotMatch(stdout, /is ready/);
  const product = await startProduct(t, settings);
  assert.equal(await product.stop(), 0, 'nothing is left that is in its way');
});

test('a line of the log says of which stage and job it is', async (t) => {
  const [settings, folder] = [await engineSettings(t), await emptyFolder(t)];
  const port = await listenFor(t, (socket) => socket.destroy());
  const file = join(folder, 'feeds.opml');
  await writeFile(file, `<opml version="2.0"><body><outline xmlUrl="http://127.0.0.1:${port}/feed"/></body></opml>`);
  const polled = { FEEDS_FILE: file, FETCH_ALLOW_CIDRS: '127.0.0.1/32', SCHEDULE_INTERVAL: '200ms' };
  const { stdout } = await runUntil(/"failure"/, ['start'], { ...settings, ...polled });
  assert.match(stdout, /"stage":"feeds","queue":"poll-feed","feed":1,.*"failure":"connect"/);
});

test('whoever ends npm ends what npm runs, in order', async (t) => {
  const settings = await engineSettings(t);
  assert.match(await endNpm({ ...settings, ROLES: 'api' }), /"the end of npm"[\s\S]*"stopped"/);
});

test('roles run in processes of their own on the same servers', { skip: skipReason() }, async (t) => {
  const settings = await followNewsroom(t);
  const api = await startProduct(t, settings, ['start', '--roles', 'api']);
  const [poller, rest] = await Promise.all([
    startProduct(t, settings, ['start', '--roles', 'poller']),
    startProduct(t, settings, ['start', '--roles', 'scheduler,counter,ranker']),
  ]);
  const articles = await eventually('articles', async () => {
    const items = await listOwn(api.url);
    return items.length === 64 && items;
  });
  const [article] = articles;
  assert.ok(article !== undefined);
  await readArticle(api.url, article.id, 'crowd', 3);
  await eventually('a list', async () => {
    const list = await getJson<Snapshot>(`${api.url}/v1/rankings/popular`);
    return list.items[0]?.article.id === article.id;
  });
  assert.equal((await fetch(`${poller.url}/readyz`)).status, 200);
  const [ofApi, ofPoller, ofRest] = await Promise.all(
    [api, poller, rest].map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
  );
  for (const gauge of ['archive_lag_seconds', 'ranking_age_seconds', 'feeds_overdue', 'database_size_bytes']) {
    const value = new RegExp(`^newsrank_${gauge}(?:{list="\\w+"})? \\d`, 'm');
    assert.match(ofRest ?? '', value);
    // It would be the least, and hide how the others fare.
    for (const other of [ofApi, ofPoller]) assert.doesNotMatch(other ?? '', value, `${gauge} of who does no such work`);
  }
  assert.match(ofPoller ?? '', /^newsrank_role_info{has="poller"} 1\n(?!newsrank_role_info)/m);
  // Without PUBLIC_URL nobody takes jobs of that one, and what one has left there would seem to wait for ever.
  for (const queue of QUEUE_NAMES.filter((name) => name !== 'keep-subscriptions')) {
    assert.match(ofRest ?? '', new RegExp(`^newsrank_queue_jobs{queue="${queue}",state="waiting"} `, 'm'));
  }
  assert.equal((await fetch(`${poller.url}/v1/articles`)).status, 404, 'who is no api serves health and metrics only');
  for (const product of [api, poller, rest]) assert.equal(await product.stop(), 0);
});

function skipReason(): string | false {
  const { DATABASE_URL, REDIS_URL } = process.env;
  return (DATABASE_URL === undefined || REDIS_URL === undefined) && 'needs servers (DATABASE_URL and REDIS_URL)';
}
