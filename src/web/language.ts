import { EN, type Words } from './words/en.ts';
import { JA } from './words/ja.ts';

/** What the pages speak. */
export const LANGUAGES = ['en', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

export const WORDS: Readonly<Record<Language, Words>> = { en: EN, ja: JA };

/** The languages in their own words. */
export const AUTONYMS: Readonly<Record<Language, string>> = { en: 'English', ja: '日本語' };

/**
 * The language that a reader's browser asks for (Accept-Language, RFC 9110), English where it asks for neither. What is
 * named first wins among those of the same weight.
 */
export function preferredLanguage(accepted: string | undefined): Language {
  const wishes = (accepted ?? '')
    .toLowerCase()
    .split(',')
    .map((wish) => {
      // No expression for the spaces beside the semicolon: of 16 kB of them it would try each for a beginning.
      const [range = '', ...parameters] = wish.split(';').map((part) => part.trim());
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { language: range.split('-')[0], weight: weight === undefined ? 1 : Number(weight) || 0 };
    });
  const known = wishes
    .filter(({ weight }) => weight > 0)
    .toSorted((one, other) => other.weight - one.weight)
    .map(({ language }) => knownLanguage(language));
  return known.find((language) => language !== undefined) ?? 'en';
}

export function knownLanguage(text: unknown): Language | undefined {
  return LANGUAGES.find((language) => language === text);
}
