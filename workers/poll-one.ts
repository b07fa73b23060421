import { mergeMovedFeed } from '../src/articles/merge-feeds.ts';
import { saveArticles } from '../src/articles/save.ts';
import type { Clock } from '../src/clock.ts';
import type { Sql } from '../src/engines/sql.ts';
import { messageOf } from '../src/errors.ts';
import { FAILURE_CLASSES, type Poll, type PollOutcome, type PollTarget } from '../src/feeds/feed.ts';
import { forgiveFeeds } from '../src/feeds/forgive.ts';
import { moveFeed } from '../src/feeds/move-feed.ts';
import { isNetworkFailure, type OutageWatch } from '../src/feeds/outage.ts';
import { type PollTools, pollFeed } from '../src/feeds/poll.ts';
import type { PollSaver } from '../src/feeds/poll-saver.ts';
import { isPlain, pollRow, type SavedCounts, type SaveLimits, savePoll } from '../src/feeds/save-poll.ts';
import { noteHub } from '../src/feeds/websub/pushes.ts';
import type { Log } from '../src/log.ts';
import type { Metrics } from '../src/metrics.ts';

export interface PollFeedTools {
  readonly sql: Sql;
  readonly fetching: PollTools;
  readonly outage: OutageWatch;
  readonly saver: PollSaver;
  readonly limits: Pick<SaveLimits, 'minSeconds' | 'maxSeconds'>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Has what was stored matched with other articles; may fail, since it is done later all the same. */
  readonly matchSoon?: () => Promise<void>;
  readonly metrics: Metrics;
  readonly log: Log;
}

const NOTHING_SAVED = { inserted: 0, updated: 0, unchanged: 0, rejected: 0 };

/** A merger may have waited for its turn, and come with a poll that failed. */
const MOVES: ReadonlySet<PollOutcome['kind']> = new Set(['fresh', 'unchanged']);

/** What one poll came to. `moved`: its news is stored as any other's, and the feed is at a new URL from now on. */
type Outcome = PollOutcome['kind'] | 'moved';

export interface Polled {
  readonly outcome: Outcome;
  readonly inserted: number;
  readonly updated: number;
  /** Settles when it is written, where that is done together with others, and nobody needs to keep its slot meanwhile. */
  readonly written?: Promise<unknown>;
}

/**
 * Polls one feed, of whose host's budget a request was taken: `wait` is what that said. Articles, validators and schedule
 * are stored in one transaction; what brought nothing to store is written together with others.
 */
export async function pollFeedInSlot(tools: PollFeedTools, target: PollTarget, wait: number): Promise<Polled> {
  const { fetching, outage, clock, metrics } = tools;
  const begun = clock();
  metrics.pollLateness.observe(Math.max(0, (begun.getTime() - target.nextPollAt.getTime()) / 1000));
  const poll = await pollFeed(fetching, target, begun, wait);
  const now = clock();
  outage.note(target.host, poll.outcome, now);
  const isOwnOutage = outage.isOwnOutage(now);
  const { minSeconds, maxSeconds } = tools.limits;
  const limits = { minSeconds, maxSeconds, isOwnOutage };
  const row =
    poll.outcome.kind === 'fresh' ? undefined : pollRow(target, poll, NOTHING_SAVED, limits, now, tools.random);
  if (row !== undefined && isPlain(row)) {
    report(tools, target, poll, poll.outcome.kind, NOTHING_SAVED);
    const saved = tools.saver.add(row.line);
    const isNetwork = isOwnOutage || isNetworkFailure(poll.outcome);
    const written = isNetwork ? saved.then(() => spreadBlame(tools, target, poll, isOwnOutage)) : saved;
    return { outcome: poll.outcome.kind, inserted: 0, updated: 0, written };
  }
  const { saved, outcome } = await store(tools, target, poll, limits);
  if (saved.inserted + saved.updated > 0) await hint(tools);
  if (isOwnOutage || isNetworkFailure(poll.outcome)) await spreadBlame(tools, target, poll, isOwnOutage);
  report(tools, target, poll, outcome, saved);
  return { outcome, inserted: saved.inserted, updated: saved.updated };
}

