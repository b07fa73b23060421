import { setTimeout as sleep } from 'node:timers/promises';
import { auditArticles, findEmptyValidators } from './audit/articles.ts';
import type { Checks } from './audit/checks.ts';
import { auditReads, topBySql } from './audit/reads.ts';
import { VIEWS_A_REQUEST } from './load/readers.ts';
import { becomes } from './servers/process.ts';
import { POLL_SECONDS, type World } from './world.ts';

/** What a fault may cost; nothing where it does not say so. */
export interface Allowance {
  /** Reads that may be lost, or counted twice. */
  readonly lostReads?: number;
  readonly doubledReads?: number;
  /** Ends of processes that nobody asked for. */
  readonly deaths?: number;
}

/** A lease that its poller took along ends after a minute; then the feed is polled, and stored. */
const ARTICLES_SECONDS = 75 + POLL_SECONDS;
const READS_SECONDS = 60;
/** What comes late must not be counted once more. */
const QUIET_MS = 3000;
const LIST_PLACES = 10;
const TOLD_FEEDS = 5;

/**
 * Ends the load, waits until the product has worked off what it owes, and compares all that publishers and readers know
 * with what is stored.
 */
export async function settle(world: World, checks: Checks, allowed: Allowance = {}): Promise<void> {
  const { sql, redis, origin, readers, crew } = world;
  noteLoad(world, checks);
  origin.settle();
  const unanswered = await readers.drain(READS_SECONDS);
  checks.atMost('views never answered', unanswered, 0);

  const isStored = async () => {
    const { lost, stale } = await auditArticles(sql, origin);
    return lost === 0 && stale === 0;
  };
  await becomes(isStored, ARTICLES_SECONDS, 500);
  const articles = await auditArticles(sql, origin);
  checks.note(
    'entries',
    origin.feeds.reduce((sum, { entries }) => sum + entries.length, 0),
  );
  checks.atMost('lost', articles.lost, 0);
  checks.atMost('doubled', articles.doubled, 0);
  checks.atMost('outdated', articles.stale, 0);
  for (const feed of articles.behind.slice(0, TOLD_FEEDS)) checks.hold(`behind: ${feed}`, false);
  checks.atMost('validators without entries', (await findEmptyValidators(sql, origin)).length, 0);

  const { lostReads = 0, doubledReads = 0 } = allowed;
  const isArchived = async () => {
    const { lost, uneven } = await auditReads(sql, redis, readers.acknowledged);
    return lost === 0 && uneven === 0;
  };
  await becomes(isArchived, lostReads > 0 ? 10 : READS_SECONDS, 500);
  await sleep(QUIET_MS);
  const reads = await auditReads(sql, redis, readers.acknowledged);
  checks.note('views acknowledged', reads.acknowledged);
  checks.atMost('lost', reads.lost, lostReads);
  checks.atMost('doubled', reads.doubled, doubledReads);
  checks.atMost('uneven', reads.uneven, 0);
  for (const [what, count] of readers.wrong) checks.hold(`${count} views were answered with ${what}`, false);
  await compareList(world, checks);

  checks.hold(`processes died: ${crew.deaths.join(', ')}`, crew.deaths.length <= (allowed.deaths ?? 0));
  const odd = crew.logged(/NaN|CROSSSLOT|unhandled|invariant/i);
  checks.hold(`the log says ${odd[0]}`, odd.length === 0);
}

/** Under how much of a load all this went: publishers that were asked, and views sent for the first time. */
function noteLoad({ readers, origin }: World, checks: Checks): void {
  const since = readers.attempts[0]?.at ?? Date.now();
  const seconds = Math.max(1, (Date.now() - since) / 1000);
  const views = readers.attempts.filter(({ isFirst }) => isFirst).length * VIEWS_A_REQUEST;
  checks.note('polls a minute', Math.round((origin.askedSince(since) / seconds) * 60));
  checks.note('views a second', Math.round(views / seconds));
}

/** The list that readers see, against plain SQL. */
async function compareList({ sql, crew }: World, checks: Checks): Promise<void> {
  let seen: string[] = [];
  const isEqual = async () => {
    const [api] = crew.members('api');
    if (api === undefined) return true;
    const answer = await fetch(`${api.url}/v1/rankings/access?window=24h&limit=${LIST_PLACES}`);
    const { items } = (await answer.json()) as { items: { reads: number; article: { id: string } }[] };
    seen = items.map(({ article, reads }) => `${article.id} ${reads}`);
    return seen.join() === (await topBySql(sql, LIST_PLACES)).join();
  };
  const isSo = await becomes(isEqual, 60, 250);
  checks.hold(`the list is ${seen.join(', ')}, not as SQL has it: ${await topBySql(sql, LIST_PLACES)}`, isSo);
}
