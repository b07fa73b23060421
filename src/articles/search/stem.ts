/** They end in s and are no plurals, or their singular is another word. */
const WHOLE = new Set([
  'news',
  'series',
  'species',
  'texas',
  'wales',
  'mars',
  'paris',
  'always',
  'this',
  'does',
  'goes',
]);

/**
 * The singular of an English word (Harman's S stemmer: ies → y, es → e, s → nothing). No more than that: endings such as
 * -ing and -ed, cut by rule, bring words together that readers tell apart, and other languages pass through here as well.
 */
export function stemWord(word: string): string {
  if (word.length < 4 || !word.endsWith('s') || WHOLE.has(word)) return word;
  if (/(?:us|ss|is)$/.test(word)) return word;
  if (/[^ae]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (/(?:ss|sh|ch|x|z)es$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}
