/**
 * How text becomes words to search for. Scripts with spaces give their words; those without (and Korean, whose words
 * carry their particles) give each pair of neighbouring characters, so that whatever two characters somebody looks for are
 * found without a dictionary. PostgreSQL's own parser knows neither, and its dictionaries differ by installation.
 */
import { foldText } from './fold.ts';

export interface Token {
  /** Letters, digits, marks and inner dots only: it needs no escaping anywhere. */
  readonly text: string;
  /** Counted from 0. A pair stands where its first character does. */
  readonly position: number;
  /** `tail`: the last character of a run, which begins no pair: with it each character begins exactly one token. */
  readonly kind: 'word' | 'pair' | 'tail';
}

const PAIRED =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Bopomofo}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}\u30fc\u3006';
const LETTER = `(?:(?![${PAIRED}])[\\p{L}\\p{N}\\p{M}])`;
/** By turns: abbreviations (U.S.), numbers (1,000 or 3.5), words without a possessive ’s, runs of paired characters. */
const TOKEN = new RegExp(
  [
    `(?<initials>(?<!${LETTER})(?:[a-z]\\.)+[a-z](?!${LETTER})\\.?)`,
    `(?<number>\\d{1,3}(?:,\\d{3})+(?:\\.\\d+)?(?!\\d)|\\d+(?:\\.\\d+)+)`,
    `(?<word>${LETTER}+)(?:['’]s(?!${LETTER}))?`,
    // Not their symbols: Khmer has signs of the moon, Bopomofo of tones.
    `(?<run>(?:(?=[\\p{L}\\p{N}\\p{M}])[${PAIRED}])+)`,
  ].join('|'),
  'gu',
);

/** What is longer is no word, and PostgreSQL takes 2,046 bytes. */
const MAX_WORD = 100;

/** The tokens of a text in its order, the first `limit` positions of it. */
export function* tokensOf(text: string, limit = Number.POSITIVE_INFINITY): Generator<Token> {
  let position = 0;
  for (const { groups } of foldText(text).matchAll(TOKEN)) {
    if (position >= limit) return;
    if (groups?.['run'] !== undefined) {
      const characters = [...groups['run']].slice(0, limit - position);
      yield* pairsOf(characters, position);
      position += characters.length;
      continue;
    }
    const word = groups?.['word'] ?? groups?.['number']?.replaceAll(',', '') ?? groups?.['initials'] ?? '';
    const plain = groups?.['initials'] === undefined ? word : word.replaceAll('.', '');
    yield {
      text: plain.length > MAX_WORD ? [...plain].slice(0, MAX_WORD / 2).join('') : plain,
      position,
      kind: 'word',
    };
    position += 1;
  }
}

function* pairsOf(characters: readonly string[], start: number): Generator<Token> {
  for (const [index, character] of characters.entries()) {
    const next = characters[index + 1];
    yield next === undefined
      ? { text: character, position: start + index, kind: 'tail' }
      : { text: character + next, position: start + index, kind: 'pair' };
  }
}
