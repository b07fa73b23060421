const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2}(?:\.\d+)?)(Z|z|[+-]\d{2}:\d{2})$/;

/** Between these, whatever is reckoned from a time (a window before it, a zone) has a year of four digits, as engines want. */
const FIRST = new Date('1000-01-01T00:00:00Z');
const LAST = new Date('9999-12-31T00:00:00Z');

/**
 * The moment that an RFC 3339 text names; undefined where it names none. In a query an unescaped `+09:00` arrives as
 * ` 09:00`: what was meant is plain, so it is taken.
 */
export function parseTime(text: string): Date | undefined {
  const [, date, time, zone] = RFC_3339.exec(text.replace(/ (\d{2}:\d{2})$/, '+$1')) ?? [];
  const moment = new Date(`${date}T${time}${zone?.toUpperCase()}`);
  return moment >= FIRST && moment <= LAST && isDay(date) ? moment : undefined;
}

/** JavaScript takes February 30 for a day in March. */
function isDay(date: string | undefined): boolean {
  return date !== undefined && new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
}

/** The moment that an RFC 3339 time names, or midnight UTC of a date; undefined where the text is neither. */
export function parseTimeOrDate(text: string): Date | undefined {
  return parseTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
}
