const SYLLABLES =
  'ba be bi bo da de di do fa fe fi fo ga ge go ha he hi ho ka ke ki ko la le li lo ma me mi mo na ne ni no'.split(' ');

/** A word that no other number gives, so that no text is the copy of another by chance. */
export function wordOf(number: number): string {
  let rest = number;
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
