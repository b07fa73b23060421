import type { Period, Span } from '../ranking/periods.ts';
import type { Language } from './language.ts';

/** Formats times in the site's zone, in the manner of a newspaper of the language. */
export interface Dates {
  /** `12:48 JST, November 26, 2024`, `2024年11月26日 12:48 JST` */
  full(at: Date): string;
  /** `12:48 JST` on the day of `now`, `November 26` in its year, else `November 26, 2024`. */
  brief(at: Date, now: Date): string;
  /** `Tuesday, November 26, 2024` */
  day(at: Date): string;
  /** `12:00–13:00 JST, November 26, 2024`, the day, `November 25 – December 1, 2024`, `November 2024` */
  period(period: Period, span: Span): string;
}

/** A zone's English short name is known to Intl only in the locales of its own region, so these are asked in turn. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA', 'en-HK', 'en-SG', 'en-IL', 'en-AE'];

/** Zones for which no English locale of Intl has a short name; none of them changes its clocks. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  'Asia/Tokyo': 'JST',
  Japan: 'JST',
  'Asia/Seoul': 'KST',
  'Asia/Manila': 'PHT',
  'Asia/Jakarta': 'WIB',
  'Asia/Karachi': 'PKT',
};

/** How each language puts a date together. */
const MANNERS = {
  en: {
    locale: 'en-US',
    dayOfYear: { month: 'long', day: 'numeric' },
    full: (time: string, date: string) => `${time}, ${date}`,
  },
  ja: {
    locale: 'ja-JP',
    dayOfYear: { month: 'long', day: 'numeric' },
    full: (time: string, date: string) => `${date} ${time}`,
  },
} as const;

export function openDates(timeZone: string, language: Language = 'en'): Dates {
  const { locale, dayOfYear, full } = MANNERS[language];
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { timeZone, ...options });
  const clock = format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const [inYear, date, weekday] = [format(dayOfYear), format({ dateStyle: 'long' }), format({ dateStyle: 'full' })];
  const month = format({ year: 'numeric', month: 'long' });
  const zoneAt = openZoneNames(timeZone);
  const time = (at: Date) => `${clock.format(at)} ${zoneAt(at)}`;

  return {
    full: (at) => full(time(at), date.format(at)),
    brief(at, now) {
      const [then, today] = [date.format(at), date.format(now)];
      if (then === today) return time(at);
      return yearOf(then) === yearOf(today) ? inYear.format(at) : then;
    },
    day: (at) => weekday.format(at),
    period(period, { start, end }) {
      switch (period) {
        case 'hour':
          return full(`${clock.format(start)}–${time(end)}`, date.format(start));
        case 'day':
          return weekday.format(start);
        case 'week':
          return date.formatRange(start, new Date(end.getTime() - 1));
        case 'month':
          return month.format(start);
        default:
          return period satisfies never;
      }
    },
  };
}

const yearOf = (date: string) => /\d{4}/.exec(date)?.[0];

/** The short name of the zone at a time. What Intl calls it in America tells winter from summer, so it is looked up once. */
function openZoneNames(timeZone: string): (at: Date) => string {
  const fixed = SHORT_NAMES[timeZone];
  if (fixed !== undefined) return () => fixed;
  const [american, ...others] = LOCALES.map(
    (locale) => new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' }),
  );
  const nameIn = (format: Intl.DateTimeFormat | undefined, at: Date) =>
    format?.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? timeZone;
  const known = new Map<string, string>();
  return (at) => {
    const offset = nameIn(american, at);
    if (!/^GMT[+-]/.test(offset)) return offset;
    const name = known.get(offset) ?? others.map((format) => nameIn(format, at)).find((text) => !/^GMT[+-]/.test(text));
    known.set(offset, name ?? offset);
    return name ?? offset;
  };
}
