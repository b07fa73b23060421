/** What days and hours are on the clocks of the site's zone. */
export interface Calendar {
  /** When the day of `2024-11-26` begins, or one so many days later; undefined for any other text. */
  midnight(date: string, daysLater?: number): Date | undefined;
  /** The moment that `2024-11-26T12:48` names, or `2024-11-26T12`, or `2024-11-26`; undefined for any other text. */
  moment(text: string): Date | undefined;
  /** The inverse: `2024-11-26T12:48`. */
  wall(at: Date): string;
}

const part = (parts: readonly Intl.DateTimeFormatPart[], type: string) =>
  Number(parts.find((candidate) => candidate.type === type)?.value);

export function openCalendar(timeZone: string): Calendar {
  const clock = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  /** The time on the zone's clocks, as if it were one of UTC. */
  const local = (time: number): number => {
    const parts = clock.formatToParts(time);
    const [year = 0, month = 1, ...rest] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map((type) =>
      part(parts, type),
    );
    return Date.UTC(year, month - 1, ...rest);
  };
  const instant = (wanted: number): Date => {
    const offsetAt = (time: number) => local(time) - Math.floor(time / 1000) * 1000;
    // Twice, because the offset at the first guess may be that of before the clocks changed.
    const near = wanted - offsetAt(wanted);
    return new Date(wanted - offsetAt(near));
  };

  return {
    midnight(text, daysLater = 0) {
      const day = /^[1-9]\d{3}-\d{2}-\d{2}$/.test(text) ? wallTime(`${text}T00:00`) : undefined;
      if (day === undefined) return undefined;
      day.setUTCDate(day.getUTCDate() + daysLater);
      return instant(day.getTime());
    },
    moment(text) {
      const [, date, hour = '00', minute = '00'] =
        /^([1-9]\d{3}-\d{2}-\d{2})(?:T(\d{2})(?::(\d{2}))?)?$/.exec(text) ?? [];
      const time = date === undefined ? undefined : wallTime(`${date}T${hour}:${minute}`);
      return time && instant(time.getTime());
    },
    wall: (at) => new Date(local(at.getTime())).toISOString().slice(0, 16),
  };
}

/** The 31st of a month of 30 days is no date. */
function wallTime(text: string): Date | undefined {
  const time = new Date(`${text}:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text) ? time : undefined;
}
