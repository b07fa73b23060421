import type { DropReason } from './view.ts';

/** What becomes of one request's views, counted as it is decided. */
export interface Tally {
  accepted: number;
  readonly dropped: Partial<Record<DropReason, number>>;
}

/** Counts a refusal by its reason. */
export function drop(tally: Tally, reason: DropReason): void {
  tally.dropped[reason] = (tally.dropped[reason] ?? 0) + 1;
}
