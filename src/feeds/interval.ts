import type { Settings } from '../../config/settings.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../clock.ts';
import type { Entry, PublisherHints } from './entry.ts';

/** From settings: POLL_MIN_INTERVAL and POLL_MAX_INTERVAL. */
export interface IntervalLimits {
  readonly minSeconds: number;
  readonly maxSeconds: number;
}

export function limitsOf(settings: Pick<Settings, 'POLL_MIN_INTERVAL' | 'POLL_MAX_INTERVAL'>): IntervalLimits {
  return { minSeconds: settings.POLL_MIN_INTERVAL / SECOND, maxSeconds: settings.POLL_MAX_INTERVAL / SECOND };
}

/** What an interval follows from. */
export interface IntervalReasons {
  /** Half the median gap between the feed's recent entries; null where too few have dates. */
  readonly rhythmSeconds: number | null;
  readonly newestEntryAt: Date | null;
  /** The longest of what the publisher asks for; 0 where nothing. */
  readonly wishedSeconds: number;
  /** A hub pushes what is new, so that polls only make sure. */
  readonly isPushed?: boolean;
}

const DAY_SECONDS = DAY / SECOND;

/** Of a feed whose rhythm nobody can tell. */
const UNKNOWN_RHYTHM_SECONDS = (15 * MINUTE) / SECOND;

/** Entries by which the rhythm is judged. */
const RECENT = 20;

/** After this long without an entry the feed may be left alone for up to a day. */
const LONG_QUIET_SECONDS = 7 * DAY_SECONDS;

/** A feed that has been silent for a day is asked each hour, for a week each seven hours, whatever its rhythm was. */
const SILENCE_SHARE = HOUR / DAY;

/** Half the median gap, in seconds, between the newest entries that have dates. */
export function rhythmOf(entries: readonly Entry[], now: Date): number | null {
  const times = entryTimes(entries, now).slice(0, RECENT);
  const gaps = times.slice(1).map((time, index) => (times[index] ?? time) - time);
  const median = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
  return median === undefined ? null : Math.round(median / 2 / SECOND);
}

/** When the newest entry appeared: by its own date, or now where something without a date came in. */
export function newestOf(entries: readonly Entry[], inserted: number, before: Date | null, now: Date): Date | null {
  const [newest] = entryTimes(entries, now);
  if (newest !== undefined) return new Date(newest);
  return inserted > 0 ? now : before;
}

/** Newest first. Dates in the future are a publisher's mistake, and would make any feed look busy. */
function entryTimes(entries: readonly Entry[], now: Date): number[] {
  return entries
    .map((entry) => (entry.publishedAt ?? entry.updatedAt)?.getTime() ?? Number.NaN)
    .filter((time) => time <= now.getTime())
    .sort((a, b) => b - a);
}

/** Seconds until the next poll, before jitter. What the publisher asks for goes before the maximum, up to a day. */
export function intervalOf(reasons: IntervalReasons, limits: IntervalLimits, now: Date): number {
  const { rhythmSeconds, newestEntryAt, wishedSeconds, isPushed = false } = reasons;
  const silence = newestEntryAt === null ? 0 : Math.max(0, now.getTime() - newestEntryAt.getTime()) / SECOND;
  const maxSeconds = silence > LONG_QUIET_SECONDS ? Math.max(limits.maxSeconds, DAY_SECONDS) : limits.maxSeconds;
  const rhythm = isPushed ? DAY_SECONDS : (rhythmSeconds ?? UNKNOWN_RHYTHM_SECONDS);
  const own = Math.max(rhythm, silence * SILENCE_SHARE);
  const wished = Math.min(wishedSeconds, DAY_SECONDS);
  return Math.round(Math.max(Math.min(own, maxSeconds), wished, limits.minSeconds));
}

/**
 * The first moment from `at` on that the publisher does not rule out by hour (GMT) or day, but no later than a day from
 * now. Feeds that wait for the same hour are spread over its first ten minutes.
 */
export function avoidSkipped(
  at: Date,
  hints: Pick<PublisherHints, 'skipHours' | 'skipDays'>,
  now: Date,
  random: () => number,
): Date {
  if (hints.skipHours.length === 0 && hints.skipDays.length === 0) return at;
  const isSkipped = (time: number) => {
    const date = new Date(time);
    return hints.skipHours.includes(date.getUTCHours()) || hints.skipDays.includes(date.getUTCDay());
  };
  if (!isSkipped(at.getTime())) return at;
  const latest = Math.max(now.getTime() + DAY, at.getTime());
  let hour = Math.floor(at.getTime() / HOUR) * HOUR;
  while (isSkipped(hour) && hour < latest) hour += HOUR;
  return new Date(Math.min(hour + random() * 10 * MINUTE, latest));
}
