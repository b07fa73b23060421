import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import { WINDOWS, type WindowId, windowStarts } from '../../src/views/keys.ts';
import { dayOf } from '../../src/views/visitor.ts';

/** What counting should come to, in plain JavaScript: every read is kept, and every number is a sum over all of them. */
export interface Reference {
  /** Whether the view is a read; keeps it if so. */
  view(view: ReferenceView, now: Date): boolean;
  roll(now: Date): void;
  /** Redis was emptied: only what PostgreSQL holds is left. */
  forget(archived: readonly ReferenceRead[], now: Date): void;
  reads(): readonly ReferenceRead[];
  window(window: WindowId, article: ArticleId): number;
  popular(article: ArticleId, now: Date): number;
}

export interface ReferenceView {
  readonly article: ArticleId;
  readonly visitor: string;
  readonly at: Date;
  readonly isBox: boolean;
}

export interface ReferenceRead {
  readonly article: ArticleId;
  readonly at: Date;
  readonly reads: number;
  readonly boxReads: number;
}

export const CATEGORIES: Readonly<Record<string, readonly CategorySlug[]>> = Object.fromEntries(
  Array.from({ length: 8 }, (_, i) => [
    `t0000000000${i}`,
    (['politics', 'world', 'politics world', 'arts-life', ''][i % 5] ?? '').split(' ').filter(Boolean),
  ]),
) as Record<string, CategorySlug[]>;

export const ARTICLES = Object.keys(CATEGORIES) as ArticleId[];

const HALF_HOUR = 1_800_000;
const UNIT: Readonly<Record<WindowId, number>> = { '1h': 300, '24h': 300, '7d': 3600, '30d': 3600 };

export function openReference(now: Date): Reference {
  let reads: ReferenceRead[] = [];
  const seen = new Set<string>();
  let starts = windowStarts(now);

  return {
    view({ article, visitor, at, isBox }, now) {
      const slot = Math.floor(at.getTime() / HALF_HOUR);
      // A slot's visitors are known by the salt of its day, or of yesterday where that is gone.
      const name = (s: number) => {
        const salt = Math.max(dayOf(new Date(s * HALF_HOUR)), dayOf(now) - 1);
        return `${article} ${visitor} ${salt} ${s}`;
      };
      if (seen.has(name(slot)) || seen.has(name(slot - 1))) return false;
      seen.add(name(slot));
      reads.push({ article, at, reads: 1, boxReads: isBox ? 1 : 0 });
      return true;
    },
    roll(now) {
      const next = windowStarts(now);
      // What has left a window does not come back when the clock is set back.
      const later = (window: WindowId) => [window, Math.max(starts[window], next[window])] as const;
      starts = Object.fromEntries(WINDOWS.map(later)) as typeof starts;
    },
    forget(archived, now) {
      reads = [...archived];
      seen.clear();
      starts = windowStarts(now);
    },
    reads: () => reads,
    window(window, article) {
      return sum(reads, (read) => {
        const isInside = Math.floor(read.at.getTime() / 1000 / UNIT[window]) >= starts[window];
        return read.article === article && isInside ? read.reads : 0;
      });
    },
    popular(article, now) {
      return sum(reads, (read) => {
        if (read.article !== article) return 0;
        const age = (now.getTime() - read.at.getTime()) / 10_800_000;
        return (read.reads - read.boxReads * 0.75) * 2 ** -age;
      });
    },
  };
}

function sum(reads: readonly ReferenceRead[], value: (read: ReferenceRead) => number): number {
  return reads.reduce((total, read) => total + value(read), 0);
}
