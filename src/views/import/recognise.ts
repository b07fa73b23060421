import { createHash, type Hash } from 'node:crypto';
import type { KnownImport } from './ledger.ts';
import { type Block, splitBlock } from './lines.ts';

/**
 * Knows a content again, whatever its file is called and whether it was packed since: by the hash of all that was counted
 * of it. So a log that was imported counts nothing, one that has grown since, or whose import was cut off, only what is
 * new. Which imports to compare with is told by the first record (`headOf`).
 */
export interface Recogniser {
  /** Takes the next block; gives it in parts, each with its place. */
  take(block: Block): readonly Part[];
  /** The import that this content goes on from; undefined where there is none. Known once nothing is `isKnown` any more. */
  found(): KnownImport | undefined;
  /** Bytes taken so far, and their hash. */
  position(): number;
  hash(): string;
}

export interface Part {
  readonly block: Block;
  readonly start: number;
  /** Belongs to what was counted before, if all of that follows. */
  readonly isKnown: boolean;
}

/** The content begins as one that was imported, and goes on differently: it must be read again, with those of `left`. */
export class Mistaken extends Error {
  readonly left: readonly KnownImport[];

  constructor(left: readonly KnownImport[]) {
    super('The log begins as one that was imported before, but goes on differently.');
    this.left = left;
  }
}

/** What tells which imports a content may be the same as: 32 bits, which lead back to no address. */
export function headOf(record: string): number {
  return createHash('sha256').update(record, 'latin1').digest().readInt32BE();
}

export function openRecogniser(hash: Hash, start: number, candidates: readonly KnownImport[]): Recogniser {
  const waiting = candidates.filter(({ position }) => position > start).sort((a, b) => a.position - b.position);
  let position = start;
  let found: KnownImport | undefined;

  const mistaken = () => new Mistaken(found === undefined ? [] : [found]);
  const pass = (block: Block): Part => {
    const part = { block, start: position, isKnown: waiting.length > 0 };
    hash.update(block.bytes);
    position += block.bytes.length;
    if (waiting[0]?.position === position) compare();
    return part;
  };
  const compare = (): void => {
    const reached = waiting.filter((candidate) => candidate.position === position);
    waiting.splice(0, reached.length);
    const own = hash.copy().digest('hex');
    const same = reached.find((candidate) => candidate.hash === own);
    found = same ?? found;
    // All before the last one was passed over, which was right only if the content is that one.
    if (waiting.length === 0 && same === undefined) throw mistaken();
  };
  return {
    take(block) {
      const parts: Part[] = [];
      let rest = block;
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        const size = next.position - position;
        if (size >= rest.bytes.length) break;
        const [head, tail] = splitBlock(rest, size);
        parts.push(pass(head));
        rest = tail;
      }
      parts.push(pass(rest));
      return parts;
    },
    found() {
      if (waiting.length > 0) throw mistaken();
      return found;
    },
    position: () => position,
    hash: () => hash.copy().digest('hex'),
  };
}
