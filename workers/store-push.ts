/**
 * A hub's push is read and stored in the process that took it in, before the hub hears 202. So it needs no place to
 * wait in: a body in Redis would stand against the memory that counts views, and be lost with it. A hub that hears no
 * 202 (the process died, PostgreSQL is away) sends again.
 */
import { createHash } from 'node:crypto';
import { saveArticles } from '../src/articles/save.ts';
import type { Clock } from '../src/clock.ts';
import type { Sql } from '../src/engines/sql.ts';
import type { Entry } from '../src/feeds/entry.ts';
import type { PollTarget } from '../src/feeds/feed.ts';
import type { FeedReader } from '../src/feeds/reader.ts';
import { readPollTarget } from '../src/feeds/store.ts';
import { isKnownPush, notePush, type PushResult, refusePushes } from '../src/feeds/websub/pushes.ts';
import type { Subscription } from '../src/feeds/websub/subscription.ts';
import type { Log } from '../src/log.ts';
import type { Metrics } from '../src/metrics.ts';

interface Tools {
  readonly sql: Sql;
  readonly reader: FeedReader;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

const RESULTS = ['inserted', 'updated', 'unchanged', 'rejected'] as const;

/** Reads what a hub pushed, as a poll's fresh body is read, and stores its articles. Validators and schedule stay. */
export function storePush(tools: Tools) {
  const { sql, reader, clock, log } = tools;
  return async (subscription: Subscription, body: Uint8Array, contentType: string | null): Promise<PushResult> => {
    const target = subscription.feed === null ? undefined : await readPollTarget(sql, subscription.feed);
    if (target === undefined || target.state === 'paused' || target.state === 'retired') return 'unwanted';
    const read = await reader.read(body, { contentType, url: target.url, defaultZone: target.defaultZone });
    if (read.kind === 'feed') return store(tools, subscription, target, read.feed.entries, body);
    log.warn({ feed: target.id, hub: subscription.hub }, `a push is left out: ${read.message}`);
    if (read.kind === 'failed' && read.isKilled) await refusePushes(sql, subscription.id, read.message, clock());
    return 'unreadable';
  };
}

async function store(
  { sql, clock, metrics, log }: Tools,
  { id }: Subscription,
  target: PollTarget,
  entries: readonly Entry[],
  body: Uint8Array,
): Promise<'stored' | 'duplicate'> {
  const hash = createHash('sha256').update(body).digest();
  if (await isKnownPush(sql, id, hash)) return 'duplicate';
  // The same body, sent twice at once, may get here twice: what the first stored is unchanged for the second.
  const saved = await sql.transaction(async (transaction) => {
    const articles = await saveArticles(transaction, target, entries, clock());
    await notePush(transaction, id, hash, clock());
    return articles;
  });
  for (const result of RESULTS) metrics.articles.inc({ result }, saved[result]);
  log.debug({ feed: target.id, inserted: saved.inserted, updated: saved.updated }, 'pushed');
  return 'stored';
}
