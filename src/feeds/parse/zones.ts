import { ZONE_OF } from './date-words.ts';

const MINUTE = 60_000;
const formats = new Map<string, Intl.DateTimeFormat | null>();

/** Minutes east of Greenwich of a zone as dates write it: `+0900`, `-5:30`, `GMT+2`, `JST`; undefined where it is none. */
export function offsetOf(zone: string): number | undefined {
  const name = zone.toLowerCase();
  const known = ZONE_OF.get(name);
  if (known !== undefined) return known;
  const match =
    /^(?:gmt|utc|ut|z)?([+-])(\d{1,2}):?(\d{2})?$/.exec(name) ?? /^(?:gmt|utc|ut|z)?([+-])(\d)(\d{2})$/.exec(name);
  if (match === null) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return minutes > 24 * 60 ? undefined : match[1] === '-' ? -minutes : minutes;
}

/** The instant at which the clocks of a zone (`Asia/Tokyo`, `+09:00`, `JST`) show this time; UTC where the zone is unknown. */
export function instantIn(zone: string | null, localMillis: number): number {
  if (zone === null) return localMillis;
  const fixed = offsetOf(zone);
  if (fixed !== undefined) return localMillis - fixed * MINUTE;
  const first = localMillis - offsetAt(zone, localMillis);
  return localMillis - offsetAt(zone, first);
}

function offsetAt(zone: string, instant: number): number {
  const format = formatOf(zone);
  if (format === null || !Number.isFinite(instant) || Math.abs(instant) > 8e15) return 0;
  const parts = new Map(format.formatToParts(instant).map((part) => [part.type, Number(part.value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return local - Math.floor(instant / 1000) * 1000;
}

function formatOf(zone: string): Intl.DateTimeFormat | null {
  let format = formats.get(zone);
  if (format !== undefined) return format;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    format = null;
  }
  if (formats.size < 1000) formats.set(zone, format);
  return format;
}
