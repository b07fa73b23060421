import type { WindowId } from '../views/keys.ts';
import type { Snapshot } from './list.ts';
import type { Entry } from './top.ts';

/** Items that a box shows: below that many a list is filled. */
export const BOX_ITEMS = 5;

/** Reads below which an item does not count as a good one. */
export const GOOD_READS = 3;

/** Where an access list looks for more, in this order, before it asks the site. */
export const WIDER_WINDOWS: Readonly<Record<WindowId, readonly WindowId[]>> = {
  '1h': ['24h', '7d'],
  '24h': ['7d'],
  '7d': ['30d'],
  '30d': [],
};

/** An entry with the list that it was filled from; the list's own entries are taken as they are. */
export interface Placed extends Entry {
  readonly fill?: string;
}

/** Another list to fill from. */
export interface Source {
  readonly fill: string;
  readonly entries: readonly Entry[];
}

/**
 * The list's own entries, and where fewer than five stand there, entries of `sources` in their order, up to five and
 * each article once. A filled item keeps the reads of the list that it came from. Of a list that is not thin, as most are
 * at most ticks, no source is looked at.
 */
export function fillThin(
  own: readonly Entry[],
  sources: Iterable<Source>,
): { placed: readonly Placed[]; confidence: Snapshot['confidence'] } {
  if (hasGoodBox(own)) return { placed: own, confidence: 'ok' };
  const placed: Placed[] = [...own];
  const seen = new Set(own.map((entry) => entry.id));
  for (const { fill, entries } of sources) {
    for (const entry of entries) {
      if (placed.length >= BOX_ITEMS) break;
      if (seen.has(entry.id)) continue;
      seen.add(entry.id);
      placed.push({ ...entry, fill });
    }
  }
  return { placed, confidence: placed.length === 0 ? 'empty' : 'thin' };
}

function hasGoodBox(entries: readonly Entry[]): boolean {
  let good = 0;
  for (const { reads } of entries) if (reads >= GOOD_READS && ++good === BOX_ITEMS) return true;
  return false;
}
