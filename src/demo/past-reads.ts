import { seeded } from './seeded.ts';

interface Published {
  readonly id: string;
  readonly publishedAt: number;
}

/** A view that is reported late, with its visitor and time. */
export interface PastRead {
  readonly article: string;
  readonly visitor: string;
  readonly at: string;
}

/** Readers lose interest in a story by half in this time, which is that of life: these reads lie hours back. */
const HALF_LIFE_MS = 100 * 60_000;
/** Younger stories have no past. */
const MIN_AGE_MS = 10 * 60_000;
const READS_OF_A_PLAIN_STORY = 14;
const MOST_READS = 260;

/**
 * How stories were read before anybody looked, so that lists and their curves begin with a past. The same at each call:
 * who reports them again counts nothing twice. The earliest first.
 */
export function pastReads(stories: readonly Published[], now: Date, appealOf: (id: string) => number): PastRead[] {
  return stories
    .filter(({ publishedAt }) => now.getTime() - publishedAt > MIN_AGE_MS)
    .flatMap(({ id, publishedAt }) => {
      const random = seeded(`past ${id}`);
      const count = Math.min(MOST_READS, Math.round(READS_OF_A_PLAIN_STORY * appealOf(id)));
      return Array.from({ length: count }, (_, index) => ({
        article: id,
        visitor: `past-reader-${index}`,
        // Nobody reads a story in the minute that it comes out: two throws, so that the curve rises before it falls.
        at: publishedAt - HALF_LIFE_MS * 0.7 * (Math.log2(1 - random()) + 0.35 * Math.log2(1 - random())),
      }));
    })
    .filter(({ at }) => at < now.getTime())
    .sort((one, other) => one.at - other.at)
    .map((read) => ({ ...read, at: new Date(read.at).toISOString() }));
}
