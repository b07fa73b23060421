import { offsetOf } from './zones.ts';

/** A date as written; `offset` (minutes east of Greenwich) is missing where it names no zone. */
export interface DateParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
  readonly offset: number | undefined;
  /** `europe/berlin`, where the date names its zone so. */
  readonly zone?: string | undefined;
}

export type Clock = Pick<DateParts, 'hour' | 'minute' | 'second' | 'millisecond' | 'offset' | 'zone'>;

export const MIDNIGHT: Clock = { hour: 0, minute: 0, second: 0, millisecond: 0, offset: undefined };

/** The forms of ISO 8601 for a day, most digits first; two-digit years and left-out parts as its first edition has them. */
const DAYS: readonly (readonly [RegExp, (match: string[]) => readonly [number, number, number] | undefined])[] = [
  [/^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)/, ([, y, m, d]) => [Number(y), Number(m), Number(d)]],
  [/^(\d{4})(\d{2})(\d{2})(?=$|T|\s|\d{4})/i, ([, y, m, d]) => [Number(y), Number(m), Number(d)]],
  [/^(\d{4})-?W(\d{2})(?:-?([1-7]))?(?!\d)/i, ([, y, w, d]) => dayOfWeek(Number(y), Number(w), Number(d ?? 1))],
  [/^(\d{4})-?(\d{3})(?!\d)/, ([, y, d]) => dayOfYear(Number(y), Number(d))],
  [/^(\d{4})-(\d{1,2})(?![\d-])/, ([, y, m]) => [Number(y), Number(m), 1]],
  [/^(\d{2})-(\d{2})-(\d{2})(?!\d)/, ([, y, m, d]) => [fullYear(Number(y)), Number(m), Number(d)]],
  [/^(\d{2})(\d{2})(\d{2})$/, ([, y, m, d]) => [fullYear(Number(y)), Number(m), Number(d)]],
  [/^(\d{2})-?(\d{3})$/, ([, y, d]) => dayOfYear(fullYear(Number(y)), Number(d))],
  [/^(\d{4})$/, ([, y]) => [Number(y), 1, 1]],
  [/^-(\d{2})-?(\d{2})$/, ([, y, m]) => [fullYear(Number(y)), Number(m), 1]],
  [/^-(\d{2})$/, ([, y]) => [fullYear(Number(y)), 1, 1]],
];

/** Reads the numeric forms: RFC 3339, W3C-DTF, ISO 8601, SQL, and seconds or milliseconds since 1970. */
export function partsOfIso(text: string): DateParts | undefined {
  if (/^\d{10}$|^\d{13}$/.test(text)) return partsOfInstant(Number(text) * (text.length === 10 ? 1000 : 1));
  for (const [pattern, read] of DAYS) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const day = read(match);
    const clock = clockOf(text.slice(match[0].length));
    if (day === undefined || clock === undefined) return undefined;
    return { year: day[0], month: day[1], day: day[2], ...clock };
  }
  return undefined;
}

const CLOCK =
  /^[T\s_,-]*(?:\(?(?!am|pm)\p{L}{2,9}\)?,?\s+(?=\d))?(am\s|pm\s)?\s*(\d{1,2})(?::(\d{1,2})|(\d{2}))(?::?(\d{2})(?:[.,:](\d{1,9}))?)?\s*(am|pm|a\.m\.|p\.m\.)?\s*(.*)$/iu;

/** The time of day after a date: undefined where something stands there that is none. */
export function clockOf(text: string): Clock | undefined {
  const rest = text.trim();
  if (rest === '' || /^T$/i.test(rest)) return MIDNIGHT;
  const match = CLOCK.exec(rest);
  if (match === null) return withZone(MIDNIGHT, rest.replace(/^T/i, ''));
  const half = (match[1] ?? match[7] ?? '').trim().toLowerCase().charAt(0);
  const clock = {
    hour: inHalf(Number(match[2]), half),
    minute: Number(match[3] ?? match[4] ?? 0),
    second: Number(match[5] ?? 0),
    millisecond: match[6] === undefined ? 0 : Math.floor(Number(`0.${match[6]}`) * 1000),
    offset: undefined,
  };
  return withZone(clock, match[8] ?? '');
}

export function inHalf(hour: number, half: string): number {
  if (half === 'p' && hour < 12) return hour + 12;
  return half === 'a' && hour === 12 ? 0 : hour;
}

/** 70–99 are of the last century, 00–69 of this one. */
export function fullYear(year: number): number {
  return year < 70 ? year + 2000 : year + 1900;
}

function withZone(clock: Clock, zone: string): Clock | undefined {
  const name = zone
    .trim()
    .replace(/\s*\(.*$/, '')
    .replace(/\s+/g, '');
  if (name === '') return clock;
  const offset = offsetOf(name);
  // An unknown zone is no reason to lose the day; anything else behind a date means that it was none.
  return offset === undefined && !/^[\p{L}/_+-]{1,32}\d{0,4}$/u.test(name) ? undefined : { ...clock, offset };
}

function dayOfYear(year: number, day: number): readonly [number, number, number] | undefined {
  const date = new Date(Date.UTC(year, 0, day));
  if (day < 1 || date.getUTCFullYear() !== year) return undefined;
  return [year, date.getUTCMonth() + 1, date.getUTCDate()];
}

function dayOfWeek(year: number, week: number, day: number): readonly [number, number, number] | undefined {
  if (week < 1 || week > 53) return undefined;
  const fourth = new Date(Date.UTC(year, 0, 4));
  const monday = 4 - ((fourth.getUTCDay() + 6) % 7);
  const date = new Date(Date.UTC(year, 0, monday + (week - 1) * 7 + day - 1));
  return [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
}

function partsOfInstant(millis: number): DateParts {
  const date = new Date(millis);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
    offset: 0,
  };
}
