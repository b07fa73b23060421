import { dayOf, isFirstSlotOfDay, type Salts } from './visitor.ts';

/** Gives the salt of a UTC day (days since 1970). */
export type SaltOf = (day: number) => Buffer | undefined;

/**
 * The salts that views of these times are hashed with: their days', and of a day's first half-hour the one before's. From
 * this process where it holds all of them, as it nearly always does; undefined otherwise.
 */
export function heldSalts(salts: Salts, times: readonly Date[], now: Date): SaltOf | undefined {
  for (const at of times) {
    if (salts.held(dayOf(at), now) === undefined) return undefined;
    if (isFirstSlotOfDay(at) && salts.held(dayOf(at) - 1, now) === undefined) return undefined;
  }
  return (day) => salts.held(day, now);
}

/** The same, asking Redis for what is missing. */
export async function findSalts(salts: Salts, times: readonly Date[], now: Date): Promise<SaltOf> {
  const days = new Set(times.flatMap((at) => (isFirstSlotOfDay(at) ? [dayOf(at), dayOf(at) - 1] : [dayOf(at)])));
  const byDay = new Map<number, Buffer>();
  for (const day of days) byDay.set(day, await salts.of(day, now));
  return (day) => byDay.get(day);
}
