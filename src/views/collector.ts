import { randomBytes } from 'node:crypto';
import { type Clock, DAY } from '../clock.ts';
import type { RedisClient } from '../engines/redis.ts';
import { sendTogether } from '../engines/together.ts';
import { CodedError } from '../errors.ts';
import { parseArticleId } from '../ids.ts';
import { type Batches, openBatches } from './batches.ts';
import { openBotCheck } from './bots.ts';
import type { Catalogue } from './catalogue.ts';
import type { CrawlerCheck } from './crawlers.ts';
import { findSalts, heldSalts } from './day-salts.ts';
import { withDeadline } from './deadline.ts';
import { type Origin, type Origins, openOrigins, weighedOf } from './network.ts';
import { type Read, recordReads } from './record.ts';
import type { Refusals } from './refusals.ts';
import { drop, type Tally } from './tally.ts';
import type { Collected, CountedArticle, DropReason, Reporter, ViewReport } from './view.ts';
import { DEFAULT_CLASS } from './view-class.ts';
import { dayOf, isFirstSlotOfDay, openSalts, type Salts, visitorHash } from './visitor.ts';

/** Takes reported views and counts those that are reads. */
export interface Collector {
  /**
   * Counts the views of one request; resolves once Redis has applied them. Throws `overload` when too many views wait
   * already and `unavailable` within about two seconds when Redis or the database fails; views may be sent again after
   * either, those that were counted are recognised.
   */
  collect(reports: readonly ViewReport[], reporter: Reporter): Promise<Collected>;
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
  /** How long reads gather before they are counted together. */
  readonly gatherMs: number;
  /** How long Redis and the database may take for one step. */
  readonly answerMs: number;
  /** Reads of one article in a half-hour that one address may always give; 0 for no damping (network.ts). */
  readonly readsPerAddress: number;
}

const LIMITS: CollectorLimits = { maxWaiting: 20_000, gatherMs: 8, answerMs: 1800, readsPerAddress: 20 };
/** A kilobyte each at most. */
const MAX_AGENTS = 5000;
const RETRY_SECONDS = 1;
const MAX_URL = 2048;
/** Named times further back belong to an import. */
const MAX_AGE = 2 * DAY;

export function openCollector(tools: CollectorTools, limits: Partial<CollectorLimits> = {}): Collector {
  const { redis, clock } = tools;
  const { maxWaiting, gatherMs, answerMs, readsPerAddress } = { ...LIMITS, ...limits };
  const salts = openSalts(redis, tools.random ?? randomBytes, answerMs);
  const batches = openBatches(
    async (shard, reads) => {
      const sentAt = performance.now();
      const call = recordReads(redis, shard, clock(), reads, weighedOf(readsPerAddress));
      const recorded = await withDeadline(call, answerMs, 'Redis');
      tools.onRecorded?.(reads.length, performance.now() - sentAt);
      return recorded;
    },
    gatherMs,
    (send) => sendTogether(redis, send),
  );
  const isBot = openBotCheck(MAX_AGENTS);
  const origins = readsPerAddress === 0 ? undefined : openOrigins(clock);
  let waiting = 0;
  let isClosed = false;
  let onIdle: () => void = () => {};

  return {
    async collect(reports, reporter) {
      if (isClosed) throw new CodedError('unavailable', 'This server is stopping.', { retryAfter: RETRY_SECONDS });
      if (waiting + reports.length > maxWaiting) {
        const message = `${waiting} views wait to be counted. Send these again later.`;
        throw new CodedError('overload', message, { retryAfter: RETRY_SECONDS });
      }
      waiting += reports.length;
      try {
        return await countViews(tools, { salts, origins, batches, answerMs, isBot }, reports, reporter);
      } finally {
        waiting -= reports.length;
        if (waiting === 0) onIdle();
      }
    },
    async close() {
      isClosed = true;
      if (waiting > 0) await new Promise<void>((resolve) => (onIdle = resolve));
      await batches.flush();
    },
  };
}

interface Counting {
  readonly salts: Salts;
  readonly origins: Origins | undefined;
  readonly batches: Batches;
  readonly answerMs: number;
  readonly isBot: (userAgent: string) => boolean;
}

