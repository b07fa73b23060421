import { parseDate } from '../../feeds/parse/dates.ts';
import { digitsAt } from './log-time.ts';
import type { LoggedView } from './logged-view.ts';

/** A view as JSON Lines and CSV name its parts. */
export const FIELDS = ['article', 'url', 'at', 'visitor', 'address', 'userAgent', 'ref', 'method', 'status'] as const;
export type Field = (typeof FIELDS)[number];

const FIELD_OF = new Map<string, Field>([
  ...FIELDS.map((field): [string, Field] => [field.toLowerCase(), field]),
  ['useragent', 'userAgent'],
  ['time', 'at'],
  ['timestamp', 'at'],
  ['ip', 'address'],
]);

/** The field that a name means, however it is written: `userAgent`, `user_agent`, `User-Agent`. */
export function fieldOf(name: string): Field | undefined {
  return FIELD_OF.get(name.toLowerCase().replace(/[\s_-]/g, ''));
}

/** The view in the fields of a line. Times without a zone are of `zone`. */
export function viewOf(
  fields: Readonly<Partial<Record<Field, string>>>,
  zone: string,
): LoggedView | 'invalid' | 'other-request' {
  const { article, url, visitor, address, userAgent, method = 'GET', status = '200' } = fields;
  const at = timeOf(fields.at ?? '', zone);
  const target = article || url || '';
  if (Number.isNaN(at) || target === '') return 'invalid';
  if (method !== 'GET' || (status !== '200' && status !== '304')) return 'other-request';
  const isNamed = visitor !== undefined && visitor !== '';
  return {
    at,
    target,
    visitor: isNamed ? `visitor ${visitor}` : address || undefined,
    // Who names a visitor has looked at the program.
    agent: isNamed && !userAgent ? undefined : userAgent,
    isBox: fields.ref === 'box',
  };
}

/** Seconds or milliseconds since 1970 with a fraction, as nginx ($msec) and Caddy log them; whole ones stand in feeds too. */
const SINCE_1970 = /^(?:\d{10}|\d{13})\.\d+$/;

/** `2026-01-31T12:00:00Z`, the form of nearly all, by its digits; all others as dates of feeds are read. */
function timeOf(text: string, zone: string): number {
  if (text.length === 20 && text[10] === 'T' && text[19] === 'Z') {
    const [year, month, day] = [digitsAt(text, 0, 4), digitsAt(text, 5, 2), digitsAt(text, 8, 2)];
    const [hours, minutes, seconds] = [digitsAt(text, 11, 2), digitsAt(text, 14, 2), digitsAt(text, 17, 2)];
    const isUsual = month >= 1 && month <= 12 && day >= 1 && day <= 28 && hours <= 23 && minutes <= 59 && seconds <= 59;
    if (isUsual && year >= 1000) return Date.UTC(year, month - 1, day, hours, minutes, seconds);
  }
  if (SINCE_1970.test(text)) return Math.trunc(Number(text) * (text[10] === '.' ? 1000 : 1));
  return parseDate(text, zone)?.getTime() ?? Number.NaN;
}
