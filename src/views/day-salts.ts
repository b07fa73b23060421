import { withDeadline } from './deadline.ts';
import { dayOf, isFirstSlotOfDay, type Salts } from './visitor.ts';

type Timed = readonly { readonly at: Date }[];

/** The salts by day that views of these times are hashed with, where this process holds all of them, as it nearly always does. */
export function heldSalts(salts: Salts, views: Timed, now: Date): ReadonlyMap<number, Buffer> | undefined {
  const byDay = new Map<number, Buffer>();
  for (const day of daysOf(views)) {
    const salt = salts.held(day, now);
    if (salt === undefined) return undefined;
    byDay.set(day, salt);
  }
  return byDay;
}

/** The same, asking Redis for what is missing. */
export async function findSalts(
  salts: Salts,
  views: Timed,
  now: Date,
  answerMs: number,
): Promise<ReadonlyMap<number, Buffer>> {
  const byDay = new Map<number, Buffer>();
  for (const day of daysOf(views)) byDay.set(day, await withDeadline(salts.of(day, now), answerMs, 'Redis'));
  return byDay;
}

/** Their own days, and the day before in a day's first half-hour. */
function daysOf(views: Timed): ReadonlySet<number> {
  const days = new Set<number>();
  for (const { at } of views) {
    days.add(dayOf(at));
    if (isFirstSlotOfDay(at)) days.add(dayOf(at) - 1);
  }
  return days;
}
