/** How texts are written for comparison, so that what a reader takes for the same words is the same. */

/** Kana, Han and Hangul: written without spaces, and told apart by pairs of characters. */
const CJK = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}ー々〆';
const IS_CJK = new RegExp(`[${CJK}]`, 'u');
const SPACE_AT_CJK = new RegExp(`(?<=[${CJK}]) | (?=[${CJK}])`, 'gu');

const UNITS: Readonly<Record<string, string>> = {
  k: 'thousand',
  m: 'million',
  mn: 'million',
  mln: 'million',
  mio: 'million',
  b: 'billion',
  bn: 'billion',
  bln: 'billion',
  tn: 'trillion',
  trn: 'trillion',
};

const NUMERALS: Readonly<Record<string, string>> = {
  two: '2',
  three: '3',
  four: '4',
  five: '5',
  six: '6',
  seven: '7',
  eight: '8',
  nine: '9',
  ten: '10',
  eleven: '11',
  twelve: '12',
  first: '1st',
  second: '2nd',
  third: '3rd',
  fourth: '4th',
  fifth: '5th',
};

const NUMERAL = new RegExp(`\\b(?:${Object.keys(NUMERALS).join('|')})\\b`, 'g');

export function isCjk(text: string): boolean {
  return IS_CJK.test(text);
}

/** Lower case, words and numbers only, one space between Latin words and none beside CJK; numbers in one spelling. */
export function plainWords(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/(?<=\p{Script=Latin}\p{M}*)\p{M}/gu, '')
    .normalize('NFKC')
    .toLowerCase()
    .replace(/['’‘`´]/g, '')
    .replace(/\b(\p{L})\.(?=\p{L}\b)/gu, '$1')
    .replace(/(?<=\d),(?=\d{3})/g, '')
    .replace(/%|\bper cent\b|\bpct\b|パーセント/g, ' percent ')
    .replace(/&|＆/g, ' and ')
    .replace(/(?<!\d)\.|\.(?!\d)|[^\p{L}\p{N}\p{M}.]+/gu, ' ')
    .replace(NUMERAL, (word) => NUMERALS[word] ?? word)
    .replace(/ +/g, ' ')
    .replace(/(?<=\d) ?(k|m|mn|mln|mio|b|bn|bln|tn|trn)\b/g, (_, unit: string) => ` ${UNITS[unit]}`)
    .replace(SPACE_AT_CJK, '')
    .normalize('NFC')
    .trim();
}
