import { findClosed, LATEST } from '../api/find-closed.ts';
import { CodedError } from '../errors.ts';
import type { ClosedSnapshot } from '../ranking/closed-list.ts';
import type { Scope } from '../ranking/list.ts';
import type { Period } from '../ranking/periods.ts';
import { findNeighbours } from '../ranking/read-closed.ts';
import { listTitle } from '../ranking/title.ts';
import { type Box, boxOf } from './boxes.ts';
import type { Calendar } from './calendar.ts';
import type { CategoryNames } from './cards.ts';
import type { Edition } from './edition.ts';
import { type Site, settingOf } from './site.ts';
import { closedHref, longBox, type Moment } from './spans.ts';

interface Wish {
  readonly scope: Scope;
  readonly period: Period;
  /** A day or hour on the site's clocks that lies in it, or a name as the API takes it; empty for the last one. */
  readonly start: string;
}

interface Finished {
  readonly box: Box;
  readonly moment: Moment;
  readonly canonical: string;
  /** Its beginning, as a date field takes it. */
  readonly wall: string;
}

/** The list of a finished period with the ways to those before and after it; empty where there is none of that time. */
export async function readFinished(site: Site, edition: Edition, names: CategoryNames, wish: Wish): Promise<Finished> {
  const { scope, period } = wish;
  const found = await find(site, wish);
  const wallOf = (at: Date) => site.calendar.wall(at);
  const hrefOf = (start: Date) => closedHref({ scope, period, start: nameOf(period, start, site.calendar) });
  if (found === undefined) {
    const last = await findNeighbours(site.sql, period, site.clock());
    const title = listTitle({ kind: 'access', scope, window: null }, namesFor(site, scope, names));
    const box = boxOf(longBox(scope, '24h'), { title, items: [] }, settingOf(site, edition, names), false);
    return {
      box: { ...box, isMissing: true },
      moment: {
        text: isTime(wish.start) ? wish.start : null,
        before: last.before && edition.href(hrefOf(last.before)),
        after: null,
      },
      canonical: closedHref({ scope, period }),
      wall: wallOf(site.clock()),
    };
  }
  const start = new Date(found.window.from);
  const { before, after } = await findNeighbours(site.sql, period, start);
  return {
    box: boxOf(longBox(scope, '24h'), found, settingOf(site, edition, names), false),
    moment: {
      text: edition.dates.period(period, { start, end: new Date(found.window.to) }),
      before: before && edition.href(hrefOf(before)),
      after: after && edition.href(hrefOf(after)),
    },
    canonical: hrefOf(start),
    wall: wallOf(start),
  };
}

/** What looks like a time is told as it was asked for; anything else is not for a page to repeat. */
const isTime = (text: string) => /^\d{4}-[\dTW:-]{2,12}$/.test(text);

function namesFor({ settings }: Site, scope: Scope, names: CategoryNames) {
  const categoryName = scope === 'site' ? undefined : names.get(scope);
  return { siteName: settings.SITE_NAME, ...(categoryName !== undefined && { categoryName }) };
}

/** Hours are named by their hour, all others by their first day. */
const nameOf = (period: Period, start: Date, calendar: Calendar) =>
  calendar.wall(start).slice(0, period === 'hour' ? 13 : 10);

async function find({ sql, settings, calendar }: Site, { scope, period, start }: Wish) {
  const zone = { siteName: settings.SITE_NAME, zone: settings.SITE_TIME_ZONE };
  const name = start === '' ? LATEST : (calendar.moment(start)?.toISOString() ?? start);
  try {
    return await findClosed(sql, zone, { period, start: name, scope });
  } catch (error) {
    return ignoreMissing(error);
  }
}

/** A page is better than an error: it says what is missing and leads on. */
function ignoreMissing(error: unknown): ClosedSnapshot | undefined {
  if (error instanceof CodedError && (error.code === 'list-unknown' || error.code === 'request-invalid'))
    return undefined;
  throw error;
}
