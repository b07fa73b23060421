/**
 * Titles that a feed makes from a pattern: "Yen steadies as Acme reports strong orders", "Wellness calendar, Aug. 23". Most of
 * their words are the same, and what differs are names or dates: each is about something else, although no two titles of
 * different papers about one event are so alike. Whoever follows an event up changes other words: what happened next
 * ("captain arrested"), or how many ("12 dead", "40 dead").
 */
import { readFileSync } from 'node:fs';
import { languageOf, termOf, tokensOf, UNSPACED, type Wording } from './terms.ts';

export interface Distinction {
  /** What the title has in the places where others of its pattern differ; undefined where there are no others. */
  readonly own: ReadonlySet<string> | undefined;
  /** What they have there. */
  readonly barred: ReadonlySet<string>;
}

const NONE: Distinction = { own: undefined, barred: new Set() };
const MAX_TOKENS = 40;
/** Of a pattern's words, those that stay. */
const LEAST_SAME = 0.44;
const LEAST_WORDS = 2;
/** Words that a name has at most. */
const MAX_SLOT = 4;
/** Of the words (characters, where there are no spaces) of two titles that are looked at more closely, those in common. */
const LEAST_ALIKE = 0.4;

const ORDINALS: ReadonlySet<string> = new Set(
  JSON.parse(readFileSync(new URL('./ordinal-words.json', import.meta.url), 'utf8')),
);
/** What stands after one of these is where, from whom or about what; never what happened next. */
const PREPOSITIONS = new Set(['about', 'at', 'by', 'for', 'from', 'in', 'into', 'near', 'of', 'on', 'over', 'with']);
const IS_NUMBER = /^[\d０-９]/;
const IS_KATAKANA = /^[\p{Script=Katakana}ー]+$/u;

/** What tells an article apart from those of `siblings`, other titles of its feeds, that are made from the same pattern. */
export function distinguish(wording: Wording, siblings: readonly string[]): Distinction {
  if (siblings.length === 0) return NONE;
  const language = languageOf(wording);
  const tokens = tokensIn(wording.title, language);
  const slots = siblings.flatMap((sibling) => slotsOf(tokens, tokensIn(sibling, language)) ?? []);
  const termsIn = (words: readonly string[]) => words.flatMap((word) => termOf(word, language) ?? []);
  const own = new Set(slots.flatMap(({ ours }) => termsIn(ours)));
  const barred = slots.flatMap(({ theirs }) => termsIn(theirs)).filter((term) => !own.has(term));
  return slots.length === 0 ? NONE : { own, barred: new Set(barred) };
}

const tokensIn = (title: string, language: string) => tokensOf(title.normalize('NFKC'), language).slice(0, MAX_TOKENS);

/** Those of `others` that may be of one pattern with the title: cheap, and spares nearly all of them being taken apart. */
export function titlesAlike(title: string, others: readonly string[]): string[] {
  const pieces = piecesOf(title);
  const known = new Set(pieces);
  return others.filter((other) => {
    if (other === title) return false;
    const theirs = piecesOf(other);
    let common = 0;
    for (const piece of theirs) if (known.has(piece)) common += 1;
    return common >= LEAST_WORDS && common >= LEAST_ALIKE * Math.max(pieces.length, theirs.length);
  });
}

const piecesOf = (title: string) => title.split(UNSPACED.test(title) ? '' : ' ');

interface Slot {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
  /** The words around it; empty at an end of the title. */
  readonly before: string;
  readonly after: string;
}

/** Where two titles of one pattern differ in what they are about; undefined where they are not of one pattern. */
function slotsOf(ours: readonly string[], theirs: readonly string[]): Slot[] | undefined {
  const same = commonPlaces(ours, theirs);
  if (same.length < LEAST_WORDS || same.length < LEAST_SAME * Math.max(ours.length, theirs.length)) return undefined;
  const slots: Slot[] = [];
  let [our, their] = [0, 0];
  for (const [ourEnd, theirEnd] of [...same, [ours.length, theirs.length] as const]) {
    const slot: Slot = {
      ours: ours.slice(our, ourEnd),
      theirs: theirs.slice(their, theirEnd),
      before: ours[our - 1] ?? '',
      after: ours[ourEnd] ?? '',
    };
    if (slot.ours.length > 0 || slot.theirs.length > 0) slots.push(slot);
    [our, their] = [ourEnd + 1, theirEnd + 1];
  }
  const isTitleCase = isInTitleCase(ours) || isInTitleCase(theirs);
  const kinds = slots.map((slot) => kindOf(slot, isTitleCase));
  if (kinds.includes('other') || !kinds.includes('subject')) return undefined;
  return slots.filter((_, index) => kinds[index] !== 'amount');
}

/** The places of a longest sequence of words that both have, in order. */
function commonPlaces(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const [lowerA, lowerB] = [a, b].map((words) => words.map((word) => word.toLowerCase())) as [string[], string[]];
  const at = commonLengths(lowerA, lowerB);
  const places: (readonly [number, number])[] = [];
  for (let [i, j] = [0, 0]; i < a.length && j < b.length; ) {
    if (lowerA[i] === lowerB[j]) places.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return places;
}

/** How long the longest sequence in common of what follows each pair of places is. */
function commonLengths(a: readonly string[], b: readonly string[]): (i: number, j: number) => number {
  const width = b.length + 1;
  const lengths = new Uint8Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] as number;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  return at;
}

/**
 * A subject is what the title is about; an amount may change as an event goes on; an ending may be what is new, or a name;
 * all else makes another sentence.
 */
function kindOf(
  { ours, theirs, before, after }: Slot,
  isTitleCase: boolean,
): 'subject' | 'amount' | 'ending' | 'other' {
  const words = [...ours, ...theirs];
  if (ours.length === 0 || theirs.length === 0 || ours.length > MAX_SLOT || theirs.length > MAX_SLOT) return 'other';
  if (words.every((word) => IS_NUMBER.test(word) || isOrdinal(word))) {
    return [...words, before, after].some(isOrdinal) ? 'subject' : 'amount';
  }
  if (words.every((word) => IS_KATAKANA.test(word))) return 'subject';
  // Where all words have a capital, or none can have one, only the place tells.
  const isPlain = isTitleCase || words.some((word) => !/\p{Script=Latin}/u.test(word));
  if (!isPlain) return areNames(words) ? 'subject' : 'other';
  return after === '' && !PREPOSITIONS.has(before.toLowerCase()) ? 'ending' : 'subject';
}

const areNames = (words: readonly string[]) =>
  words.some((word) => /^\p{Lu}/u.test(word)) && !words.some((word) => word.length > 3 && /^\p{Ll}/u.test(word));

/** What counts days, parts and editions: "day 4", "Aug. 23", "第4回". */
const isOrdinal = (word: string) => ORDINALS.has(word.toLowerCase().replace(/\.$/, ''));

function isInTitleCase(words: readonly string[]): boolean {
  const long = words.slice(1).filter((word) => word.length > 3 && /^\p{L}/u.test(word));
  return long.filter((word) => /^\p{Lu}/u.test(word)).length > 0.6 * long.length;
}
