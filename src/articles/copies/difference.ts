import type { Comparable } from './comparable.ts';
import { DOWN, NEGATIONS, STOP_WORDS, UP } from './headline-words.ts';
import { isCjk } from './plain.ts';

/** Where two titles differ: what stands in one in place of something in the other, and what only one has. */
export interface Difference {
  /** Places at which both have other words of meaning. */
  readonly swaps: number;
  /** Those of them at which the words may be names: "in Ohio", "in Texas". */
  readonly nameSwaps: number;
  /** Words of meaning that only one has, with nothing of the other in their place. */
  readonly added: number;
  /** One says the opposite of the other: up for down, or a "not". */
  readonly isOpposed: boolean;
}

interface Gap {
  readonly a: readonly string[];
  readonly b: readonly string[];
}

export function differenceOf(a: Comparable, b: Comparable): Difference {
  const gaps = gapsBetween(a.words, b.words).map(meaningOf);
  const swaps = gaps.filter((gap) => gap.a.length > 0 && gap.b.length > 0);
  const added = gaps.filter((gap) => !swaps.includes(gap));
  return {
    swaps: swaps.length,
    nameSwaps: swaps.filter((gap) => mayBeNames(gap, a, b)).length,
    added: added.reduce((sum, gap) => sum + gap.a.length + gap.b.length, 0),
    isOpposed: gaps.some(isOpposed),
  };
}

/** The words between those that both have in the same order (longest common subsequence of stems). */
function gapsBetween(a: readonly string[], b: readonly string[]): Gap[] {
  const stems = { a: a.map(stem), b: b.map(stem) };
  const lengths = commonLengths(stems.a, stems.b);
  const gaps: Gap[] = [];
  let open: { a: string[]; b: string[] } = { a: [], b: [] };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && stems.a[i] === stems.b[j]) {
      gaps.push(open);
      open = { a: [], b: [] };
      [i, j] = [i + 1, j + 1];
    } else if (j >= b.length || (i < a.length && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      open.a.push(a[i++] as string);
    } else {
      open.b.push(b[j++] as string);
    }
  }
  gaps.push(open);
  return gaps.filter((gap) => gap.a.length + gap.b.length > 0);
}

const at = (lengths: readonly Uint16Array[], i: number, j: number): number => lengths[i]?.[j] ?? 0;

function commonLengths(a: readonly string[], b: readonly string[]): Uint16Array[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    const row = lengths[i] as Uint16Array;
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] = a[i] === b[j] ? 1 + at(lengths, i + 1, j + 1) : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1));
    }
  }
  return lengths;
}

/** Without inflection: "says" and "said" differ, "buys" and "buying" do not. */
function stem(word: string): string {
  return word.length > 4 && !isCjk(word) ? word.replace(/(?:ing|ed|es|s|d|e)$/, '') : word;
}

/** A gap without words that mean little, and without those that are spellings of one word. */
function meaningOf({ a, b }: Gap): Gap {
  const left = { a: a.filter(isMeaning), b: b.filter(isMeaning) };
  return {
    a: left.a.filter((word) => !left.b.some((other) => isSpelling(word, other))),
    b: left.b.filter((word) => !left.a.some((other) => isSpelling(word, other))),
  };
}

function isMeaning(word: string): boolean {
  return !STOP_WORDS.has(word) && !/^[\p{Script=Hiragana}ー]+$/u.test(word);
}

const MIN_SPELLED = 5;

function isSpelling(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (short === long) return true;
  if (short.length < MIN_SPELLED || long.length - short.length > 3 || /\d/.test(long)) return false;
  let prefix = 0;
  while (prefix < short.length && short[prefix] === long[prefix]) prefix += 1;
  let suffix = 0;
  while (suffix < short.length - prefix && short.at(-1 - suffix) === long.at(-1 - suffix)) suffix += 1;
  return short.length - prefix - suffix <= 1 && long.length - prefix - suffix <= 2;
}

function isOpposed({ a, b }: Gap): boolean {
  const isNegated = (words: readonly string[]) => words.some((word) => NEGATIONS.has(word));
  const has = (words: readonly string[], set: ReadonlySet<string>) => words.some((word) => set.has(word));
  if (isNegated(a) !== isNegated(b)) return true;
  return (has(a, UP) && has(b, DOWN)) || (has(a, DOWN) && has(b, UP));
}

/** Names begin with a capital; where all words do, or no script has capitals, words that are inflected alike are none. */
function mayBeNames(gap: Gap, a: Comparable, b: Comparable): boolean {
  if (gap.a.some(isCjk) || gap.b.some(isCjk)) return gap.a.length > 1 && gap.b.length > 1;
  const isCommon = (words: readonly string[], { names }: Comparable) =>
    names !== undefined && words.every((word) => !names.has(word));
  if (isCommon(gap.a, a) || isCommon(gap.b, b)) return false;
  const ending = (words: readonly string[]) => /(?:ing|ed|s)$/.exec(words[0] ?? '')?.[0];
  return ending(gap.a) === undefined || ending(gap.a) !== ending(gap.b);
}
