const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const LENGTH = '10/Oct/2000:13:55:36 -0700'.length;
const MINUTE_LENGTH = '10/Oct/2000:13:55'.length;

/** Reads the times of an access log, `10/Oct/2000:13:55:36 -0700`; NaN for what is none. */
export type LogTimeReader = (text: string) => number;

/** A reader that remembers the last minute: lines come in the order of time, thousands to a minute. */
export function openLogTimes(): LogTimeReader {
  let minute = '';
  let zone = '';
  let start = Number.NaN;
  return (text) => {
    if (text.length !== LENGTH || text[MINUTE_LENGTH] !== ':' || text[20] !== ' ') return Number.NaN;
    if (!text.startsWith(minute) || !text.endsWith(zone) || minute === '') {
      minute = text.slice(0, MINUTE_LENGTH);
      zone = text.slice(21);
      start = startOf(minute, zone);
    }
    const seconds = digitsAt(text, 18, 2);
    return seconds <= 60 ? start + seconds * 1000 : Number.NaN;
  };
}

function startOf(minute: string, zone: string): number {
  const [, day = '', month = '', year = '', hours = '', minutes = ''] =
    /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d)$/.exec(minute) ?? [];
  const [, sign, east = '', rest = ''] = /^([+-])(\d\d)(\d\d)$/.exec(zone) ?? [];
  const place = MONTHS.indexOf(month);
  if (day === '' || sign === undefined || place % 3 !== 0) return Number.NaN;
  const isTime = Number(hours) <= 23 && Number(minutes) <= 59 && Number(east) <= 15 && Number(rest) <= 59;
  const midnight = Date.UTC(Number(year), place / 3, Number(day));
  // 31 February would be a day in March.
  if (!isTime || new Date(midnight).getUTCDate() !== Number(day)) return Number.NaN;
  const offset = (Number(east) * 60 + Number(rest)) * (sign === '-' ? -1 : 1);
  return midnight + (Number(hours) * 60 + Number(minutes) - offset) * 60_000;
}

/** The number that these digits write; NaN where one is none. */
export function digitsAt(text: string, from: number, count: number): number {
  let value = 0;
  for (let i = from; i < from + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
