const MIN_CORRECTED = 20;
const MAX_CORRECTION = 0.1;

/**
 * Whether two titles are one, or one a correction of the other ("one Million", "one Millions"): publishers leave the old
 * entry beside the new one. Other digits are another article ("Results of day 3", "Results of day 4").
 */
export function isSameTitle(a: string, b: string): boolean {
  if (a === b) return true;
  const [short, long] = [plainTitle(a), plainTitle(b)].sort((x, y) => x.length - y.length) as [string, string];
  if (short === long) return true;
  if (long.length < MIN_CORRECTED || digits(short) !== digits(long)) return false;
  let prefix = 0;
  while (prefix < short.length && short[prefix] === long[prefix]) prefix += 1;
  let suffix = 0;
  while (suffix < short.length - prefix && short.at(-1 - suffix) === long.at(-1 - suffix)) suffix += 1;
  return long.length - prefix - suffix <= long.length * MAX_CORRECTION;
}

/** What agencies add to the title of a revision. */
const WIRE_MARK = /\((?:update|refile|correct|video)[^)]*\)|^(?:update|refile|correct\w*)(?: \d+)? ?[-:]/giu;

/** The letters and digits of a title, without the marks of a revision. */
export function plainTitle(title: string): string {
  return plainText(title.normalize('NFKC').replace(WIRE_MARK, ''));
}

/** The letters and digits of a text in lower case: all that a reader would call the same words is the same. */
export function plainText(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '');
}

function digits(title: string): string {
  return title.replace(/\P{N}+/gu, ' ').trim();
}

const COMPARED = 400;
const SHINGLE = 4;
const MIN_SHINGLES = 8;
const MIN_SHARE = 0.5;

/**
 * Whether two texts are versions of one: half of the letter groups of the shorter stand in the other too, and of the numbers
 * one at least, where both have any (reports of each day differ in nothing else).
 */
export function isSimilarText(a: string, b: string): boolean {
  if (!haveCommonNumber(a, b)) return false;
  const [short, long] = [shingles(a), shingles(b)].sort((x, y) => x.size - y.size) as [Set<string>, Set<string>];
  if (short.size < MIN_SHINGLES) return short.size > 0 && plainText(a) === plainText(b);
  let common = 0;
  for (const shingle of short) if (long.has(shingle)) common += 1;
  return common >= short.size * MIN_SHARE;
}

function haveCommonNumber(a: string, b: string): boolean {
  const [some, others] = [a, b].map((text) => new Set(text.slice(0, COMPARED).match(/\p{N}+/gu))) as [
    Set<string>,
    Set<string>,
  ];
  return some.size === 0 || others.size === 0 || [...some].some((number) => others.has(number));
}

function shingles(text: string): Set<string> {
  const plain = plainText(text).slice(0, COMPARED);
  const found = new Set<string>();
  for (let start = 0; start + SHINGLE <= plain.length; start += 1) found.add(plain.slice(start, start + SHINGLE));
  return found;
}
