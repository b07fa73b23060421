import type { ArticleId } from '../../ids.ts';

/** So many half-lives after its landmark a sum is written anew, long before it would overflow. */
const FURTHEST = 500;

/** Decayed sums by article, each read added as if it came at one landmark. */
export function openDecayed(halfLife: number) {
  const sums = new Map<ArticleId, number>();
  let landmark = Number.NaN;
  let total = 0;

  function moveLandmark(at: number): void {
    const factor = 2 ** ((landmark - at) / halfLife);
    for (const [id, sum] of sums) sums.set(id, sum * factor);
    total *= factor;
    landmark = at;
  }

  const fade = (at: number) => 2 ** ((landmark - at) / halfLife);
  return {
    has: (id: ArticleId) => sums.has(id),
    add(id: ArticleId, at: number, reads: number): void {
      if (Number.isNaN(landmark)) landmark = at;
      if ((at - landmark) / halfLife > FURTHEST) moveLandmark(at);
      const weighed = reads * 2 ** ((at - landmark) / halfLife);
      sums.set(id, (sums.get(id) ?? 0) + weighed);
      total += weighed;
    },
    /** The sum as it is stored: good to compare those of one moment. */
    of: (id: ArticleId) => sums.get(id) ?? 0,
    at: (id: ArticleId, at: number) => (sums.get(id) ?? 0) * fade(at),
    totalAt: (at: number) => total * fade(at),
  };
}
