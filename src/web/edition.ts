import { type Dates, openDates } from './dates.ts';
import { knownLanguage, LANGUAGES, type Language, preferredLanguage, WORDS } from './language.ts';
import { languageOf } from './text.ts';
import type { Words } from './words/en.ts';

/** The pages in one of their languages, as one reader gets them. */
export interface Edition {
  readonly language: Language;
  readonly words: Words;
  readonly dates: Dates;
  /** The URL names the language, and every link keeps it; else it is the one that the browser asks for. */
  readonly isChosen: boolean;
  /** A path of ours as this edition links to it. */
  href(path: string): string;
  /** The language to mark a text with; null where it is that of the edition. */
  mark(text: string, stated?: string | null): string | null;
}

/** Who asks for a page, and where. */
export interface Visit {
  readonly edition: Edition;
  /** Such as `https://news.example`. */
  readonly origin: string;
  /** Path and query, as they were asked for. */
  readonly path: string;
}

/** The editions of a site; which one a reader gets is up to `?lang=`, then to his browser's Accept-Language. */
export function openEditions(zone: string): (chosen: unknown, accepted: string | undefined) => Edition {
  const editions = LANGUAGES.flatMap((language) => {
    const dates = openDates(zone, language);
    return [true, false].map((isChosen) => editionOf(language, dates, isChosen));
  });
  return (chosen, accepted) => {
    const named = knownLanguage(chosen);
    const language = named ?? preferredLanguage(accepted);
    const found = editions.find(
      (edition) => edition.language === language && edition.isChosen === (named !== undefined),
    );
    if (found === undefined) throw new Error(`no edition in ${language}`);
    return found;
  };
}

function editionOf(language: Language, dates: Dates, isChosen: boolean): Edition {
  return {
    ...{ language, dates, isChosen },
    words: WORDS[language],
    href: (path) => (isChosen ? inLanguage(path, language) : path),
    mark: (text, stated = null) => languageOf(text, stated, language),
  };
}

/** The path with the language in its query, in the place of another one. */
export function inLanguage(path: string, language: Language): string {
  const [, before = '', query = '', hash = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/.exec(path) ?? [];
  const kept = query.split('&').filter((field) => field !== '' && !/^lang(=|$)/.test(field));
  return `${before}?${[...kept, `lang=${language}`].join('&')}${hash}`;
}
