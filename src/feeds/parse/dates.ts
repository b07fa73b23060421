import { MONTH_OF, plainWord } from './date-words.ts';
import { type DateParts, partsOfIso } from './iso-dates.ts';
import { partsOfWords } from './word-dates.ts';
import { instantIn } from './zones.ts';

const MAX_LENGTH = 128;

/** Marks that tell where a date without zone was written. */
const LOCAL_MARKS: readonly (readonly [RegExp, string])[] = [
  [/[오년월일시분초]/, '+09:00'],
  [/[午前後時]{2}|\d\s*時|令和|平成|昭和/, '+09:00'],
  [/上午|下午|\d\s*[时点]/, '+08:00'],
];

const ERAS: ReadonlyMap<string, number> = new Map([
  ['令和', 2018],
  ['平成', 1988],
  ['昭和', 1925],
]);

/**
 * Reads the date in a feed's text, whatever form it has; null where there is none. A date without zone is one of
 * `defaultZone`, else of the country whose writing gives it away, else UTC; the process's own zone has no part in it.
 * `Date.parse` is never asked: it reads some of these forms, and some of them wrongly.
 */
export function parseDate(text: string, defaultZone: string | null): Date | null {
  return usualDate(text) ?? anyDate(text, defaultZone);
}

const RFC_822 =
  /^\s*[A-Z][a-z]{2}, (\d\d?) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|UTC|Z|([+-])(\d\d)(\d\d))\s*$/;
const RFC_3339 = /^\s*(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:Z|([+-])(\d\d):(\d\d))\s*$/;

/** The two forms that nearly all feeds have, read at a tenth of the cost. */
function usualDate(text: string): Date | null {
  const [, a, b, c, hour, minute, second, sign, hours, minutes] = RFC_3339.exec(text) ?? RFC_822.exec(text) ?? [];
  if (a === undefined) return null;
  const isIso = a.length === 4;
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === '-' ? -1 : 1);
  return dateOf(
    {
      year: Number(isIso ? a : c),
      month: isIso ? Number(b) : (MONTH_OF.get((b ?? '').toLowerCase()) ?? 0),
      day: Number(isIso ? c : a),
      hour: Number(hour),
      minute: Number(minute),
      second: Number(second),
      millisecond: 0,
      offset,
    },
    null,
  );
}

function anyDate(text: string, defaultZone: string | null): Date | null {
  const given = text.slice(0, MAX_LENGTH).normalize('NFKC').replace(/[−–]/g, '-').replace(/\s+/g, ' ').trim();
  if (given === '') return null;
  const local = LOCAL_MARKS.find(([mark]) => mark.test(given))?.[1] ?? null;
  const written = westernised(given);
  const parts = partsOfIso(written) ?? partsOfWords(plainWord(written));
  return parts === undefined ? null : dateOf(parts, parts.zone ?? defaultZone ?? local);
}

/** `令和6年5月28日 午後1時31分` → `2024-5-28 pm 1:31`. */
function westernised(text: string): string {
  if (!/[\u3040-\u9fff\uac00-\ud7a3]/.test(text)) return text;
  return text
    .replace(
      /(令和|平成|昭和)\s*(元|\d{1,2})\s*年/,
      (_, era, year) => `${(ERAS.get(era) ?? 0) + (year === '元' ? 1 : Number(year))}年`,
    )
    .replace(/\s*[年년월月]\s*/g, '-')
    .replace(/-?\s*[日일]\s*/g, ' ')
    .replace(/午前|上午|오전|凌晨|早上/g, ' am ')
    .replace(/午後|下午|오후|晚上/g, ' pm ')
    .replace(/(\d)\s*[時时点시]\s*(\d{1,2})\s*[分분]\s*(\d{1,2})\s*[秒초]?/g, '$1:$2:$3')
    .replace(/(\d)\s*[時时点시]\s*(\d{1,2})\s*[分분]?/g, '$1:$2')
    .replace(/(\d)\s*[時时点시]/g, '$1:00')
    .replace(/[(（]?[月火水木金土日一二三四五六월화수목금토일][)）]?(?:曜日|요일)?/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function dateOf(parts: DateParts, zone: string | null): Date | null {
  const { year, month, day, hour, minute, second, millisecond, offset } = parts;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  if (hour > 24 || minute > 59 || second > 60 || year > 9999) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, millisecond);
  const local = date.getTime();
  const instant = new Date(offset === undefined ? instantIn(zone, local) : local - offset * 60_000);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
