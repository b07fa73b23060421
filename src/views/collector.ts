import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { RedisClient } from '../engines/redis.ts';
import { sendTogether } from '../engines/together.ts';
import { CodedError } from '../errors.ts';
import { type Batches, openBatches } from './batches.ts';
import { openBotCheck } from './bots.ts';
import type { Catalogue } from './catalogue.ts';
import { openCountSoon } from './count-soon.ts';
import type { CrawlerCheck } from './crawlers.ts';
import { findSalts, heldSalts, type SaltOf } from './day-salts.ts';
import { withDeadline } from './deadline.ts';
import { type Done, promised } from './done.ts';
import { type Origins, openOrigins, weighedOf } from './network.ts';
import { type NotedRead, readOf, timesOf } from './noted-read.ts';
import { type Recorded, recordReads } from './record.ts';
import { candidatesOf } from './refusal.ts';
import type { Refusals } from './refusals.ts';
import { drop, type Tally } from './tally.ts';
import type { Collected, CountedArticle, Reporter, ViewReport } from './view.ts';
import { openSalts, type Salts } from './visitor.ts';

/** Takes reported views and counts those that are reads. */
export interface Collector {
  /**
   * Counts the views of one request; resolves once Redis has applied them. Throws `overload` when too many views wait
   * already and `unavailable` within about two seconds when Redis or the database fails; views may be sent again after
   * either, those that were counted are recognised.
   */
  collect(reports: readonly ViewReport[], reporter: Reporter): Promise<Collected>;
  /** The same without a promise. */
  collectThen(reports: readonly ViewReport[], reporter: Reporter, done: Done<Collected>): void;
  /** Refuses new views and settles when those that wait are counted. */
  close(): Promise<void>;
}

export interface CollectorTools {
  readonly redis: RedisClient;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly random?: (bytes: number) => Buffer;
  /** Whether the address is a crawler's; without it, only its User-Agent tells. */
  readonly isCrawler?: CrawlerCheck;
  /** Hears of each view of some article that was refused (refusals.ts). */
  readonly onRefused?: Refusals['note'];
  /** Hears of each script call: how many reads it took to Redis, and how long the answer took. */
  readonly onRecorded?: (reads: number, ms: number) => void;
}

export interface CollectorLimits {
  /** Views that may wait at the same time, over all requests. */
  readonly maxWaiting: number;
  /** How long reads gather before they are counted together, at most. */
  readonly gatherMs: number;
  /** How long Redis and the database may take, all steps of a request together. */
  readonly answerMs: number;
  /** Reads of one article in a half-hour that one address may always give; 0 for no damping (network.ts). */
  readonly readsPerAddress: number;
}

const LIMITS: CollectorLimits = { maxWaiting: 20_000, gatherMs: 8, answerMs: 1800, readsPerAddress: 20 };
/** A kilobyte each at most. */
const MAX_AGENTS = 5000;
const RETRY_SECONDS = 1;
/** What a step is given even where those before it left no time: it takes a few milliseconds. */
const LEAST_MS = 100;

export function openCollector(tools: CollectorTools, limits: Partial<CollectorLimits> = {}): Collector {
  const { redis, clock } = tools;
  const { maxWaiting, gatherMs, answerMs, readsPerAddress } = { ...LIMITS, ...limits };
  const countSoon = openCountSoon(redis);
  const counting: Counting = {
    ...{ tools, answerMs, isBot: openBotCheck(MAX_AGENTS), asking: 0, onAsked() {} },
    salts: openSalts(redis, tools.random ?? randomBytes, answerMs),
    origins: readsPerAddress === 0 ? undefined : openOrigins(),
    batches: openBatches(
      async (shard, reads, since) => {
        const sentAt = performance.now();
        const call = recordReads(redis, shard, clock(), reads, weighedOf(readsPerAddress));
        const recorded = await withDeadline(call, Math.max(LEAST_MS, since + answerMs - sentAt), 'Redis');
        countSoon.note(shard);
        tools.onRecorded?.(reads.length, performance.now() - sentAt);
        return recorded;
      },
      gatherMs,
      (send) => sendTogether(redis, send),
    ),
  };
  let isClosed = false;

  const collectThen: Collector['collectThen'] = (reports, reporter, done) => {
    if (isClosed) {
      return done(undefined, new CodedError('unavailable', 'This server is stopping.', { retryAfter: RETRY_SECONDS }));
    }
    const waiting = counting.batches.waiting() + counting.asking;
    if (waiting + reports.length > maxWaiting) {
      const message = `${waiting} views wait to be counted. Send these again later.`;
      return done(undefined, new CodedError('overload', message, { retryAfter: RETRY_SECONDS }));
    }
    countViews(counting, reports, reporter, done);
  };

  return {
    collectThen,
    collect: (reports, reporter) => promised((done) => collectThen(reports, reporter, done)),
    async close() {
      isClosed = true;
      if (counting.asking > 0) await new Promise<void>((resolve) => (counting.onAsked = resolve));
      await counting.batches.flush();
      countSoon.close();
    },
  };
}

