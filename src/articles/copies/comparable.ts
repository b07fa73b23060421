import { LRUCache } from 'lru-cache';
import { cutText } from '../../feeds/parse/clean.ts';
import { DATES, STOP_WORDS } from './headline-words.ts';
import { leadOf } from './lead.ts';
import { plainWords } from './plain.ts';
import { stripPublishers } from './publishers.ts';
import { type Shingles, shinglesOf } from './shingles.ts';
import { stripWireMarks } from './wire-marks.ts';

/** An article's words, ready to be compared with another's. */
export interface Comparable {
  /** The title in NFKC, without wire marks and publishers. */
  readonly bare: string;
  /** The title in lower case, without wire marks, publishers and punctuation. */
  readonly title: string;
  /** Whether the feed cut the title off. */
  readonly isCut: boolean;
  /** The summary's beginning, likewise; empty where there is none that says more than the title. */
  readonly lead: string;
  readonly titleShingles: Shingles;
  readonly leadShingles: Shingles;
  /** Words of the title in order; characters, where it is written without spaces. */
  readonly words: readonly string[];
  /** The words that carry meaning. */
  readonly content: ReadonlySet<string>;
  /** Numbers, weekdays, months of the title: what tells today's instance of a template from yesterday's. */
  readonly numbers: ReadonlySet<string>;
  /** The numbers of the summary's beginning. */
  readonly leadNumbers: ReadonlySet<string>;
  /** Lower-case forms of the words that begin with a capital; undefined where all words of the title do. */
  readonly names: ReadonlySet<string> | undefined;
}

const CUT = /(?:…|\.\.\.)$/;
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー々〆]|[\p{L}\p{N}\p{M}.]+?(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー々〆\s]|$)/gu;
const NUMBER = /\d+(?:\.\d+)?/g;
const CJK_DATE = /[月火水木金土日]曜|午前|午後|前日|翌日|朝刊|夕刊|上旬|中旬|下旬/g;

/** `suffixes`: the endings that the titles of the article's feeds have in common. */
export function comparable(title: string, summary: string, suffixes: readonly string[] = []): Comparable {
  return comparableBare(bareTitle(title, suffixes), summary);
}

/**
 * While an article is new it is found by others again and again, and to take its words apart is most of what that costs:
 * 0.1 ms. It is here from when it is matched itself; 3 kB each.
 */
const known = new LRUCache<string, Comparable>({ max: 2000 });

/** Of a title without wire marks and publishers, as fingerprints keep it. */
export function comparableBare(bare: string, summary: string): Comparable {
  const key = `${bare}\n${summary}`;
  const again = known.get(key);
  if (again !== undefined) return again;
  const made = takeApart(bare, summary);
  known.set(key, made);
  return made;
}

function takeApart(bare: string, summary: string): Comparable {
  const plain = plainWords(bare) || bare;
  const lead = leadOf(summary, plain);
  const words = plain.match(WORD) ?? [];
  return {
    bare,
    title: plain,
    isCut: CUT.test(bare),
    lead,
    titleShingles: shinglesOf(plain),
    leadShingles: shinglesOf(lead),
    words,
    content: new Set(words.filter((word) => !STOP_WORDS.has(word))),
    numbers: new Set([
      ...(plain.match(NUMBER) ?? []),
      ...(plain.match(CJK_DATE) ?? []),
      ...words.filter((word) => DATES.has(word)),
    ]),
    leadNumbers: new Set(lead.match(NUMBER)),
    names: namesIn(bare),
  };
}

/** Longer than any headline: what follows would only cost time. */
const MAX_TITLE = 300;

/**
 * A title in NFKC without wire marks and publishers. Marks may stand outside of publishers and inside of them: `UPDATE 1-…
 * (Video) - Reuters`.
 */
export function bareTitle(title: string, suffixes: readonly string[]): string {
  // Stored, as one of a hundred in one JSON: PostgreSQL would refuse them all for half a surrogate pair.
  const marked = cutText(title, MAX_TITLE).normalize('NFKC').replace(/\s+/g, ' ').trim();
  return stripWireMarks(stripPublishers(stripWireMarks(marked), suffixes));
}

const MIN_LETTERS = 4;
const TITLE_CASE = 0.6;

function namesIn(title: string): Set<string> | undefined {
  const words = title.split(/[\s-]+/).slice(1);
  const long = words.filter((word) => word.replace(/\P{L}/gu, '').length >= MIN_LETTERS);
  const capitals = words.filter((word) => /^\P{L}*\p{Lu}/u.test(word));
  const share = long.filter((word) => capitals.includes(word)).length / Math.max(1, long.length);
  if (share >= TITLE_CASE) return undefined;
  return new Set(capitals.flatMap((word) => plainWords(word).split(' ')));
}
