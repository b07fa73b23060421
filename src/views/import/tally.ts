import type { ArticleId } from '../../ids.ts';
import { SLOT_SECONDS } from '../keys.ts';
import type { ImportedCount } from './ledger.ts';
import type { Refusal } from './logged-view.ts';

/** Lines looked at, and what became of them. */
export interface Tally {
  readonly lines: number;
  readonly reads: number;
  readonly refused: Readonly<Partial<Record<Refusal, number>>>;
}

/** Counts lines and reads; what was not taken yet, and in all. */
export interface TallyKeeper {
  read(article: number, id: ArticleId, at: number, isBox: boolean): void;
  refuse(reason: Refusal, lines?: number): void;
  lines(count: number): void;
  /** Counts of articles and slots that wait. */
  readonly waiting: number;
  /** What came since it was taken last. */
  take(): Tally & { readonly counts: readonly ImportedCount[] };
  /** All that came, taken or not. */
  total(): Tally;
}

/** Above all slots until the year 2064: one number is a quicker key than a text. */
const SLOTS = 10_000_000;

export function openTally(): TallyKeeper {
  let counts = new Map<number, { readonly id: ArticleId; reads: number; boxReads: number }>();
  let recent = { lines: 0, reads: 0, refused: {} as Partial<Record<Refusal, number>> };
  const all = { lines: 0, reads: 0, refused: {} as Partial<Record<Refusal, number>> };
  return {
    read(article, id, at, isBox) {
      recent.reads++;
      const key = article * SLOTS + Math.floor(at / (SLOT_SECONDS * 1000));
      const count = counts.get(key);
      if (count === undefined) counts.set(key, { id, reads: 1, boxReads: isBox ? 1 : 0 });
      else {
        count.reads++;
        if (isBox) count.boxReads++;
      }
    },
    refuse(reason, lines = 1) {
      if (lines > 0) recent.refused[reason] = (recent.refused[reason] ?? 0) + lines;
    },
    lines(count) {
      recent.lines += count;
    },
    get waiting() {
      return counts.size;
    },
    take() {
      const taken = Array.from(counts, ([key, { id, reads, boxReads }]) => {
        return { slot: key % SLOTS, article: id, reads, boxReads };
      });
      const since = recent;
      addTo(all, since);
      counts = new Map();
      recent = { lines: 0, reads: 0, refused: {} };
      return { ...since, counts: taken };
    },
    total() {
      const total = { ...all, refused: { ...all.refused } };
      addTo(total, recent);
      return total;
    },
  };
}

function addTo(sum: { lines: number; reads: number; refused: Partial<Record<Refusal, number>> }, part: Tally): void {
  sum.lines += part.lines;
  sum.reads += part.reads;
  for (const [reason, lines] of Object.entries(part.refused) as [Refusal, number][]) {
    sum.refused[reason] = (sum.refused[reason] ?? 0) + lines;
  }
}
