import { DAY, HOUR, MINUTE, SECOND } from '../clock.ts';
import { backoffSeconds } from './backoff.ts';
import type { FeedState, KeptHints, Poll, PollOutcome, PollTarget } from './feed.ts';
import { avoidSkipped, type IntervalLimits, intervalOf, newestOf, rhythmOf } from './interval.ts';
import { type Move, noteMove } from './moves.ts';
import { isNetworkFailure } from './outage.ts';

export interface ScheduleLimits extends IntervalLimits {
  /** Most hosts failed just now: what could not be reached is not to blame. */
  readonly isOwnOutage: boolean;
}

/** How a feed stands after a poll, and when it is polled next. */
export interface FeedSchedule extends Move {
  readonly state: FeedState;
  readonly nextPollAt: Date;
  readonly intervalSeconds: number;
  readonly rhythmSeconds: number | null;
  readonly newestEntryAt: Date | null;
  readonly hints: KeptHints;
  readonly failures: number;
  readonly strikes: number;
  readonly goneAt: Date | null;
  readonly missingSince: Date | null;
}

type Kind<K extends PollOutcome['kind']> = Extract<PollOutcome, { kind: K }>;

const JITTER = 0.1;
const SPREAD_SECONDS = 5;
/** Between the two answers 410 that retire a feed. */
const GONE_TWICE_AFTER_MS = HOUR;
/** For how long, and at how many polls, a server must say 404 or 403 before that is taken for its last word. */
const MISSING_FOR_MS = 28 * DAY;
const MISSING_POLLS = 5;
const MISSING: ReadonlySet<number> = new Set([403, 404]);
/** A retired feed is asked again after this long; an answer revives it. */
const PROBE_AFTER_MS = 30 * DAY;
/** Feeds that we could not reach for a reason of our own are tried again after this long, or twice that. */
export const OWN_OUTAGE_WAIT_SECONDS = MINUTE / SECOND;
export const MAX_STRIKES = 3;
export const QUARANTINE_SECONDS = DAY / SECOND;

/** The rules of design page §4, one for each outcome. */
export function scheduleNext(
  target: PollTarget,
  poll: Poll,
  inserted: number,
  limits: ScheduleLimits,
  now: Date,
  random: () => number,
): FeedSchedule {
  const { outcome } = poll;
  switch (outcome.kind) {
    case 'fresh':
    case 'unchanged':
      return afterSuccess(target, poll, outcome, inserted, limits, now, random);
    case 'gone':
      return afterGone(target, limits, now, random);
    case 'limited':
      return afterLimited(target, poll, outcome.retryAfterSeconds, limits, now, random);
    case 'failed':
      return afterFailure(target, poll, outcome, limits, now, random);
    default:
      return outcome satisfies never;
  }
}

function afterSuccess(
  target: PollTarget,
  poll: Poll,
  outcome: Kind<'fresh' | 'unchanged'>,
  inserted: number,
  limits: ScheduleLimits,
  now: Date,
  random: () => number,
): FeedSchedule {
  const isFresh = outcome.kind === 'fresh';
  const asked = isFresh ? outcome.feed.hints : target.hints;
  // An answer 304 without caching headers leaves those of the answer that it confirms in force (RFC 9111, 4.3.4).
  const kept = poll.status === 304 ? target.hints.freshForSeconds : null;
  const freshForSeconds = poll.freshForSeconds ?? kept;
  const isAsKept = !isFresh && target.hints.freshForSeconds === freshForSeconds;
  const hints: KeptHints = isAsKept ? target.hints : { ...asked, freshForSeconds };
  const rhythmSeconds = isFresh ? rhythmOf(outcome.entries, now) : target.rhythmSeconds;
  const newestEntryAt = isFresh ? newestOf(outcome.entries, inserted, target.newestEntryAt, now) : target.newestEntryAt;
  const wishedSeconds = Math.max(hints.intervalSeconds ?? 0, hints.freshForSeconds ?? 0);
  // What this poll brought was not pushed.
  const isPushed = inserted === 0 && target.pushAliveUntil !== null && target.pushAliveUntil > now;
  const intervalSeconds = intervalOf({ rhythmSeconds, newestEntryAt, wishedSeconds, isPushed }, limits, now);
  // Jitter goes both ways, but never below what the publisher or the owner set as the least.
  const least = Math.max(Math.min(wishedSeconds, DAY / SECOND), limits.minSeconds);
  const seconds = Math.max(jittered(intervalSeconds, random), least * (1 + JITTER * random()));
  const { movedTo, movedSince, movedPolls, newUrl } = noteMove(target, poll.movedTo, now);
  return {
    movedTo,
    movedSince,
    movedPolls,
    newUrl,
    state: target.state === 'paused' ? 'paused' : 'active',
    nextPollAt: avoidSkipped(after(now, seconds), hints, now, random),
    intervalSeconds,
    rhythmSeconds,
    newestEntryAt,
    hints,
    failures: 0,
    strikes: 0,
    goneAt: null,
    missingSince: null,
  };
}

