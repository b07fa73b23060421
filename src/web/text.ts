import type { Language } from './language.ts';

const LANGUAGE = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i;

/**
 * The language to mark a text with, or null where it is the page's own. Headings are read before what the feed says: an
 * English feed with one Japanese headline must not be read aloud, or set, as English. What nothing is known of is English.
 */
export function languageOf(text: string, stated: string | null, page: Language = 'en'): string | null {
  const language = writtenIn(text, stated?.replace('_', '-') ?? '');
  return language.toLowerCase().split('-')[0] === page ? null : language;
}

function writtenIn(text: string, stated: string): string {
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return 'ja';
  if (/\p{Script=Hangul}/u.test(text)) return 'ko';
  const isStated = LANGUAGE.test(stated);
  if (/\p{Script=Han}/u.test(text)) return isStated && /^(ja|zh|ko)/i.test(stated) ? stated : 'ja';
  return isStated ? stated : 'en';
}

/** `url` where a page may link to it or show it, else null. */
export function webUrl(url: string | null): string | null {
  return url !== null && /^https?:\/\//i.test(url) && URL.canParse(url) ? url : null;
}

/** The beginning of a plain text, cut between words where the language has them. */
export function excerpt(text: string, length: number): string {
  const clean = text.replace(/\s+/g, ' ').trim();
  if (clean.length <= length) return clean;
  const cut = clean.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
  const space = cut.lastIndexOf(' ');
  return `${(space > length * 0.6 ? cut.slice(0, space) : cut).replace(/[\s,;:、。]+$/, '')}…`;
}

/**
 * Fits the headings of an article's HTML under the page's one h1: the levels it uses become h2, h3, … without gaps.
 * Only for HTML that went through the allow-list, in which `<` is never anything but the start of a tag.
 */
export function fitHeadings(html: string): string {
  const levels = [...new Set([...html.matchAll(/<h([1-6])\b/g)].map((match) => Number(match[1])))].sort();
  let above = 1;
  const open: number[] = [];
  return html.replace(/<(\/?)h([1-6])\b/g, (_, slash: string, level: string) => {
    if (slash === '/') return `</h${open.pop() ?? 2}`;
    const fitted = Math.min(levels.indexOf(Number(level)) + 2, above + 1, 6);
    above = fitted;
    open.push(fitted);
    return `<h${fitted}`;
  });
}
