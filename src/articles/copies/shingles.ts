import { isCjk } from './plain.ts';

/** Hashes of the pieces of a text: 4 characters long in Latin and like scripts, 2 in Chinese, Japanese and Korean. */
export type Shingles = ReadonlySet<number>;

const LONG = 4;
const SHORT = 2;

/** The shingles of a text as plainWords writes it. A text shorter than one is one. */
export function shinglesOf(plain: string): Shingles {
  const codes = Array.from(plain, (character) => character.codePointAt(0) as number);
  const shingles = new Set<number>();
  for (let from = 0; from < codes.length; from++) {
    const length = isCjkCode(codes[from] as number) ? SHORT : LONG;
    // The last Latin shingle is whole; shorter ones at the end would say twice what it says.
    if (from > 0 && from + length > codes.length) continue;
    shingles.add(hashOf(codes, from, Math.min(codes.length, from + length)));
  }
  return shingles;
}

/** All of CJK lies above U+2E80: most texts are spared the look. */
function isCjkCode(code: number): boolean {
  return code >= 0x2e80 && isCjk(String.fromCodePoint(code));
}

/** FNV-1a over code points, then mixed, so that all bits depend on all characters. */
function hashOf(codes: readonly number[], from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let index = from; index < to; index++) hash = Math.imul(hash ^ (codes[index] as number), 0x01000193);
  return fmix32(hash);
}

/** The finaliser of MurmurHash3: a bijection in which every bit of the input moves half the bits of the output. */
export function fmix32(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** What two texts have in common of all that they say: 0 to 1. Two empty texts have nothing in common. */
export function jaccard(a: Shingles, b: Shingles): number {
  const common = countCommon(a, b);
  return common === 0 ? 0 : common / (a.size + b.size - common);
}

/** How much of the shorter text stands in the longer one: 0 to 1. */
export function containment(a: Shingles, b: Shingles): number {
  const common = countCommon(a, b);
  return common === 0 ? 0 : common / Math.min(a.size, b.size);
}

function countCommon(a: Shingles, b: Shingles): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  let common = 0;
  for (const shingle of small) if (large.has(shingle)) common += 1;
  return common;
}
