import { MONTH_OF } from './date-words.ts';
import { type Clock, type DateParts, fullYear, inHalf, MIDNIGHT } from './iso-dates.ts';
import { offsetOf } from './zones.ts';

const TIME = /(?<![\d:])(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?\s*(am|pm|a\.m\.|p\.m\.)?(?![\d:])/u;
const ZONE =
  /^\W{0,3}?((?:gmt|utc|ut|z)?\s*[+-]\s*\d{1,2}:?\d{0,2}(?!\d)|[a-z]+\/[a-z/_]+[+-]?\d{0,2}|[a-z]{1,5}(?![\p{L}/:]))/u;
/** Of asctime, whose zone follows the year where there is one at all. */
const YEAR_FIRST = /^\s*\d{4}(?!\d)/;
const NUMERIC = /(?<!\d)(\d{1,4})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{1,4})(?!\d)/;

/** Reads the forms with words: RFC 822 and its kin, asctime, `28 de mayo de 2004`, and `5/28/2004`. Words are plain. */
export function partsOfWords(text: string): DateParts | undefined {
  const time = TIME.exec(text);
  const clock = time === null ? MIDNIGHT : clockOf(text, time);
  const before = time === null ? text : text.slice(0, time.index);
  // The year may stand behind the time (asctime), where a zone's digits must not be taken for it.
  const after =
    time === null ? '' : text.slice(time.index + time[0].length).replace(/[+-]\s*\d{1,2}:?\d{2}(?!\d)/, ' ');
  const day = namedDay(before, after) ?? numericDay(before);
  return day === undefined ? undefined : { ...day, ...clock };
}

function clockOf(text: string, time: RegExpExecArray): Clock {
  const [all, hour, minute, second, fraction, half] = time;
  const rest = text
    .slice(time.index + all.length)
    .replace(YEAR_FIRST, '')
    .trimStart();
  const zone = ZONE.exec(rest)?.[1]?.replace(/\s+/g, '');
  return {
    hour: inHalf(Number(hour), half?.charAt(0) ?? ''),
    minute: Number(minute),
    second: Number(second ?? 0),
    millisecond: fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000),
    offset: zone === undefined ? undefined : offsetOf(zone),
    zone: zone?.includes('/') ? zone : undefined,
  };
}

type Day = Pick<DateParts, 'year' | 'month' | 'day'>;

function namedDay(before: string, after: string): Day | undefined {
  const words = before.match(/\p{L}+|\d+/gu) ?? [];
  const at = words.findIndex((word, index) => MONTH_OF.has(word) && !isWeekday(words, index));
  const month = MONTH_OF.get(words[at] ?? '');
  if (month === undefined) return undefined;
  const numbers = words.filter((word) => /^\d{1,4}$/.test(word));
  const late = numbers.length < 2 ? after.match(/(?<!\d)\d{4}(?!\d)/)?.[0] : undefined;
  if (late !== undefined) numbers.push(late);
  const [first = '', second] = numbers;
  if (first === '') return undefined;
  if (second === undefined) return first.length === 4 ? { year: Number(first), month, day: 1 } : undefined;
  const isYearFirst = first.length > 2;
  const year = isYearFirst ? first : second;
  const day = Number(isYearFirst ? second : first);
  return { year: year.length <= 2 ? fullYear(Number(year)) : threeDigits(year), month, day };
}

/** `mar` is Tuesday in some languages and March in most: a month only where no other word in the date is one. */
function isWeekday(words: readonly string[], index: number): boolean {
  return index === 0 && words.some((word, other) => other > 0 && MONTH_OF.has(word));
}

/** RFC 2822: three digits count from 1900; programs that take a year from C's `struct tm` write it so. */
function threeDigits(year: string): number {
  return year.length === 3 ? Number(year) + 1900 : Number(year);
}

function numericDay(text: string): Day | undefined {
  const match = NUMERIC.exec(text);
  if (match === null) return undefined;
  const [, a = '', separator, b = '', c = ''] = match;
  if (a.length >= 3) return { year: Number(a), month: Number(b), day: Number(c) };
  const year = c.length <= 2 ? fullYear(Number(c)) : Number(c);
  // Slashes are American unless the numbers say otherwise; dots and dashes are not.
  const isMonthFirst = (separator === '/' && Number(a) <= 12) || Number(b) > 12;
  return isMonthFirst ? { year, month: Number(a), day: Number(b) } : { year, month: Number(b), day: Number(a) };
}