interface Counting {
  readonly tools: CollectorTools;
  readonly salts: Salts;
  readonly origins: Origins | undefined;
  readonly batches: Batches;
  readonly answerMs: number;
  readonly isBot: (userAgent: string) => boolean;
  /** Views of which something must be asked before they are counted. */
  asking: number;
  /** None of them is left. */
  onAsked(): void;
}

/**
 * Takes one request's views through all checks, in this order: what costs nothing first. Nearly always all that this needs
 * is in memory, and nothing is waited for but Redis' answer.
 */
function countViews(
  counting: Counting,
  reports: readonly ViewReport[],
  reporter: Reporter,
  done: Done<Collected>,
): void {
  const { catalogue, clock, isCrawler, onRefused } = counting.tools;
  const tally: Tally = { accepted: 0, dropped: {} };
  const isProgram = counting.isBot(reporter.userAgent) || isCrawler?.(reporter.address) === true;
  const candidates = candidatesOf(reports, reporter, isProgram, tally, onRefused);
  if (candidates.length === 0) {
    done(tally);
    return;
  }
  const [since, now] = [performance.now(), clock()];
  const articles = catalogue.recall?.(candidates, now);
  const times = timesOf(candidates, reporter, now);
  const saltOf = articles && heldSalts(counting.salts, times, now);
  if (articles === undefined || saltOf === undefined) void askAndCount(counting, candidates, reporter, tally, done);
  else count(counting, { candidates, articles, times, reporter, saltOf, now, since }, tally, done);
}

async function askAndCount(
  counting: Counting,
  candidates: readonly ViewReport[],
  reporter: Reporter,
  tally: Tally,
  done: Done<Collected>,
): Promise<void> {
  counting.asking += candidates.length;
  try {
    // Once nothing is asked any more, all of it is in a batch: so `close` finds it in one place or the other.
    count(counting, await ask(counting, candidates, reporter), tally, done);
  } catch (error) {
    done(undefined, error);
  } finally {
    counting.asking -= candidates.length;
    if (counting.asking === 0) counting.onAsked();
  }
}

async function ask(
  { tools, salts, answerMs }: Counting,
  candidates: readonly ViewReport[],
  reporter: Reporter,
): Promise<Known> {
  const since = performance.now();
  const left = () => Math.max(LEAST_MS, since + answerMs - performance.now());
  const articles = await withDeadline(tools.catalogue.find(candidates), left(), 'The database');
  const now = tools.clock();
  const times = timesOf(candidates, reporter, now);
  const saltOf = await withDeadline(findSalts(salts, times, now), left(), 'Redis');
  return { candidates, articles, times, reporter, saltOf, now, since };
}

/** All that is known of one request's views. */
interface Known {
  readonly candidates: readonly ViewReport[];
  readonly articles: readonly (CountedArticle | undefined)[];
  readonly times: readonly Date[];
  readonly reporter: Reporter;
  readonly saltOf: SaltOf;
  readonly now: Date;
  readonly since: number;
}

function count(
  counting: Counting,
  { candidates, articles, times, reporter, saltOf, now, since }: Known,
  tally: Tally,
  done: Done<Collected>,
): void {
  const hashing = { saltOf, origins: counting.origins, now };
  const reads: NotedRead[] = [];
  for (let i = 0; i < candidates.length; i++) {
    const article = articles[i];
    if (article === undefined) drop(tally, 'unknown-article');
    else reads.push(readOf(hashing, article, candidates[i] as ViewReport, times[i] as Date, reporter));
  }
  counting.batches.add(reads, since, (recorded, failure) => {
    if (recorded === undefined) done(undefined, failure);
    else done(tallyUp(counting, tally, reads, recorded));
  });
}

/** What became of a request's reads, added to what had become of its views before. */
function tallyUp(
  { origins, tools }: Counting,
  tally: Tally,
  reads: readonly NotedRead[],
  recorded: readonly Recorded[],
): Collected {
  for (let i = 0; i < reads.length; i++) {
    const read = reads[i] as NotedRead;
    if (recorded[i] === true) {
      tally.accepted++;
      continue;
    }
    const reason = recorded[i] === 'damped' ? 'rate-limited' : 'duplicate';
    drop(tally, reason);
    tools.onRefused?.({ article: read.article }, reason);
    if (read.noted !== undefined) origins?.takeBack(read.noted);
  }
  return tally;
}
