import { readFileSync } from 'node:fs';
import type { SceneName } from './scenes.ts';

interface Plot {
  readonly title: string;
  readonly text: readonly string[];
}

/** A section of the sample newsroom: what it writes about and in which form its feed comes. */
export interface Desk {
  readonly name: string;
  readonly path: string;
  readonly format: 'rss' | 'atom' | 'rdf' | 'json';
  readonly language: string;
  readonly hue: number;
  /** What its pictures show. */
  readonly scenes: readonly SceneName[];
  /** Another paper that writes about some of the same events, or prints the same text. */
  readonly rival?: string;
  /** Desks that carry some of its stories as well. */
  readonly also: readonly string[];
  readonly authors: readonly string[];
  readonly stories: readonly (Plot & { readonly retold?: Plot })[];
  /** Paragraphs that may follow any of them. */
  readonly more: readonly string[];
}

export interface Story {
  readonly id: string;
  readonly desk: Desk;
  readonly paper: string;
  /** The same event in the words of the other paper. */
  readonly retold: { readonly title: string; readonly paragraphs: readonly string[] } | undefined;
  /** Names of the desks whose feeds carry it. */
  readonly desks: readonly string[];
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly author: string;
  readonly publishedAt: Date;
  readonly updatedAt: Date;
  readonly updates: number;
}

/** The paper that the newsroom belongs to. */
export const PAPER = 'Sample News';

/** A number from 0 (included) to 1 (excluded). */
export type Random = () => number;

const read = (name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));

export const DESKS: readonly Desk[] = read('./desks.json');
const WORDS: Readonly<Record<string, readonly string[]>> = read('./words.json');

export function pick<T>(choices: readonly T[], random: Random): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new RangeError('nothing to pick from');
  return choice;
}

/** About half of the choices, in their order. */
function pickSome<T>(choices: readonly T[], random: Random): T[] {
  return choices.filter(() => random() < 0.5);
}

/** One story of the desk; `id` names it in links and guids. */
export function writeStory(desk: Desk, id: string, at: Date, random: Random): Story {
  const plot = pick(desk.stories, random);
  const words = chooseWords(random);
  const isShared = random() < 0.2;
  return {
    id,
    desk,
    paper: PAPER,
    retold: plot.retold && told(plot.retold, words),
    desks: isShared ? [desk.name, pick(desk.also, random)] : [desk.name],
    ...told({ ...plot, text: [...plot.text, ...pickSome(desk.more, random)] }, words),
    author: pick(desk.authors, random),
    publishedAt: at,
    updatedAt: at,
    updates: 1,
  };
}

function told({ title, text }: Plot, words: ReadonlyMap<string, string>) {
  return { title: fill(title, words), paragraphs: text.map((paragraph) => fill(paragraph, words)) };
}

/** What the desk's rival makes of the story: an article of its own, or a copy where it has no words of its own. */
export function rivalStory(story: Story, paper: string, id: string, at: Date): Story {
  return {
    ...story,
    ...(story.retold ?? { title: `${story.title} - ${paper}` }),
    ...{ id, paper, retold: undefined, desks: [story.desk.name], publishedAt: at, updatedAt: at },
  };
}

/** The same story with news in it, titled as papers do: `… (UPDATE 2)`. */
export function updateStory(story: Story, at: Date): Story {
  const updates = story.updates + 1;
  const addition =
    story.desk.language === 'ja' ? `【更新${updates}】詳細を追加しました。` : `Update ${updates}: details were added.`;
  return {
    ...story,
    updates,
    title: `${story.title.replace(/ \(UPDATE \d+\)$/, '')} (UPDATE ${updates})`,
    paragraphs: [...story.paragraphs, addition],
    updatedAt: at,
  };
}

const NUMBERS = { Few: [2, 9], Some: [11, 38], Number: [41, 87] } as const;

/** One word for each slot: a story speaks of the same place from its headline to its last line. */
function chooseWords(random: Random): Map<string, string> {
  const words = new Map<string, string>();
  for (const [slot, choices] of Object.entries(WORDS)) words.set(slot, pick(choices, random));
  for (const [slot, [least, most]] of Object.entries(NUMBERS)) {
    words.set(slot, String(least + Math.floor(random() * (most - least + 1))));
  }
  return words;
}

/** `{Topic}` in a headline stands as it is, `{topic}` in a sentence in lower case; names of days keep their capital. */
function fill(text: string, words: ReadonlyMap<string, string>): string {
  return text.replace(/\{((?:ja\.)?)(\w+)\}/g, (_, prefix: string, slot: string) => {
    const name = prefix + slot.charAt(0).toUpperCase() + slot.slice(1);
    const word = words.get(name) ?? '';
    const isName = name === 'Day' || prefix !== '' || slot.charAt(0) === slot.charAt(0).toUpperCase();
    return isName ? word : word.toLowerCase();
  });
}