/** Takes one request's views through all checks, in this order: what costs nothing first. */
async function countViews(
  { catalogue, clock, isCrawler, onRefused }: CollectorTools,
  { salts, origins, batches, answerMs, isBot }: Counting,
  reports: readonly ViewReport[],
  reporter: Reporter,
): Promise<Collected> {
  const tally: Tally = { accepted: 0, dropped: {} };
  const isProgram = isBot(reporter.userAgent) || isCrawler?.(reporter.address) === true;
  const candidates = candidatesOf(reports, reporter, isProgram, tally, onRefused);
  if (candidates.length === 0) return tally;
  const remembered = catalogue.recall?.(candidates);
  const articles = remembered ?? (await withDeadline(catalogue.find(candidates), answerMs, 'The database'));
  const now = clock();
  const known = candidates.flatMap((report, i) => {
    const article = articles[i];
    if (article === undefined) drop(tally, 'unknown-article');
    return article === undefined ? [] : { report, article, at: timeOf(report, reporter.isTrusted, now) };
  });
  const saltsByDay = heldSalts(salts, known, now) ?? (await findSalts(salts, known, now, answerMs));
  const reads = known.map((view) => readOf(saltsByDay, origins, view, reporter));
  for (const [i, recorded] of (await batches.add(reads)).entries()) {
    if (recorded === true) {
      tally.accepted++;
      continue;
    }
    const reason = recorded === 'damped' ? 'rate-limited' : 'duplicate';
    drop(tally, reason);
    onRefused?.({ article: reads[i]?.article ?? '' }, reason);
    const origin = reads[i]?.noted;
    if (origin !== undefined) origins?.takeBack(origin);
  }
  return tally;
}

function candidatesOf(
  reports: readonly ViewReport[],
  reporter: Reporter,
  isProgram: boolean,
  tally: Tally,
  onRefused: Refusals['note'] | undefined,
): readonly ViewReport[] {
  return reports.filter((report) => {
    const reason = refusalOf(report, reporter, isProgram);
    if (reason === undefined) return true;
    drop(tally, reason);
    onRefused?.(report, reason);
    return false;
  });
}

/** Why a view is refused before anything is looked up. */
function refusalOf(report: ViewReport, reporter: Reporter, isProgram: boolean): DropReason | undefined {
  if (!isValid(report, reporter)) return 'invalid';
  if (reporter.isPrefetch) return 'prefetch';
  // A server that speaks for a visitor is a program itself.
  const speaksForVisitor = reporter.isTrusted && report.visitor !== undefined;
  return !speaksForVisitor && isProgram ? 'bot' : undefined;
}

function isValid({ article, url, at }: ViewReport, { isTrusted }: Reporter): boolean {
  if (isTrusted && at !== undefined && Number.isNaN(at.getTime())) return false;
  if (article !== undefined) return parseArticleId(article) !== undefined;
  return url !== undefined && url !== '' && url.length <= MAX_URL;
}

/** A read, with what was noted of where it came from. */
type NotedRead = Read & { readonly noted: Origin | undefined };

interface KnownView {
  readonly article: CountedArticle;
  readonly report: ViewReport;
  readonly at: Date;
}

/** A view as the script takes it, with hashes instead of its visitor. */
function readOf(
  saltsByDay: ReadonlyMap<number, Buffer>,
  origins: Origins | undefined,
  { article, report, at }: KnownView,
  { address, userAgent, isTrusted, channel = DEFAULT_CLASS }: Reporter,
): NotedRead {
  const visitor = (isTrusted ? report.visitor : undefined) ?? `${address}|${userAgent}`;
  const salt = saltsByDay.get(dayOf(at)) as Buffer;
  const before = isFirstSlotOfDay(at) ? (saltsByDay.get(dayOf(at) - 1) as Buffer) : undefined;
  const noted = isTrusted ? undefined : origins?.note(salt, address, article.id);
  return {
    article: article.id,
    categories: article.categories,
    at,
    isTimeNamed: isTrusted && report.at !== undefined,
    isBox: report.ref === 'box',
    visitor: visitorHash(salt, visitor, article.id),
    visitorBefore: before && visitorHash(before, visitor, article.id),
    ...(channel !== DEFAULT_CLASS && { channel }),
    origin: noted?.weighed,
    noted,
  };
}

/** When the view was: as a trusted reporter says, within the last 48 hours and never in the future. */
function timeOf({ at }: ViewReport, isTrusted: boolean, now: Date): Date {
  if (!isTrusted || at === undefined) return now;
  return new Date(Math.min(Math.max(at.getTime(), now.getTime() - MAX_AGE), now.getTime()));
}
