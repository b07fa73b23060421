const SYLLABLES =
  'ba be bi bo da de di do fa fe fi fo ga ge go ha he hi ho ka ke ki ko la le li lo ma me mi mo na ne ni no'.split(' ');

/** Odd, so that no two numbers below 2^32 give the same; and far from regular, so that neighbours are not alike. */
const SPREAD = 2_654_435_761;

/** A word that no other number gives, and none like it, so that no text is the copy of another by chance. */
export function wordOf(number: number): string {
  let rest = Math.imul(number, SPREAD) >>> 0;
  let word = '';
  do {
    word += SYLLABLES[rest % SYLLABLES.length];
    rest = Math.floor(rest / SYLLABLES.length);
  } while (rest > 0);
  return word.padEnd(4, 'ra');
}

/** `count` words of the text with this number: no two texts share one. */
export function wordsOf(text: number, count: number): string {
  return Array.from({ length: count }, (_, n) => wordOf(1000 + text * count + n)).join(' ');
}
