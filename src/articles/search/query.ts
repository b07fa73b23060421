import { stemWord } from './stem.ts';
import { type Token, tokensOf } from './tokens.ts';

/** What somebody looks for, ready for PostgreSQL. */
export interface WordQuery {
  /** A tsquery, valid whatever was typed. */
  readonly text: string;
  /**
   * The same without regard to which words stand side by side, so that it matches more. An index knows only this much: who
   * asks it for a phrase of two frequent words makes it look into each article that has both.
   */
  readonly loose: string;
  /** It matches an article without any words, as `-rain` does: no index of words can answer it. */
  readonly isOpen: boolean;
}

interface Term {
  /** Lexemes, and before each but the first how far it stands behind the one before. */
  readonly lexemes: readonly string[];
  readonly steps: readonly string[];
  readonly isNegated: boolean;
}

const MAX_LENGTH = 500;
const MAX_PIECES = 32;
/** Shorter, a beginning is taken as a word: half of all words begin with some letter. */
const MIN_PREFIX = 2;

const QUOTES = '"“”„‟«»';
const PIECE = new RegExp(`(-?)(?:[${QUOTES}]([^${QUOTES}]*)[${QUOTES}]?|([^\\s${QUOTES}|]+|\\|))`, 'gu');

/**
 * Reads what people type: words that must all occur, "a phrase", -without, this OR that, begin*. Nothing is an error; what
 * cannot be read is a word. Undefined where there is nothing to look for.
 */
export function readQuery(typed: string): WordQuery | undefined {
  const groups = groupsOf(readPieces(typed));
  if (groups.length === 0) return undefined;
  const loose = groups.filter((terms) => !terms.some((term) => term.isNegated && term.lexemes.length > 1));
  return {
    text: joined(groups, ({ lexemes, steps }) =>
      lexemes.map((lexeme, index) => (steps[index] ?? '') + lexeme).join(''),
    ),
    loose: joined(loose, ({ lexemes }) => lexemes.join(' & ')),
    isOpen: groups.every((terms) => terms.some(({ isNegated }) => isNegated)),
  };
}

/** The terms in their order, and `or` where the next is an alternative to the last. */
function readPieces(typed: string): (Term | 'or')[] {
  const pieces: (Term | 'or')[] = [];
  for (const [, minus, phrase, piece = ''] of typed.slice(0, MAX_LENGTH).normalize('NFKC').matchAll(PIECE)) {
    if (piece === 'OR' || piece === '|') pieces.push('or');
    if (['OR', 'AND'].includes(piece)) continue;
    const term = termOf(phrase ?? piece, piece.endsWith('*'));
    if (term.lexemes.length > 0) pieces.push({ ...term, isNegated: minus === '-' });
  }
  return pieces.slice(0, MAX_PIECES);
}

/** Groups that must all hold, each of alternatives: OR binds closer than what is left unsaid. */
function groupsOf(pieces: readonly (Term | 'or')[]): Term[][] {
  const groups: Term[][] = [];
  for (const [index, piece] of pieces.entries()) {
    if (piece === 'or') continue;
    const last = pieces[index - 1] === 'or' ? groups.at(-1) : undefined;
    if (last === undefined) groups.push([piece]);
    else last.push(piece);
  }
  return groups;
}

function joined(groups: readonly Term[][], textOf: (term: Term) => string): string {
  const written = (term: Term) => `${term.isNegated ? '!' : ''}(${textOf(term)})`;
  return groups.map((terms) => `(${terms.map(written).join(' | ')})`).join(' & ');
}

/** One piece of the text: its tokens at their distances, because `covid-19` is written as one. */
function termOf(piece: string, isPrefix: boolean): Pick<Term, 'lexemes' | 'steps'> {
  const tokens = coverOf([...tokensOf(piece)]);
  const last = tokens.length - 1;
  const at = (index: number) => tokens[index]?.position ?? 0;
  return {
    lexemes: tokens.map((token, index) => lexeme(token, isPrefix && index === last)),
    steps: tokens.map((_, index) => (index === 0 ? '' : ` <${at(index) - at(index - 1)}> `)),
  };
}

function lexeme({ text, kind }: Token, isPrefix: boolean): string {
  // A character that stands alone is looked for as the beginning of a pair, or as what a run ends with.
  if (kind === 'tail') return `'${text}':*`;
  if (kind === 'pair') return `'${text}'`;
  return isPrefix && text.length >= MIN_PREFIX ? `'${text}':*` : `'${stemWord(text)}'`;
}

/** Fewest tokens that say the same: of a run every second pair and the last, which holds the tail. */
function coverOf(tokens: readonly Token[]): readonly Token[] {
  let start = 0;
  return tokens.filter((token, index) => {
    const isFirst = tokens[index - 1]?.kind !== 'pair';
    if (token.kind !== 'pair') return token.kind === 'word' || isFirst;
    if (isFirst) start = token.position;
    return (token.position - start) % 2 === 0 || tokens[index + 1]?.kind === 'tail';
  });
}
