import { randomBytes } from 'node:crypto';
import { type Clock, DAY } from '../clock.ts';
import type { RedisClient } from '../engines/redis.ts';
import { CodedError } from '../errors.ts';
import { parseArticleId, shardOf } from '../ids.ts';
import { type Batches, openBatches } from './batches.ts';
import { isBot } from './bots.ts';
import type { Catalogue } from './catalogue.ts';
import { withDeadline } from './deadline.ts';
import { type Read, recordReads } from './record.ts';
import type { Collected, CountedArticle, DropReason, Reporter, ViewReport } from './view.ts';
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
}

export interface CollectorLimits {
  /** Views that may wait at the same time, over all requests. */
  readonly maxWaiting: number;
  /** How long a shard at rest gathers reads before its call. */
  readonly gatherMs: number;
  /** How long Redis and the database may take for one step. */
  readonly answerMs: number;
}

const LIMITS: CollectorLimits = { maxWaiting: 20_000, gatherMs: 2, answerMs: 1800 };
const RETRY_SECONDS = 1;
const MAX_URL = 2048;
/** Named times further back belong to an import. */
const MAX_AGE = 2 * DAY;

export function openCollector(tools: CollectorTools, limits: Partial<CollectorLimits> = {}): Collector {
  const { redis, clock } = tools;
  const { maxWaiting, gatherMs, answerMs } = { ...LIMITS, ...limits };
  const salts = openSalts(redis, tools.random ?? randomBytes, answerMs);
  const batches = openBatches(
    (shard, reads) => withDeadline(recordReads(redis, shard, clock(), reads), answerMs, 'Redis'),
    gatherMs,
  );
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
        return await countViews(tools, { salts, batches, answerMs }, reports, reporter);
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
  readonly batches: Batches;
  readonly answerMs: number;
}

/** Takes one request's views through all checks, in this order: what costs nothing first. */
async function countViews(
  { catalogue, clock }: CollectorTools,
  { salts, batches, answerMs }: Counting,
  reports: readonly ViewReport[],
  reporter: Reporter,
): Promise<Collected> {
  const tally = openTally();
  const candidates = reports.filter((report) => tally.passes(refusalOf(report, reporter)));
  if (candidates.length === 0) return tally.result();
  const articles = await withDeadline(catalogue.find(candidates), answerMs, 'The database');
  const known = candidates.flatMap((report, i) => {
    const article = articles[i];
    tally.passes(article === undefined ? 'unknown-article' : undefined);
    return article === undefined ? [] : { report, article };
  });
  const now = clock();
  const hashed = Promise.all(known.map((view) => readOf(salts, view, reporter, now)));
  const reads = await withDeadline(hashed, answerMs, 'Redis');
  for (const isCounted of await addAll(batches, reads)) tally.add(isCounted ? undefined : 'duplicate');
  return tally.result();
}

/** Settles when all have, and only then fails: nothing of a request is under way once it is answered. */
async function addAll(batches: Batches, reads: readonly Read[]): Promise<boolean[]> {
  const results = await Promise.allSettled(reads.map((read) => batches.add(shardOf(read.article), read)));
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** Why a view is refused before anything is looked up. */
function refusalOf(report: ViewReport, reporter: Reporter): DropReason | undefined {
  if (!isValid(report, reporter)) return 'invalid';
  if (reporter.isPrefetch) return 'prefetch';
  // A server that speaks for a visitor is a program itself.
  const speaksForVisitor = reporter.isTrusted && report.visitor !== undefined;
  return !speaksForVisitor && isBot(reporter.userAgent) ? 'bot' : undefined;
}

function isValid({ article, url, at }: ViewReport, { isTrusted }: Reporter): boolean {
  if (isTrusted && at !== undefined && Number.isNaN(at.getTime())) return false;
  if (article !== undefined) return parseArticleId(article) !== undefined;
  return url !== undefined && url !== '' && url.length <= MAX_URL;
}

interface KnownView {
  readonly article: CountedArticle;
  readonly report: ViewReport;
}

/** A view as the script takes it, with hashes instead of its visitor. */
async function readOf(
  salts: Salts,
  { article, report }: KnownView,
  { address, userAgent, isTrusted }: Reporter,
  now: Date,
): Promise<Read> {
  const at = timeOf(report, isTrusted, now);
  const visitor = (isTrusted ? report.visitor : undefined) ?? `${address}|${userAgent}`;
  const hash = async (day: number) => visitorHash(await salts.of(day, now), visitor, article.id);
  return {
    article: article.id,
    categories: article.categories,
    at,
    isTimeNamed: isTrusted && report.at !== undefined,
    isBox: report.ref === 'box',
    visitor: await hash(dayOf(at)),
    visitorBefore: isFirstSlotOfDay(at) ? await hash(dayOf(at) - 1) : undefined,
  };
}

/** When the view was: as a trusted reporter says, within the last 48 hours and never in the future. */
function timeOf({ at }: ViewReport, isTrusted: boolean, now: Date): Date {
  if (!isTrusted || at === undefined) return now;
  return new Date(Math.min(Math.max(at.getTime(), now.getTime() - MAX_AGE), now.getTime()));
}

function openTally() {
  let accepted = 0;
  const dropped: Partial<Record<DropReason, number>> = {};
  const drop = (reason: DropReason) => {
    dropped[reason] = (dropped[reason] ?? 0) + 1;
  };
  return {
    /** Counts a read, or a refusal by its reason. */
    add(reason: DropReason | undefined): void {
      if (reason === undefined) accepted++;
      else drop(reason);
    },
    /** Whether the view goes on; counts it where it does not. */
    passes(reason: DropReason | undefined): boolean {
      if (reason !== undefined) drop(reason);
      return reason === undefined;
    },
    result: (): Collected => ({ accepted, dropped }),
  };
}
