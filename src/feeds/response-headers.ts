import { DAY, SECOND } from '../clock.ts';

type Headers = Readonly<Record<string, string>>;

/**
 * Seconds for which the answer says it stays fresh: `max-age` less `Age`, else `Expires` less `Date`; 0 where it forbids
 * to keep it. Null where it says nothing or nothing readable.
 */
export function freshForSeconds(headers: Headers, now: Date): number | null {
  const { 'cache-control': control = '', age = '0', expires, date } = headers;
  if (/(^|[\s,])no-(cache|store)\b/i.test(control)) return 0;
  const [, maxAge] = /(?:^|[\s,])max-age\s*=\s*"?(\d{1,10})/i.exec(control) ?? [];
  if (maxAge !== undefined) return Math.max(0, Number(maxAge) - (/^\d{1,10}$/.test(age) ? Number(age) : 0));
  const until = httpDate(expires);
  if (until === undefined) return null;
  // By the server's own clock where it tells the time, since ours may differ from it.
  return Math.max(0, Math.round((until - (httpDate(date) ?? now.getTime())) / SECOND));
}

/**
 * Seconds that `Retry-After` asks for, as a number or a date, at most a day; 0 where it lies in the past. Null where there
 * is none or nobody can read it.
 */
export function retryAfterSeconds(headers: Headers, now: Date): number | null {
  const given = headers['retry-after']?.trim();
  if (given === undefined || given === '') return null;
  const seconds = /^[+-]?\d+(\.\d+)?$/.test(given) ? Number(given) : secondsUntil(given, now);
  return seconds === undefined ? null : Math.min(Math.max(0, Math.ceil(seconds)), DAY / SECOND);
}

function secondsUntil(date: string, now: Date): number | undefined {
  const at = httpDate(date);
  return at === undefined ? undefined : (at - now.getTime()) / SECOND;
}

/**
 * The three forms of RFC 9110, which alone are tried: `Date.parse` takes `0` and `-1`, which servers send for "expired",
 * for years. Two of the three are in GMT; the third names no zone and means GMT too.
 */
function httpDate(text: string | undefined): number | undefined {
  if (text === undefined || !/^[a-z]{3,9},? .*\d{2}:\d{2}:\d{2}/i.test(text.trim())) return undefined;
  const at = Date.parse(/(GMT|UTC|[+-]\d{4})$/i.test(text.trim()) ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : at;
}
