import type { Clock } from '../clock.ts';

/**
 * `load`, at most once in `ms`: readers who come together wait for the same answer, so that a crowd on one page costs
 * the database what one reader costs. A failure is not kept.
 */
export function sharedFor<T>(clock: Clock, ms: number, load: () => Promise<T>): () => Promise<T> {
  let kept: { readonly at: number; readonly value: Promise<T> } | undefined;
  return () => {
    const now = clock().getTime();
    if (kept === undefined || now - kept.at >= ms || now < kept.at) {
      const value = load();
      const mine = { at: now, value };
      kept = mine;
      value.catch(() => {
        if (kept === mine) kept = undefined;
      });
    }
    return kept.value;
  };
}
