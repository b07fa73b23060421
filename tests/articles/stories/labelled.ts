/**
 * Headlines whose events are known (tests/fixtures/stories), in a stream of other news: words that are common in papers
 * must be common here too, or every headline would look alike.
 */
import { readFileSync } from 'node:fs';
import type { StoryArticle } from '../../../src/articles/stories/assign.ts';
import { type ArticleId, newArticleId } from '../../../src/ids.ts';

const HOUR = 3_600_000;
const read = (name: string) => readFileSync(new URL(`../../fixtures/stories/${name}`, import.meta.url), 'utf8');
const COMMON: Readonly<Record<string, string>> = JSON.parse(read('common-words.json'));

export interface LabelledStream {
  /** In order of publication. */
  readonly articles: readonly StoryArticle[];
  /** Of the headlines that are known; the others are noise. */
  readonly events: ReadonlyMap<ArticleId, number>;
}

/** Pseudo-random numbers from 0 to 1, the same in each run. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

/** The events spread over `days`, the headlines of each over a day, with `noise` other articles among them. */
export function labelledStream(language: 'en' | 'ja', noise: number, start: Date, days = 6): LabelledStream {
  const random = randomFrom(7);
  const drafts: { title: string; at: number; event: number | undefined }[] = [];
  for (const [event, headlines] of readEvents(`${language}.txt`).entries()) {
    const begun = random() * (days - 1) * 24;
    for (const title of headlines) drafts.push({ title, at: begun + random() ** 2 * 24, event });
  }
  const words = (COMMON[language] ?? '').split(' ');
  for (let number = 0; number < noise; number++) {
    drafts.push({ title: noiseTitle(words, language, random), at: random() * days * 24, event: undefined });
  }
  drafts.sort((one, other) => one.at - other.at);
  const events = new Map<ArticleId, number>();
  const articles = drafts.map(({ title, at, event }, index) => {
    const publishedAt = new Date(start.getTime() + Math.round(at * HOUR));
    const id = newArticleId(publishedAt, index);
    if (event !== undefined) events.set(id, event);
    return { id, title, summary: '', language, publishedAt };
  });
  return { articles, events };
}

function readEvents(name: string): string[][] {
  return read(name)
    .split(/\n\n|\n(?=##)/)
    .map((block) => block.split('\n').filter((line) => line !== '' && !line.startsWith('#')))
    .filter((headlines) => headlines.length > 0);
}

/** Common words, the first of the list oftener, and two names that nobody else has. */
function noiseTitle(words: readonly string[], language: string, random: () => number): string {
  const chosen = Array.from({ length: 6 }, () => words[Math.floor(random() ** 1.5 * words.length)]);
  const names = Array.from({ length: 2 }, () => nameOf(random));
  return [...chosen, ...names].join(language === 'ja' ? '、' : ' ');
}

function nameOf(random: () => number): string {
  const syllables = ['ka', 'ro', 'mi', 'ten', 'sul', 'var', 'dei', 'no', 'lam', 'qui', 'bor', 'eth'];
  return Array.from({ length: 3 }, () => syllables[Math.floor(random() * syllables.length)]).join('');
}

export interface PairScore {
  /** Of all pairs put into one story, those that belong there. */
  readonly precision: number;
  /** Of all pairs that belong together, those that were put together. */
  readonly recall: number;
  readonly pairs: number;
}

/** Compares all pairs of labelled articles with the stories that they were given. */
export function scorePairs(
  events: ReadonlyMap<ArticleId, number>,
  storyOf: (id: ArticleId) => number | undefined,
): PairScore {
  let [together, right, wanted] = [0, 0, 0];
  const ids = [...events.keys()];
  for (const [index, one] of ids.entries()) {
    for (const other of ids.slice(index + 1)) {
      const isOneEvent = events.get(one) === events.get(other);
      const isOneStory = storyOf(one) !== undefined && storyOf(one) === storyOf(other);
      if (isOneEvent) wanted += 1;
      if (isOneStory) together += 1;
      if (isOneEvent && isOneStory) right += 1;
    }
  }
  return { precision: right / (together || 1), recall: right / (wanted || 1), pairs: wanted };
}
