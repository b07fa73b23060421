import { DAY, SECOND } from '../clock.ts';
import { adviceFor } from './advice.ts';
import type { KeptHints, PollTarget, WholeFeed } from './feed.ts';
import { type IntervalLimits, intervalOf } from './interval.ts';
import type { PollRecord } from './store.ts';

/** One thing that a feed's schedule follows from, in a sentence. */
export interface Reason {
  readonly about:
    | 'state'
    | 'lease'
    | 'failures'
    | 'rhythm'
    | 'push'
    | 'hints'
    | 'limits'
    | 'move'
    | 'guids'
    | 'host'
    | 'due';
  readonly says: string;
}

/** Why a feed is due when it is, and how its polls went. */
export interface FeedExplanation {
  readonly isDue: boolean;
  readonly reasons: readonly Reason[];
  readonly validators: {
    readonly etag: string | null;
    readonly lastModified: string | null;
    readonly hasBodyHash: boolean;
    readonly isTrusted: boolean;
    readonly says: string;
  };
  /** Of the last polls, those that were answered, and of these the share that was answered 304. */
  readonly answered: number;
  readonly notModifiedRatio: number | null;
  /** What to do about the last failure; null where the last poll went well. */
  readonly advice: string | null;
  /** Newest first. */
  readonly polls: readonly PollRecord[];
}

type IntervalTarget = Pick<PollTarget, 'rhythmSeconds' | 'newestEntryAt' | 'hints'> &
  Partial<Pick<PollTarget, 'pushAliveUntil'>>;

const DAY_SECONDS = DAY / SECOND;
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** All that a person who wonders about a feed can be told. */
export function explainFeed(
  target: WholeFeed,
  polls: readonly PollRecord[],
  limits: IntervalLimits,
  now: Date,
): FeedExplanation {
  const answered = polls.filter(({ status }) => status !== null);
  const notModified = answered.filter(({ status }) => status === 304).length;
  const isWaiting = target.state !== 'paused' && !isLeased(target, now);
  return {
    isDue: isWaiting && target.nextPollAt <= now,
    reasons: [
      ...guidReasons(target),
      ...stateReasons(target),
      ...leaseReasons(target, now),
      ...failureReasons(target),
      ...(target.failures > 0 ? [] : explainInterval(target, limits, now)),
      ...moveReasons(target),
      ...hostReasons(target),
      dueReason(target, now),
    ],
    validators: validatorsOf(target),
    answered: answered.length,
    notModifiedRatio: answered.length === 0 ? null : notModified / answered.length,
    advice: target.failures > 0 || target.lastError !== null ? adviceFor(target.lastOutcome, target.lastStatus) : null,
    polls,
  };
}

/** What the interval follows from, the last sentence naming what it comes to (before jitter). */
export function explainInterval(target: IntervalTarget, limits: IntervalLimits, now: Date): Reason[] {
  const { rhythmSeconds, newestEntryAt, hints } = target;
  const wishedSeconds = Math.max(hints.intervalSeconds ?? 0, hints.freshForSeconds ?? 0);
  const lively = intervalOf({ rhythmSeconds, newestEntryAt: null, wishedSeconds: 0 }, limits, now);
  const own = intervalOf({ rhythmSeconds, newestEntryAt, wishedSeconds: 0 }, limits, now);
  const { pushAliveUntil = null } = target;
  const isPushed = pushAliveUntil !== null && pushAliveUntil > now;
  const seconds = intervalOf({ rhythmSeconds, newestEntryAt, wishedSeconds, isPushed }, limits, now);
  const rhythm =
    rhythmSeconds === null
      ? `Too few entries have dates to tell a rhythm: ${inWords(lively)} is assumed.`
      : `Half the median gap between its entries is ${inWords(rhythmSeconds)}.`;
  const silent =
    newestEntryAt !== null && own > lively
      ? [`Nothing new has appeared since ${newestEntryAt.toISOString()}, so that it is asked less often.`]
      : [];
  const { minSeconds, maxSeconds } = limits;
  const bounds = `Never more often than every ${inWords(minSeconds)} (POLL_MIN_INTERVAL), and every ${inWords(maxSeconds)} (POLL_MAX_INTERVAL) while it publishes: its interval is ${inWords(seconds)}.`;
  return [
    ...[rhythm, ...silent].map((says): Reason => ({ about: 'rhythm', says })),
    ...(isPushed ? [pushReason(pushAliveUntil)] : []),
    ...hintSentences(hints).map((says): Reason => ({ about: 'hints', says })),
    { about: 'limits', says: bounds },
  ];
}

function pushReason(until: Date): Reason {
  const says = `A hub pushes what is new, and is relied on until ${until.toISOString()}: polls only make sure.`;
  return { about: 'push', says };
}

/** What the publisher asks for, a sentence for each wish. */
export function hintSentences(hints: KeptHints): string[] {
  const { intervalSeconds, freshForSeconds, skipHours, skipDays } = hints;
  const capped = (seconds: number) =>
    seconds > DAY_SECONDS ? `${inWords(seconds)}, of which a day counts` : inWords(seconds);
  return [
    ...(intervalSeconds === null
      ? []
      : [`The feed (ttl or sy:updatePeriod) asks for ${capped(intervalSeconds)} between polls.`]),
    ...(freshForSeconds === null
      ? []
      : [`Its caching headers (max-age less Age, or Expires) ask for ${capped(freshForSeconds)}.`]),
    ...(skipHours.length === 0 ? [] : [`It asks not to be polled in the hours ${skipHours.join(', ')} (GMT).`]),
    ...(skipDays.length === 0 ? [] : [`It asks not to be polled on ${skipDays.map((day) => DAYS[day]).join(', ')}.`]),
  ];
}

