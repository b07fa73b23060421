import { textOfHtml } from '../../feeds/parse/text-of-html.ts';
import type { ArticleId } from '../../ids.ts';
import { blockWord, dayOf, dayWord } from './days.ts';
import { stemWord } from './stem.ts';
import { tokensOf } from './tokens.ts';

/** What of an article can be searched for. */
export interface Searchable {
  readonly id: ArticleId;
  readonly title: string;
  readonly summary: string;
  /** HTML. */
  readonly content: string;
}

/** Positions of summary and content together. News says in its first paragraphs what it is about. */
const MAX_BODY = 1000;
/** So much of a text is looked at to find them: ten characters a word, and as much again for tags. */
const MAX_CHARACTERS = 10 * MAX_BODY;
/** Between title, summary and content, so that no phrase matches across. */
const GAP = 10;

/**
 * The words of an article as the text of a tsvector: weights A (title), B (summary) and C (content), plurals also in the
 * singular, and the time of its publication as words of its own (see days.ts).
 */
export function tsvectorOf({ id, title, summary, content }: Searchable): string {
  const places = new Map<string, string[]>();
  const add = (word: string, place: string) => {
    const known = places.get(word);
    if (known === undefined) places.set(word, [place]);
    else known.push(place);
  };
  /** Adds a text behind `start`; answers where it ends. */
  const addText = (text: string, weight: 'A' | 'B' | 'C', start: number, limit: number): number => {
    let end = start;
    for (const token of tokensOf(text, limit)) {
      end = start + token.position + 1;
      const place = `${end}${weight}`;
      add(token.text, place);
      const stem = token.kind === 'word' ? stemWord(token.text) : token.text;
      if (stem !== token.text) add(stem, place);
    }
    return end;
  };
  const body = addText(title, 'A', 0, MAX_BODY) + GAP;
  const afterSummary = addText(summary.slice(0, MAX_CHARACTERS), 'B', body, MAX_BODY);
  const left = MAX_BODY - (afterSummary - body);
  if (left > 0 && content !== '') {
    addText(textOfHtml(content.slice(0, 2 * MAX_CHARACTERS)), 'C', afterSummary + GAP, left);
  }
  const day = dayOf(id);
  const times = `'${dayWord(day)}' '${blockWord(day)}'`;
  return `${times} ${[...places].map(([word, at]) => `'${word}':${at.join(',')}`).join(' ')}`;
}
