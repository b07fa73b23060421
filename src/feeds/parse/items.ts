import { parseDate } from './dates.ts';
import { MAX_ENTRIES } from './limits.ts';
import { attributeOf, type Node, textOf } from './node.ts';

/** Collects entries and keeps the newest, in the feed's order, however many come. */
export interface Items {
  add(item: Node): void;
  newest(): readonly Node[];
  /** How many have come. */
  seen(): number;
}

const DATES = [
  'pubdate',
  'published',
  'issued',
  'dc:date',
  'updated',
  'modified',
  'dcterms:issued',
  'dcterms:created',
  'atom:published',
  'atom:updated',
];
/** Pruning costs a sort: it waits until this many have come. */
const ROOM = 2 * MAX_ENTRIES;

/** Up to the limit nothing is dated, since nothing is dropped. An entry without a date is older than any that has one. */
export function openItems(): Items {
  let kept: Node[] = [];
  let seen = 0;
  let oldest = Number.NEGATIVE_INFINITY;

  const prune = () => {
    const dated = kept.map((node, index) => ({ node, index, time: timeOf(node) }));
    dated.sort((a, b) => b.time - a.time || a.index - b.index);
    dated.length = Math.min(dated.length, MAX_ENTRIES);
    oldest = dated.length < MAX_ENTRIES ? oldest : (dated.at(-1)?.time ?? oldest);
    dated.sort((a, b) => a.index - b.index);
    kept = dated.map((each) => each.node);
  };

  return {
    add(item) {
      seen++;
      const isFull = kept.length >= MAX_ENTRIES;
      if (isFull && oldest !== Number.NEGATIVE_INFINITY && timeOf(item) <= oldest) return;
      kept.push(item);
      if (kept.length >= ROOM) prune();
    },
    newest() {
      if (kept.length > MAX_ENTRIES) prune();
      return kept;
    },
    seen: () => seen,
  };
}

const UNDATED = -1e16;

function timeOf(node: Node): number {
  const text = textOf(node, ...DATES) ?? attributeOf(node, 'lastmod');
  return (text === undefined ? undefined : parseDate(text, null)?.getTime()) ?? UNDATED;
}
