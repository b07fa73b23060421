import { HOUR, MINUTE } from '../../src/clock.ts';
import type { TestArticle } from '../ranking/counts.ts';

/** A view as a server with the ingest token reports it. */
export interface StormView {
  readonly article: string;
  readonly visitor: string;
  readonly at: string;
  readonly ref?: 'box';
}

/** Random views of one sender, and the plain count of what they must come to. */
export interface Sender {
  /** Random views of random visitors; some were sent before, some are by who was there a moment ago. */
  nextBatch(size: number): StormView[];
  /** Counts the views as acknowledged, in their order; gives how many of them are reads. */
  acknowledge(batch: readonly StormView[]): number;
}

export type Cells = Map<string, { reads: number; boxReads: number }>;

/** Half a day, so that no visitor of a view is known by a salt that may be destroyed meanwhile. */
const SPAN = 12 * HOUR;
const SLOT = 5 * MINUTE;
const SEEN_SLOT = 30 * MINUTE;
/** Views that are kept to be sent again much later. */
const KEPT = 500;

/** `random` gives numbers from 0 up to 1. Reads are added to `cells`, by article and slot of five minutes. */
export function openSender(name: string, articles: readonly TestArticle[], cells: Cells, random: () => number): Sender {
  const seen = new Set<string>();
  const kept: StormView[] = [];
  const pick = (below: number) => Math.floor(random() * below);
  let visitors = 0;

  const anyView = (): StormView => {
    const old = kept[pick(kept.length)];
    if (old !== undefined && random() < 0.1) return old;
    const now = Date.now() - 1000;
    const isNeighbour = old !== undefined && random() < 0.1;
    const at = isNeighbour ? Math.min(now, Date.parse(old.at) + (random() - 0.5) * HOUR) : now - random() ** 3 * SPAN;
    const view = {
      // As 1/rank, so that a few articles are in nearly every batch.
      article: isNeighbour ? old.article : (articles[Math.floor(articles.length ** random()) - 1]?.id ?? ''),
      visitor: isNeighbour ? old.visitor : `${name}-${visitors++}`,
      at: new Date(at).toISOString(),
      ...(random() < 0.2 && { ref: 'box' as const }),
    };
    kept[kept.length < KEPT ? kept.length : pick(KEPT)] = view;
    return view;
  };

  const isRead = ({ article, visitor, at }: StormView): boolean => {
    const slot = Math.floor(Date.parse(at) / SEEN_SLOT);
    const key = `${article} ${visitor} `;
    if (seen.has(key + slot) || seen.has(key + (slot - 1))) return false;
    seen.add(key + slot);
    return true;
  };

  return {
    nextBatch: (size) => Array.from({ length: size }, anyView),
    acknowledge(batch) {
      const reads = batch.filter(isRead);
      for (const { article, at, ref } of reads) {
        const key = cellOf(article, new Date(at));
        const cell = cells.get(key) ?? { reads: 0, boxReads: 0 };
        cells.set(key, { reads: cell.reads + 1, boxReads: cell.boxReads + (ref === 'box' ? 1 : 0) });
      }
      return reads.length;
    },
  };
}

export const cellOf = (article: string, at: Date): string => `${article} ${Math.floor(at.getTime() / SLOT)}`;
