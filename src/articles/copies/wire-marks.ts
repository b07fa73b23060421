import { readFileSync } from 'node:fs';

const MARKS: { readonly leading: readonly string[]; readonly bracketed: readonly string[] } = JSON.parse(
  readFileSync(new URL('./wire-marks.json', import.meta.url), 'utf8'),
);

const anyOf = (words: readonly string[]) => words.join('|').replaceAll(' ', '\\s+');

/** `UPDATE 2-`, `BREAKING:`, `WATCH | `; a dash must touch a word or stand between spaces, never join two. */
const LEADING = new RegExp(`^(?:${anyOf(MARKS.leading)})(?:\\s*\\d+)?\\s*(?:[-:–—|]|\\s-\\s)\\s*`, 'iu');

/** The subject in capitals that agencies put before a headline: `US STOCKS-Wall St…`. Only capitals, and no space. */
const SLUG = /^[A-Z][A-Z0-9 .&/]{2,28}-(?=["'“‘]?\p{Lu}\p{Ll})/u;

const WORDS = anyOf([...MARKS.leading, ...MARKS.bracketed]);
/** `(UPDATE 2)`, `(2nd LEAD)`, `[Video]`, `【速報】`, `<独自>`, `(1/2枚目)`, `(写真全12枚)`. */
const IN_BRACKETS = new RegExp(
  `[([{<【〔《〈［]\\s*(?:(?:\\d+(?:st|nd|rd|th)\\s+)?(?:${WORDS})\\s*\\d*|\\d+/\\d+(?:枚目?|ページ)?|写真全?\\d+枚)\\s*[)\\]}>】〕》〉］]`,
  'giu',
);

/** `… - video`, `… | Photos`. */
const TRAILING = /\s(?:[-–—|:])\s*(?:video|photos|pictures|gallery|live|動画|写真|速報)$/iu;

/** A title in NFKC without what agencies add to tell its versions apart; a title of nothing else stays as it is. */
export function stripWireMarks(title: string): string {
  let rest = title.replace(IN_BRACKETS, ' ').trim();
  for (let before = ''; before !== rest; ) {
    before = rest;
    rest = rest.replace(LEADING, '').replace(SLUG, '').replace(TRAILING, '').trim();
  }
  return /[\p{L}\p{N}]/u.test(rest) ? rest : title;
}