function afterGone(target: PollTarget, limits: ScheduleLimits, now: Date, random: () => number): FeedSchedule {
  const goneAt = target.goneAt ?? now;
  const isRetired =
    target.state === 'retired' || (target.goneAt !== null && now.getTime() - goneAt.getTime() >= GONE_TWICE_AFTER_MS);
  const wait = isRetired ? PROBE_AFTER_MS : Math.max(GONE_TWICE_AFTER_MS, limits.minSeconds * SECOND);
  return {
    ...unchanged(target),
    goneAt,
    state: isRetired && target.state !== 'paused' ? 'retired' : target.state,
    failures: target.failures + 1,
    // Only ever later: the second answer must come an hour after the first.
    nextPollAt: new Date(now.getTime() + wait * (1 + JITTER * random())),
  };
}

/** No error of the feed. Feeds that were put off together come back one after another. */
function afterLimited(
  target: PollTarget,
  poll: Poll,
  retryAfterSeconds: number,
  limits: ScheduleLimits,
  now: Date,
  random: () => number,
): FeedSchedule {
  // Our own budget counts in seconds; what a server asks for is never taken as leave to come more often.
  const least = poll.status === null ? 0 : limits.minSeconds;
  const wait = Math.max(retryAfterSeconds, least);
  const spread = random() * Math.max(SPREAD_SECONDS, wait * JITTER);
  return { ...unchanged(target), nextPollAt: after(now, Math.min(wait + spread, DAY / SECOND)) };
}

function afterFailure(
  target: PollTarget,
  poll: Poll,
  outcome: Kind<'failed'>,
  limits: ScheduleLimits,
  now: Date,
  random: () => number,
): FeedSchedule {
  if (outcome.isKilled === true) return afterKill(target, limits, now, random);
  if (limits.isOwnOutage && isNetworkFailure(outcome)) {
    const wait = Math.max(OWN_OUTAGE_WAIT_SECONDS, limits.minSeconds);
    return { ...unchanged(target), nextPollAt: after(now, wait * (1 + random())) };
  }
  const failures = target.failures + 1;
  const backoff = backoffSeconds(
    outcome.failure,
    failures,
    Math.max(target.intervalSeconds, limits.minSeconds),
    random,
  );
  const missingSince = missingSinceOf(target, poll.status, now);
  const isRetired = target.state === 'retired' || isMissingForGood(missingSince, failures, poll.status, now);
  const state = isRetired && target.state !== 'paused' ? 'retired' : target.state;
  // Jitter never makes it sooner than the owner allows.
  const wait = isRetired ? PROBE_AFTER_MS / SECOND : Math.max(backoff, limits.minSeconds);
  return { ...unchanged(target), state, failures, missingSince, nextPollAt: after(now, wait) };
}

/** An answer of another kind breaks the row; no answer at all says nothing about the feed. */
function missingSinceOf(target: PollTarget, status: number | null, now: Date): Date | null {
  if (status === null) return target.missingSince;
  return MISSING.has(status) ? (target.missingSince ?? now) : null;
}

function isMissingForGood(since: Date | null, failures: number, status: number | null, now: Date): boolean {
  if (since === null || status === null || failures < MISSING_POLLS) return false;
  return now.getTime() - since.getTime() >= MISSING_FOR_MS;
}

/**
 * A strike. The last one is kept through the quarantine, so that one more killed parser afterwards means another day of
 * it, not three more attempts.
 */
function afterKill(target: PollTarget, limits: ScheduleLimits, now: Date, random: () => number): FeedSchedule {
  const strikes = target.strikes + 1;
  const failures = target.failures + 1;
  if (strikes >= MAX_STRIKES && target.state !== 'paused') {
    const nextPollAt = after(now, QUARANTINE_SECONDS);
    return { ...unchanged(target), failures, strikes: MAX_STRIKES - 1, state: 'quarantined', nextPollAt };
  }
  const wait = Math.max(backoffSeconds('parse', failures, target.intervalSeconds, random), limits.minSeconds);
  return { ...unchanged(target), failures, strikes, nextPollAt: after(now, wait) };
}

function unchanged(target: PollTarget): FeedSchedule {
  const { state, nextPollAt, intervalSeconds, rhythmSeconds, newestEntryAt, hints, failures, strikes } = target;
  const { goneAt, missingSince, movedTo, movedSince, movedPolls } = target;
  const feed = { state, nextPollAt, intervalSeconds, rhythmSeconds, newestEntryAt, hints, failures, strikes, goneAt };
  return { ...feed, missingSince, movedTo, movedSince, movedPolls, newUrl: null };
}

function jittered(seconds: number, random: () => number): number {
  return seconds * (1 - JITTER + 2 * JITTER * random());
}

function after(now: Date, seconds: number): Date {
  return new Date(now.getTime() + Math.round(seconds * SECOND));
}