async function store(
  tools: PollFeedTools,
  target: PollTarget,
  poll: Poll,
  limits: SaveLimits,
): Promise<{ readonly saved: SavedCounts; readonly outcome: Outcome }> {
  const { sql, clock, random } = tools;
  const { kind } = poll.outcome;
  const { saved, written } = await sql.transaction(async (transaction) => {
    const saved = await storeEntries(transaction, target, poll, clock());
    const written = await savePoll(transaction, target, poll, saved, limits, clock(), random);
    if (written !== undefined) await noteHub(transaction, target, poll.outcome, saved.inserted, clock());
    return { saved, written };
  });
  const isMoved = written !== undefined && poll.movedTo !== null && (await follow(tools, target, poll, written.newUrl));
  return { saved, outcome: isMoved ? 'moved' : kind };
}

/**
 * Whether the poll is the one by which a feed's new URL is taken over. In transactions of its own, since it takes locks in
 * another order than a poll; where it is cut off, the next poll finds that it is still to be done.
 */
async function follow(
  { sql, clock }: PollFeedTools,
  target: PollTarget,
  { outcome, startedAt }: Poll,
  newUrl: string | null,
): Promise<boolean> {
  if (newUrl !== null && (await moveFeed(sql, target, newUrl, startedAt))) return true;
  // Another feed has the new URL, and this one's old URL from now on.
  const owner = await mergeMovedFeed(sql, target.id, clock());
  return owner !== undefined && MOVES.has(outcome.kind);
}

/** Failures that are told apart too late, since the first of an outage look like any other, are taken back. */
async function spreadBlame(tools: PollFeedTools, target: PollTarget, poll: Poll, isOwnOutage: boolean): Promise<void> {
  const { sql, outage, limits, clock, random } = tools;
  if (!isOwnOutage && isNetworkFailure(poll.outcome)) outage.blame(target.id, clock());
  if (!isOwnOutage) return;
  await forgiveFeeds(sql, outage.takeBlamed(clock()), limits.minSeconds, clock(), random);
}

async function storeEntries(sql: Sql, target: PollTarget, { outcome }: Poll, now: Date): Promise<SavedCounts> {
  return outcome.kind === 'fresh' ? saveArticles(sql, target, outcome.entries, now) : NOTHING_SAVED;
}

async function hint({ matchSoon, log }: PollFeedTools): Promise<void> {
  try {
    await matchSoon?.();
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'new articles are matched with the next tick');
  }
}

const KINDS = ['fresh', 'unchanged', 'moved', 'gone', 'limited'] as const satisfies Outcome[];

/** Outcomes are counted from 0, so that a rate or an alert sees the first of each. */
export function expectOutcomes({ polls }: Pick<Metrics, 'polls'>): void {
  for (const outcome of [...KINDS, ...FAILURE_CLASSES]) polls.inc({ outcome }, 0);
}

function report({ metrics, log }: PollFeedTools, target: PollTarget, poll: Poll, name: Outcome, saved: SavedCounts) {
  const { outcome } = poll;
  metrics.polls.inc({ outcome: outcome.kind === 'failed' ? outcome.failure : name });
  if (poll.wireBytes > 0) metrics.fetchBytes.inc({ kind: 'wire' }, poll.wireBytes);
  if (poll.decodedBytes > 0) metrics.fetchBytes.inc({ kind: 'decoded' }, poll.decodedBytes);
  if (saved !== NOTHING_SAVED) {
    for (const result of STORED) if (saved[result] > 0) metrics.articles.inc({ result }, saved[result]);
  }
  // Most polls leave no line, and nothing is made for one.
  if (outcome.kind === 'failed') log.warn({ ...fieldsOf(target, poll), failure: outcome.failure }, outcome.message);
  else if (log.isLevelEnabled('debug'))
    log.debug({ ...fieldsOf(target, poll), outcome: name, inserted: saved.inserted, updated: saved.updated }, 'polled');
}

const STORED = ['inserted', 'updated', 'unchanged', 'rejected'] as const;

function fieldsOf({ id, url }: PollTarget, { outcome, durationMs }: Poll) {
  return { feed: id, url, outcome: outcome.kind, ms: Math.round(durationMs) };
}
