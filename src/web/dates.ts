/** Formats times in the site's zone, in the manner of a newspaper. */
export interface Dates {
  /** `12:48 JST, November 26, 2024` */
  full(at: Date): string;
  /** `12:48 JST` on the day of `now`, `November 26` in its year, else `November 26, 2024`. */
  brief(at: Date, now: Date): string;
  /** `Tuesday, November 26, 2024` */
  day(at: Date): string;
  /** When the day of `2024-11-26` begins, or one so many days later; undefined for any other text. */
  midnight(date: string, daysLater?: number): Date | undefined;
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

const part = (parts: readonly Intl.DateTimeFormatPart[], type: string) =>
  parts.find((candidate) => candidate.type === type)?.value ?? '';

/** How far the zone's clocks are ahead of UTC, in milliseconds. */
function offsetAt(time: number, wall: Intl.DateTimeFormat): number {
  const parts = wall.formatToParts(time);
  const [year, month, day, hour, minute, second] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map((type) =>
    Number(part(parts, type)),
  ) as [number, number, number, number, number, number];
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
}

export function openDates(timeZone: string): Dates {
  const wall = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const names = LOCALES.map((locale) => new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' }));
  const clock = new Intl.DateTimeFormat('en-US', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const calendar = new Intl.DateTimeFormat('en-US', { timeZone, dateStyle: 'full' });

  const zoneAt = (at: Date) => {
    const found = names
      .map((format) => part(format.formatToParts(at), 'timeZoneName'))
      .filter((name, index) => index === 0 || !/^GMT[+-]/.test(name));
    return SHORT_NAMES[timeZone] ?? found.find((name) => !/^GMT[+-]/.test(name)) ?? found[0] ?? timeZone;
  };
  const time = (at: Date) => `${clock.format(at)} ${zoneAt(at)}`;
  const date = (at: Date) => {
    const parts = calendar.formatToParts(at);
    return { day: `${part(parts, 'month')} ${part(parts, 'day')}`, year: part(parts, 'year') };
  };

  return {
    full(at) {
      const { day, year } = date(at);
      return `${time(at)}, ${day}, ${year}`;
    },
    brief(at, now) {
      const [then, today] = [date(at), date(now)];
      if (then.year !== today.year) return `${then.day}, ${then.year}`;
      return then.day === today.day ? time(at) : then.day;
    },
    day: (at) => calendar.format(at),
    midnight(text, daysLater = 0) {
      const [, year, month, day] = /^([1-9]\d{3})-(\d{2})-(\d{2})$/.exec(text)?.map(Number) ?? [];
      if (year === undefined || month === undefined || day === undefined) return undefined;
      // The 31st of a month of 30 days is no date.
      if (month > 12 || new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) return undefined;
      const wanted = Date.UTC(year, month - 1, day + daysLater);
      // Twice, because the offset at the first guess may be that of before the clocks changed.
      const near = wanted - offsetAt(wanted, wall);
      return new Date(wanted - offsetAt(near, wall));
    },
  };
}
