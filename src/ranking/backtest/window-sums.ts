import type { ArticleId } from '../../ids.ts';

/** Sums of a sliding window by article: what comes in is added, what is older is subtracted. Rows come in order of time. */
export function openWindow(span: number) {
  const sums = new Map<ArticleId, number>();
  const rows: { readonly id: ArticleId; readonly at: number; readonly reads: number }[] = [];
  let oldest = 0;

  return {
    add(id: ArticleId, at: number, reads: number): void {
      rows.push({ id, at, reads });
      sums.set(id, (sums.get(id) ?? 0) + reads);
    },
    moveTo(now: number): void {
      for (let row = rows[oldest]; row !== undefined && row.at < now - span; row = rows[oldest]) {
        const left = (sums.get(row.id) ?? 0) - row.reads;
        if (left <= 0) sums.delete(row.id);
        else sums.set(row.id, left);
        oldest++;
      }
    },
    of: (id: ArticleId) => sums.get(id) ?? 0,
  };
}
