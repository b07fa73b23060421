import { createHash } from 'node:crypto';
import type { ListItem, Scope, Snapshot } from './list.ts';
import type { Period, Span } from './periods.ts';
import { BOX_ITEMS, GOOD_READS } from './thin.ts';
import { listTitle } from './title.ts';

/**
 * A closed list: what was read most in a finished hour, day, week or month. It is made once, from the archive, and stands
 * as it was made, titles included. Where reads of its time were revoked, given back or imported afterwards, a later
 * revision stands beside it, which says so.
 */
export interface ClosedSnapshot extends Omit<Snapshot, 'list' | 'window' | 'curation'> {
  readonly list: 'closed';
  readonly window: { readonly id: Period; readonly from: string; readonly to: string; readonly final: true };
  /** From 2 on; absent from a list that was never revised. */
  readonly revision?: number;
  readonly revised?: Revised;
}

/** Why a revision was made, and the version whose place it took. */
export interface Revised {
  readonly because: readonly Cause[];
  readonly supersedes: string;
}

export const CAUSES = ['revoked', 'given-back', 'imported'] as const;
export type Cause = (typeof CAUSES)[number];

/** What closed lists say of the site. */
export interface ClosedSite {
  readonly siteName: string;
  readonly zone: string;
}

export interface ClosedHead {
  readonly period: Period;
  readonly span: Span;
  readonly scope: Scope;
  readonly siteName: string;
  /** Of the category; null for the site. */
  readonly name: string | null;
}

/** The list with these items; `later` where it is a revision. */
export function closedSnapshot(
  { period, span, scope, siteName, name }: ClosedHead,
  madeAt: Date,
  items: readonly ListItem[],
  later?: { readonly revision: number; readonly revised: Revised },
): ClosedSnapshot {
  const good = items.filter(({ reads }) => reads >= GOOD_READS).length;
  const title = listTitle(
    { kind: 'access', scope, window: null },
    { siteName, ...(name !== null && { categoryName: name }) },
  );
  const content = JSON.stringify([title, period, span.start, items, ...(later === undefined ? [] : [later.revision])]);
  return {
    list: 'closed',
    scope,
    title,
    window: { id: period, from: span.start.toISOString(), to: span.end.toISOString(), final: true },
    asOf: madeAt.toISOString(),
    version: createHash('sha256').update(content).digest('base64url').slice(0, 16),
    confidence: items.length === 0 ? 'empty' : good < BOX_ITEMS ? 'thin' : 'ok',
    ...later,
    items,
  };
}
