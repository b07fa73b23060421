import { isUtf8 } from 'node:buffer';

/** What windows-1252 has where Unicode has control characters: people who wrote `&#146;` meant an apostrophe. */
const WINDOWS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';
const BYTE_OF = new Map([...WINDOWS].map((character, index) => [character.charCodeAt(0), 0x80 + index]));

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out here
const UNCLEAN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out here
const UNCLEAN_ALL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]|\p{Surrogate}/gu;
/** How UTF-8 looks that was taken for Latin-1, or for windows-1252, and encoded once more. */
const LEAD = /[\u00c2-\u00f4]/;
const TWICE_BY_LATIN = /[\u00c2-\u00f4][\u0080-\u00bf]/y;
const TWICE_BY_WINDOWS =
  /[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]/y;

/** Text that any store takes: well-formed and without control characters. Before `from` it is known to be so. */
export function cleanText(text: string, from = 0): string {
  UNCLEAN.lastIndex = from;
  const isUnclean = UNCLEAN.test(text) || !text.isWellFormed();
  return isUnclean ? text.replace(UNCLEAN_ALL, replacement) : text;
}

function replacement(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x80 || code > 0x9f) return '';
  const meant = WINDOWS[code - 0x80] ?? '';
  return meant.charCodeAt(0) === code ? '' : meant;
}

/** Anything that the functions here may have to change: one look at clean text is enough. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out here
const SUSPECT = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00c2-\u00f4\ud800-\udfff\ufffe\uffff]/;

/** Clean text that was encoded only once. */
export function repairedText(text: string): string {
  const at = text.search(SUSPECT);
  if (at < 0) return text;
  // What is neither ASCII nor the lead of a sequence shows that the text was not encoded twice.
  const code = text.charCodeAt(at);
  const once = code < 0x80 || (code >= 0xc2 && code <= 0xf4) ? repairWindows(text) : text;
  return cleanText(once, once === text ? at : 0);
}

/** Text that was encoded as UTF-8 twice by way of Latin-1, decoded once more; other text as it is. */
export function repairLatin(text: string): string {
  return isTwice(text, TWICE_BY_LATIN) ? encodedOnce(text, NO_BYTES) : text;
}

/** The same by way of windows-1252, whose quotes and dashes are beyond Latin-1. */
export function repairWindows(text: string): string {
  return isTwice(text, TWICE_BY_WINDOWS) ? encodedOnce(text, BYTE_OF) : text;
}

/** The first is enough: where one of them is what it seems, the text as a whole is no UTF-8. */
function isTwice(text: string, pattern: RegExp): boolean {
  pattern.lastIndex = text.search(LEAD);
  return pattern.lastIndex >= 0 && pattern.test(text);
}

const NO_BYTES: ReadonlyMap<number, number> = new Map();

/**
 * The text decoded once more where every character of it fits that reading, else as it is. From the first lead on, and
 * only then from the beginning: most texts that seem to fit do not a few characters later.
 */
function encodedOnce(text: string, bytesBeyondLatin: ReadonlyMap<number, number>): string {
  const lead = text.search(LEAD);
  if (!isFitting(text, lead, text.length, bytesBeyondLatin)) return text;
  if (!isFitting(text, 0, lead, bytesBeyondLatin)) return text;
  const bytes = Buffer.allocUnsafe(text.length);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    bytes[index] = code < 0x100 ? code : (bytesBeyondLatin.get(code) ?? 0);
  }
  return isUtf8(bytes) ? new TextDecoder().decode(bytes) : text;
}

/** Whether the characters stand for bytes, continuations where such must follow and nowhere else. */
function isFitting(text: string, from: number, to: number, bytesBeyondLatin: ReadonlyMap<number, number>): boolean {
  let missing = 0;
  for (let index = from; index < to; index++) {
    const code = text.charCodeAt(index);
    const byte = code < 0x100 ? code : bytesBeyondLatin.get(code);
    if (byte === undefined || isContinuation(byte) !== missing > 0) return false;
    missing = missing > 0 ? missing - 1 : lengthOfSequence(byte) - 1;
  }
  return true;
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte < 0xc0;
}

function lengthOfSequence(lead: number): number {
  if (lead < 0xc0) return 1;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** At most `length` characters, never ending in half a surrogate pair. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
