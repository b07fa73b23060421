import { DAY } from '../clock.ts';
import type { SaltOf } from './day-salts.ts';
import type { Origin, Origins } from './network.ts';
import type { Read } from './record.ts';
import type { CountedArticle, Reporter, ViewReport } from './view.ts';
import { DEFAULT_CLASS } from './view-class.ts';
import { dayOf, isFirstSlotOfDay, visitorHash } from './visitor.ts';

/** Named times further back belong to an import. */
const MAX_AGE = 2 * DAY;
const MOMENT_MS = 1000;

/** A read, with what was noted of where it came from. */
export type NotedRead = Read & { readonly noted: Origin | undefined };

/** What a request's reads are made with. */
export interface Hashing {
  readonly saltOf: SaltOf;
  readonly origins: Origins | undefined;
  readonly now: Date;
}

/** A view as the script takes it, with hashes instead of its visitor. */
export function readOf(
  { saltOf, origins, now }: Hashing,
  article: CountedArticle,
  report: ViewReport,
  at: Date,
  { address, userAgent, isTrusted, channel = DEFAULT_CLASS }: Reporter,
): NotedRead {
  const visitor = (isTrusted ? report.visitor : undefined) ?? `${address}|${userAgent}`;
  const salt = saltOf(dayOf(at)) as Buffer;
  const before = isFirstSlotOfDay(at) ? (saltOf(dayOf(at) - 1) as Buffer) : undefined;
  const noted = isTrusted ? undefined : origins?.note(salt, address, article.id, now);
  return {
    article: article.id,
    categories: article.categories,
    at,
    isTimeNamed: isTrusted && report.at !== undefined,
    isBox: report.ref === 'box',
    visitor: visitorHash(salt, visitor, article.id),
    visitorBefore: before && visitorHash(before, visitor, article.id),
    channel: channel === DEFAULT_CLASS ? undefined : channel,
    origin: noted?.weighed,
    noted,
  };
}

/**
 * When a view was that came at that time: to a second, as reads are noted (count-pending.lua), so that a call to Redis says it
 * once for most of its reads. No slot, hour or day begins between.
 */
export function momentOf(now: Date): Date {
  return new Date(Math.floor(now.getTime() / MOMENT_MS) * MOMENT_MS);
}

/** When the views were: as a trusted reporter says, within the last 48 hours and never in the future. */
export function timesOf(reports: readonly ViewReport[], { isTrusted }: Reporter, now: Date): readonly Date[] {
  const latest = now.getTime();
  const moment = momentOf(now);
  return reports.map(({ at }) => {
    if (!isTrusted || at === undefined) return moment;
    return new Date(Math.min(Math.max(at.getTime(), latest - MAX_AGE), latest));
  });
}
