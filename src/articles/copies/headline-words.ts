import { readFileSync } from 'node:fs';

const LISTS: Readonly<Record<string, readonly string[] | string>> = JSON.parse(
  readFileSync(new URL('./headline-words.json', import.meta.url), 'utf8'),
);

const setOf = (name: string): ReadonlySet<string> => new Set(LISTS[name]);

/** Words that say little about what happened. */
export const STOP_WORDS = setOf('stop');
/** Words that turn a sentence into its opposite. */
export const NEGATIONS = setOf('negations');
/** Words of which one side cannot stand for the other: shares rise, shares fall. Single characters in Japanese. */
export const UP = new Set([...setOf('up'), ...setOf('upCjk')]);
export const DOWN = new Set([...setOf('down'), ...setOf('downCjk')]);
/** Weekdays, months and quarters. */
export const DATES = setOf('dates');