function stateReasons(target: PollTarget): Reason[] {
  const says = {
    active: null,
    paused: 'It is paused: it is not polled until it is made active, except on demand.',
    retired:
      'It is retired, because its server says that it is gone: one probe every 30 days looks whether it is back.',
    quarantined: 'It is in quarantine, because reading it ended its parser several times: one attempt a day.',
  }[target.state];
  return says === null ? [] : [{ about: 'state', says }];
}

function leaseReasons({ leasedUntil, strikes, state }: PollTarget, now: Date): Reason[] {
  const reasons: Reason[] = [];
  if (leasedUntil !== null && leasedUntil > now) {
    const says = `A poller has it now; if it says nothing by ${leasedUntil.toISOString()}, another one takes it.`;
    reasons.push({ about: 'lease', says });
  } else if (leasedUntil !== null) {
    const says = `A poller took it and never came back (by ${leasedUntil.toISOString()}): it is taken again, with a strike.`;
    reasons.push({ about: 'lease', says });
  }
  if (state === 'quarantined') {
    const says =
      'If the next attempt ends its parser or the process too, that means another day; if it ends well, all is forgotten.';
    reasons.push({ about: 'lease', says });
  } else if (strikes > 0) {
    const says = `${count(strikes, 'attempt')} to read it ended the parser or the process: three mean a day of quarantine.`;
    reasons.push({ about: 'lease', says });
  }
  return reasons;
}

function failureReasons(target: WholeFeed): Reason[] {
  const { failures, lastOutcome, lastError, lastSuccessAt, goneAt, missingSince } = target;
  const reasons: Reason[] = [];
  const add = (says: string) => reasons.push({ about: 'failures', says });
  if (failures > 0) {
    const since = lastSuccessAt === null ? 'it never went well' : `it last went well at ${lastSuccessAt.toISOString()}`;
    add(`The last ${count(failures, 'poll')} failed (${lastOutcome ?? 'unknown'}); ${since}.`);
    add('After each failure in a row the wait doubles, up to a day (a week for 4xx), less or more by a fifth.');
  }
  if (lastError !== null) add(`What it said: ${lastError}`);
  if (goneAt !== null)
    add(`Its server first answered 410 at ${goneAt.toISOString()}: twice, an hour apart, retires a feed.`);
  if (missingSince !== null) add(`Its server has said nothing but 404 or 403 since ${missingSince.toISOString()}.`);
  return reasons;
}

function moveReasons({ movedTo, movedSince, movedPolls }: PollTarget): Reason[] {
  if (movedTo === null) return [];
  const since = movedSince === null ? '' : ` since ${movedSince.toISOString()}`;
  const says = `${count(movedPolls, 'poll')}${since} led permanently to ${movedTo}: three that agree, over a day, and it becomes its URL.`;
  return [{ about: 'move', says }];
}

function guidReasons({ guidTrust, guidTrustSince }: PollTarget): Reason[] {
  const since = guidTrustSince === null ? '' : ` since ${guidTrustSince.toISOString()}`;
  const says = {
    trusted: `Its guids are trusted${guidTrustSince === null ? '' : ` again${since}`}: they tell its articles apart.`,
    changing: `Its guids are not trusted${since}: they were new again and again for articles that were known. Its articles are told by link, title and text, until the guids stay the same in three documents.`,
    reused: `Its guids are not trusted${since}: one stood for another article, with another link and title. Its articles are told by guid and link together, title and text, until ten documents have shown nothing of the kind.`,
  }[guidTrust];
  return [{ about: 'guids', says }];
}

function hostReasons({ host, putOffAt }: WholeFeed): Reason[] {
  if (putOffAt === null) return [];
  const says = `At ${putOffAt.toISOString()} it was put off unasked: ${host} wants to be left alone for a while (429, or 403 with a time), or other feeds of it had used up HOST_REQUESTS_PER_MINUTE.`;
  return [{ about: 'host', says }];
}

function dueReason(target: WholeFeed, now: Date): Reason {
  const at = target.nextPollAt.toISOString();
  const seconds = (target.nextPollAt.getTime() - now.getTime()) / SECOND;
  if (target.state === 'paused') return { about: 'due', says: `It would be due at ${at}.` };
  if (isLeased(target, now)) return { about: 'due', says: `It was due at ${at}.` };
  if (seconds > 0) return { about: 'due', says: `It is due in ${inWords(seconds)}, at ${at}.` };
  const line = target.waitsByHost
    ? ` It waits for its turn among the feeds of ${target.host}, of which more are due than HOST_REQUESTS_PER_MINUTE lets through.`
    : '';
  return { about: 'due', says: `It is due now, since ${at}.${line}` };
}

function validatorsOf(target: PollTarget): FeedExplanation['validators'] {
  const { etag, lastModified, bodyHash, trustsValidators } = target;
  const has = etag !== null || lastModified !== null;
  const says = !trustsValidators
    ? 'They once stood for two different contents: they are not sent any more, and the hash of the body decides.'
    : has
      ? 'They are sent back byte for byte; now and then a poll goes without them, to see whether they lie.'
      : 'The server gave none: each poll loads the whole feed, and the hash of the body decides.';
  return { etag, lastModified, hasBodyHash: bodyHash !== null, isTrusted: trustsValidators, says };
}

function isLeased({ leasedUntil }: Pick<PollTarget, 'leasedUntil'>, now: Date): boolean {
  return leasedUntil !== null && leasedUntil > now;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `90` is `90 s`, `5400` is `1 h 30 min`: the two largest units that matter. */
export function inWords(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}
