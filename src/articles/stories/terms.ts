/**
 * What an article is about, as words: the terms by which stories are told apart. Each carries its language (`en:ferri`), so
 * that every language has frequencies and an index of its own.
 */
import { readFileSync } from 'node:fs';
import { LRUCache } from 'lru-cache';

/** How often each term occurs, the title counting double. */
export type Terms = ReadonlyMap<string, number>;

export interface Wording {
  readonly title: string;
  readonly summary: string;
  readonly language: string | null;
}

const TITLE_WEIGHT = 2;
const SUMMARY_LENGTH = 400;
/** A word that a summary repeats says little more than one that it has twice. */
const MAX_COUNT = 4;
const MAX_TERM_LENGTH = 40;

const STOP_WORDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries<string>(JSON.parse(readFileSync(new URL('./stop-words.json', import.meta.url), 'utf8'))).map(
    ([language, words]) => [language, new Set(words.split(' '))],
  ),
);

/** Scripts that are written without spaces between words. */
export const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/u;
const HANGUL = /\p{Script=Hangul}/u;
const HAN = /\p{Script=Han}/u;
const LATIN = /\p{Script=Latin}/u;
const WORD = /[\p{L}\p{N}\p{M}]+(?:[.,'’][\p{L}\p{N}\p{M}]+)*/gu;

/** The language whose terms a text has: what its script says before what its feed says, which is often a default. */
export function languageOf({ title, summary, language }: Wording): string {
  const text = `${title} ${summary.slice(0, SUMMARY_LENGTH)}`;
  if (KANA.test(text)) return 'ja';
  if (HANGUL.test(text)) return 'ko';
  const stated = /^[a-z]{2,3}(?![a-z])/i.exec(language ?? '')?.[0].toLowerCase();
  if (HAN.test(text)) return stated === 'ja' || stated === 'zh' ? stated : 'ja';
  // Of the feeds that name no language, most are English.
  return stated ?? (LATIN.test(text) ? 'en' : 'und');
}

export function termsOf(wording: Wording): Terms {
  const language = languageOf(wording);
  const counts = new Map<string, number>();
  const add = (text: string, weight: number) => {
    for (const term of termsIn(text, language)) {
      counts.set(term, Math.min(MAX_COUNT, (counts.get(term) ?? 0) + weight));
    }
  };
  add(wording.title, TITLE_WEIGHT);
  add(wording.summary.slice(0, SUMMARY_LENGTH), 1);
  return counts;
}

/** Whether the term begins as a number does: `en:100`, `en:3x8`. */
export function isNumber(term: string): boolean {
  const first = term.charCodeAt(term.indexOf(':') + 1);
  return first >= 48 && first <= 57;
}

function termsIn(text: string, language: string): string[] {
  const terms: string[] = [];
  for (const token of tokensOf(text.normalize('NFKC').toLowerCase(), language)) {
    const term = termOfLower(token, language);
    if (term !== undefined) terms.push(term);
  }
  return terms;
}

/** All words of a text in NFKC, as they are written. */
export function tokensOf(plain: string, language: string): readonly string[] {
  return UNSPACED.test(plain) ? segment(plain, language) : (plain.match(WORD) ?? []);
}

/** The term that a word stands for; undefined for one that says nothing. */
export function termOf(token: string, language: string): string | undefined {
  return termOfLower(token.toLowerCase(), language);
}

/**
 * Half of the words of a text are among the last few thousand, and a look at one takes eight regular expressions. Kept are
 * the terms themselves: as the very same string, one is found in a map without being hashed and compared again.
 */
const known = new LRUCache<string, string>({ max: 10_000 });

function termOfLower(token: string, language: string): string | undefined {
  const key = `${language}:${token}`;
  let term = known.get(key);
  if (term === undefined) {
    const word = takeWord(token, language);
    term = word === undefined ? '' : `${language}:${word}`;
    known.set(key, term);
  }
  return term === '' ? undefined : term;
}

function takeWord(token: string, language: string): string | undefined {
  const word = bare(token);
  if (word.length > MAX_TERM_LENGTH || isFiller(word) || STOP_WORDS.get(language)?.has(word)) return undefined;
  return language === 'en' ? stem(word) : word;
}

const segmenters = new Map<string, Intl.Segmenter>();

function segment(text: string, language: string): string[] {
  let segmenter = segmenters.get(language);
  if (segmenter === undefined) {
    segmenter = new Intl.Segmenter(language, { granularity: 'word' });
    segmenters.set(language, segmenter);
  }
  const words: string[] = [];
  for (const { segment: word, isWordLike } of segmenter.segment(text)) if (isWordLike === true) words.push(word);
  return words;
}

/** `fed's` is fed, `u.s` is us, `1,000` is 1000; `5.2` stays. */
function bare(token: string): string {
  if (/^\d/.test(token)) return token.replaceAll(',', '');
  return token.replace(/['’]s$/, '').replace(/[.,'’]/g, '');
}

/** Single letters and digits, and the short words of kana alone that hold Japanese sentences together. */
function isFiller(word: string): boolean {
  return word.length === 0 || /^[\p{Script=Latin}\p{N}]$/u.test(word) || /^\p{Script=Hiragana}{1,2}$/u.test(word);
}

/** `kills`, `killed` and `killing` are one term; which word comes out does not matter, as long as it is the same. */
function stem(word: string): string {
  if (word.length < 4) return word;
  return word
    .replace(/(?<=[a-z]{3})(?:ies|ied|y)$/, 'i')
    .replace(/(?<=[a-z]{3})(?:ings?|ed|es|(?<![su])s|e)$/, '')
    .replace(/([bdgmnprt])\1$/, '$1');
}
